package hand

import (
	"context"
	"fmt"
	"slices"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/verdict"
)

// depend finds out what would break: what names a key, what chains to it, and what the one
// judge denies of the rest of the namespace without the keys that it allows with them.
func (r *removing) depend(ctx context.Context) error {
	for _, u := range r.p.Store.Users {
		if slices.Contains(r.req.Keys, u.Key) {
			r.breaks("U-03", u.Kind+" "+u.Name, fmt.Sprintf("%s refers to key %s", u.Field, u.Key), "Change that reference first.")
		}
		if r.world.gone(store.KindSecretSync, r.v.namespace, r.s.name) && u.Key == "" {
			r.breaks("SS-30", u.Kind+" "+u.Name, u.Field+" refers to the store, which goes with its last key", "Change that reference first.")
		}
	}
	r.chains()
	for _, kind := range []string{store.KindDevice, store.KindConnectorTemplate, store.KindSecretSync, store.KindConnectorStore, store.KindSecret} {
		all, err := r.candidates(ctx, kind)
		if err != nil {
			return err
		}
		for _, o := range all {
			found, err := r.h.newly(ctx, r.v.judge, r.v.judge, o, r.v.peers, r.world)
			if err != nil {
				return err
			}
			for _, f := range found {
				if f.Severity == verdict.Deny {
					r.breaks(f.Code, o.ID.String()+" "+f.Field, f.Message, f.Remedy)
				} else {
					r.p.warn(f.Code, o.ID.String()+" "+f.Field, f.Message, f.Remedy)
				}
			}
		}
	}
	if r.req.Force {
		r.p.warn("", r.s.name, "what depends on it is broken all the same: "+r.req.Reason, "")
	}
	return nil
}

// chains looks for entries whose line of issuers was complete and will not be.
func (r *removing) chains() {
	goes := func(name, key string) bool { return name == r.s.name && slices.Contains(r.req.Keys, key) }
	for _, s := range r.v.stores {
		for _, key := range s.keys() {
			if goes(s.name, key) || !r.h.chainOf(r.v, s, key, whole).Complete || s.bundles[key] == nil {
				continue
			}
			if after := r.h.chainOf(r.v, s, key, goes); !after.Complete {
				r.breaks("", s.name+" "+store.DataField(key), fmt.Sprintf("its issuer %s would be in no list any more", after.Missing), "Remove that one first, or keep the issuer.")
			}
		}
	}
}

// candidates are the objects of a kind that the change may reach. What a list's own
// SecretSync says is said of its Secret once more, and is left out there.
func (r *removing) candidates(ctx context.Context, kind string) ([]*store.Object, error) {
	if kind != store.KindSecret {
		all, err := r.v.peers.List(ctx, kind, r.v.namespace)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind, err)
		}
		return all, nil
	}
	var out []*store.Object
	for _, s := range r.v.stores {
		if s.secret != nil && s.sync == nil {
			out = append(out, s.secret)
		}
	}
	return out, nil
}

// breaks is a refusal, or with force a warning.
func (r *removing) breaks(code, about, text, remedy string) {
	if r.req.Force {
		r.p.warn(code, about, text, remedy)
		return
	}
	r.p.refuse(code, about, text, remedy+" Or say --force with a --reason.")
}
