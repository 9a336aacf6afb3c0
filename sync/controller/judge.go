package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/plan"
)

// values reads what the store does not hold yet.
func (c *Controller) values(g *gathering, a plan.Actual) error {
	for i := range g.wishes {
		w := &g.wishes[i]
		if w.Digest == "" || w.Value != nil || a.Data[w.Key] != nil && plan.Digest(a.Data[w.Key]) == w.Digest {
			continue
		}
		if w.Value = wholeOf(w.bundle, w.Digest); w.Value != nil {
			continue
		}
		secret, err := c.opt.Values.Get(g.waiting, w.ref)
		if err != nil {
			var e *vault.Error
			if !errors.As(err, &e) {
				return fmt.Errorf("read vault secret %s: %w", w.ref, err)
			}
			g.note(err)
			w.Digest, w.Trouble, w.Message = "", string(e.Reason), fmt.Sprintf("vault secret %s: %s", w.ref, e.Message)
			continue
		}
		raw, err := decode.Outer(secret.Value.Reveal(), w.enc)
		if err != nil || plan.Digest(raw) != w.Digest {
			w.Digest, w.Trouble, w.Message = "", troubleUndecodable, fmt.Sprintf("vault secret %s is not what it was a moment ago; it is looked at again", w.ref)
			continue
		}
		w.Value = raw
	}
	return nil
}

// wholeOf is the value where a certificate or CRL in DER is all of it: facts hold those,
// and the vault need not be asked.
func wholeOf(b *certs.Bundle, digest string) store.Value {
	if b == nil {
		return nil
	}
	for _, c := range b.Certificates {
		if plan.Digest(c.Raw) == digest {
			return c.Raw
		}
	}
	for _, l := range b.CRLs {
		if plan.Digest(l.Raw) == digest {
			return l.Raw
		}
	}
	return nil
}

// judge plans, has the judge see what would result, and plans again without what it
// refuses, until nothing of ours is refused.
func (c *Controller) judge(ctx context.Context, o *Outlook, g *gathering) error {
	wishes := make([]plan.Wish, len(g.wishes))
	for i, w := range g.wishes {
		wishes[i] = w.Wish
	}
	opt := plan.Options{Role: o.role, Prune: g.declared.PrunePolicy == store.PruneDelete, AllowShrink: g.declared.AllowShrink,
		Needed: g.needed(ctx, o.actual), Refused: map[string][]string{}}
	if len(g.unseen) > 0 {
		opt.NoRemoval = g.unseen[0]
	}
	for {
		o.Ready = Condition{}
		o.Plan = plan.New(wishes, o.actual, opt)
		v, err := c.review(ctx, o, g, o.Plan.Proposed(o.actual))
		if err != nil {
			return err
		}
		effect := verdict.Enforce(v, verdict.Change{Door: verdict.Sync, Actor: verdict.Syncer, Mode: verdict.ModeQuarantine, Create: !o.actual.Exists})
		again := false
		for _, f := range append(effect.Hold, effect.Deny...) {
			switch {
			case f.Entry != "":
				if c.refuse(o, opt.Refused, f) {
					o.Held = append(o.Held, f)
					again = true
				}
			case o.Plan.Write:
				stood, err := c.stood(ctx, o, g, f)
				if err != nil {
					return err
				}
				if !stood {
					o.Ready = Condition{Status: metav1.ConditionFalse, Reason: reasonRefused, Message: fmt.Sprintf("%s: %s. Fix: %s", f.Code, f.Message, f.Remedy)}
				}
			}
		}
		if !again {
			c.learnVerdict(o, g, v)
			return nil
		}
	}
}

// refuse holds what a finding denies: the changed entries that change together with
// the one it is about, be that the key beside a new certificate. What stands there
// already stays, whatever is said of it.
func (c *Controller) refuse(o *Outlook, refused map[string][]string, f verdict.Finding) (any bool) {
	for _, key := range slices.Concat(o.Plan.Add, o.Plan.Change) {
		if o.role.Unit(key) == o.role.Unit(f.Entry) && !slices.Contains(refused[key], f.Code) {
			refused[key] = append(refused[key], f.Code)
			any = true
		}
	}
	return any
}

// stood reports whether what is said of the whole Secret is said of it as it stands:
// to write nothing would not mend it.
func (c *Controller) stood(ctx context.Context, o *Outlook, g *gathering, f verdict.Finding) (bool, error) {
	if !o.actual.Exists {
		return false, nil
	}
	v, err := c.review(ctx, o, g, o.actual.Data)
	return slices.ContainsFunc(v.Findings, func(old verdict.Finding) bool { return old.Code == f.Code && old.Entry == "" }), err
}

// review has the judge see the Secret with some data.
func (c *Controller) review(ctx context.Context, o *Outlook, g *gathering, data map[string]store.Value) (verdict.Verdict, error) {
	secret := &store.Secret{Type: "Opaque", Data: data}
	for key := range data {
		secret.Keys = append(secret.Keys, key)
	}
	slices.Sort(secret.Keys)
	subject := &store.Object{ID: store.ID{APIVersion: "v1", Kind: store.KindSecret, Namespace: g.ns, Name: g.declared.SecretName},
		Labels: map[string]string{store.StoreLabel: string(o.role)}, Secret: secret}
	req := review.Request{Operation: review.Create, Subject: subject, Peers: c.opt.Peers, Now: c.opt.Now()}
	if o.actual.Exists {
		req.Operation = review.Update
		old := &store.Secret{Type: "Opaque", Data: o.actual.Data}
		for key := range o.actual.Data {
			old.Keys = append(old.Keys, key)
		}
		slices.Sort(old.Keys)
		req.Old = &store.Object{ID: subject.ID, Labels: subject.Labels, Secret: old}
	}
	v, err := c.opt.Judge.Review(ctx, req)
	if err != nil {
		return v, fmt.Errorf("judge Secret %s/%s: %w", g.ns, g.declared.SecretName, err)
	}
	return v, nil
}
