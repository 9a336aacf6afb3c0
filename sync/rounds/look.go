package rounds

import (
	"context"
	"errors"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
)

// namespaces are all with a store.
func namespaces(v store.Inventory) []string {
	all := slices.Clone(v.Namespaces)
	for _, s := range v.Stores {
		all = append(all, s.Namespace)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// look judges what is in a namespace. Secrets are read by name alone: those that are
// stores by their names, by the configuration or by a ConnectorStore. Of the Secrets
// that other SecretSyncs make the SecretSync is judged, and no right to read them is
// asked for.
func (r *Rounds) look(ctx context.Context, ns string, now time.Time, round *Round) {
	lost := r.opt.Peers.Lost(ns)
	for _, source := range slices.Sorted(maps.Keys(lost)) {
		round.Unread = append(round.Unread, Unread{Kind: "Watch", Namespace: ns, Name: source, Err: lost[source]})
	}
	var names []string
	for _, s := range r.opt.Inventory.Stores {
		if s.Namespace == ns {
			names = append(names, s.Name)
		}
	}
	if r.opt.Inventory.Guards(ns) {
		names = append(names, store.ReservedNames()...)
		for _, kind := range []string{store.KindSecretProviderClass, store.KindSecretSync, store.KindConnectorStore} {
			found, err := r.opt.Peers.List(ctx, kind, ns)
			if err != nil {
				round.Unread = append(round.Unread, Unread{Kind: kind, Namespace: ns, Err: err})
				continue
			}
			for _, o := range found {
				if o.Declared != nil {
					names = append(names, o.Declared.SecretName)
				}
				r.judge(ctx, o, now, round)
			}
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		o, err := r.opt.Peers.Get(ctx, store.KindSecret, ns, name)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			round.Unread = append(round.Unread, Unread{store.KindSecret, ns, name, err})
		default:
			r.judge(ctx, o, now, round)
		}
	}
}

// judge has one object judged. It contains a panic: one object is not all.
func (r *Rounds) judge(ctx context.Context, o *store.Object, now time.Time, round *Round) {
	unread := func(err error) {
		round.Unread = append(round.Unread, Unread{o.ID.Kind, o.ID.Namespace, o.ID.Name, err})
	}
	defer func() {
		if recover() != nil { // its value may quote what was decoded
			r.opt.Log.Error("a review panicked", "namespace", o.ID.Namespace, "stack", string(debug.Stack()))
			unread(errors.New("storewarden met a defect of its own"))
		}
	}()
	if o.Deleting || ctx.Err() != nil {
		return
	}
	v, err := r.opt.Judge.Review(ctx, review.Request{Operation: review.Audit, Subject: o, Peers: r.opt.Peers, Now: now})
	if err != nil {
		unread(err)
		return
	}
	round.Seen = append(round.Seen, Seen{o, v})
}
