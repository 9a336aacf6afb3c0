package controller

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/sync/plan"
)

// chained is the source of what chainPolicy adds.
const chained = "chain"

// candidate is a vault secret with a CA or a CRL in it.
type candidate struct {
	ref    vault.Ref
	facts  *warm.Facts
	enc    decode.Encoding
	bundle *certs.Bundle
}

// chain adds what the vault holds for what is trusted: to an issuer list the issuers
// of the trust list's certificates and of its own, up to the root; to either list the
// CRLs of the CAs in it.
func (g *gathering) chain(ctx context.Context, class *store.SecretProviderClass) {
	var issuers, crls []candidate
	all, err := g.list(ctx, class)
	if err != nil {
		g.unseen = append(g.unseen, fmt.Sprintf("chainPolicy: %v", err))
		return
	}
	var refs []vault.Ref
	for _, p := range all {
		if p.Enabled {
			refs = append(refs, g.refIn(class, g.declared.Vault.ServiceAccount, p.Name, ""))
		}
	}
	for i, a := range g.look(refs) {
		if a.Err != nil {
			g.unseen = append(g.unseen, fmt.Sprintf("chainPolicy: vault secret %s could not be seen", refs[i]))
			continue
		}
		enc := a.Facts.Encoding("")
		d := a.Facts.As(enc)
		c := candidate{refs[i], a.Facts, enc, &d.Bundle}
		switch b := &d.Bundle; {
		case d.Mismatch != "" || len(b.Keys) > 0 || b.Format != certs.FormatDER:
		case len(b.Certificates) == 1 && len(b.CRLs) == 0 && b.Certificates[0].IsCA:
			issuers = append(issuers, c)
		case len(b.CRLs) == 1 && len(b.Certificates) == 0:
			crls = append(crls, c)
		}
	}
	held := g.held()
	if g.declared.Role == store.RoleIssuer {
		below, err := g.inStores(ctx, store.RoleTrust, store.RoleClient)
		if err != nil {
			g.unseen = append(g.unseen, fmt.Sprintf("chainPolicy: %v", err))
		}
		queue := append(below, held...)
		for len(queue) > 0 {
			x := queue[0]
			queue = queue[1:]
			for _, c := range issuers {
				ca := c.bundle.Certificates[0]
				if x.SelfIssued || !issued(ca, x.RawIssuer, x.AuthorityKeyID) || g.holds(c.bundle.SHA256) {
					continue
				}
				g.add(c)
				held, queue = append(held, ca), append(queue, ca)
			}
		}
	}
	for _, c := range crls {
		l := c.bundle.CRLs[0]
		for _, ca := range held {
			if issued(ca, l.RawIssuer, l.AuthorityKeyID) && !g.holds(c.bundle.SHA256) {
				g.add(c)
			}
		}
	}
}

// issued reports whether a CA may have issued what names an issuer: by the name, and
// by the key's identifier where both tell it. The judge checks the signature.
func issued(ca *certs.Certificate, rawIssuer []byte, keyID string) bool {
	return bytes.Equal(ca.RawSubject, rawIssuer) && (keyID == "" || ca.SubjectKeyID == "" || keyID == ca.SubjectKeyID)
}

func (g *gathering) add(c candidate) {
	ref := c.ref
	ref.Version = c.facts.Version
	g.wishes = append(g.wishes, wish{Wish: plan.Wish{Key: store.DerivedKey(c.ref.Name, c.bundle), Source: chained, Digest: c.bundle.SHA256, VaultVersion: c.facts.Version},
		ref: ref, enc: c.enc, bundle: c.bundle})
}

func (g *gathering) holds(digest string) bool {
	for _, w := range g.wishes {
		if w.Digest == digest {
			return true
		}
	}
	return false
}

// held are the certificates that the sources ask for.
func (g *gathering) held() []*certs.Certificate {
	var out []*certs.Certificate
	for _, w := range g.wishes {
		if w.bundle != nil {
			out = append(out, w.bundle.Certificates...)
		}
	}
	return out
}

// needed reports, of keys that no source names any more, whether something in the
// stores still chains to the CA under it, and to no other that stays.
func (g *gathering) needed(ctx context.Context, a plan.Actual) func(stays map[string]store.Value) func(key string) bool {
	below := sync.OnceValues(func() ([]*certs.Certificate, error) { return g.below(ctx, a) }) // most passes remove nothing
	return func(stays map[string]store.Value) func(key string) bool { return chainedTo(below, a, stays) }
}

// chainedTo is needed, for what a plan has stay: a successor that is held back or was not
// seen covers nothing.
func chainedTo(below func() ([]*certs.Certificate, error), a plan.Actual, stays map[string]store.Value) func(key string) bool {
	var staying []*certs.Certificate
	for _, v := range stays {
		b := decode.Bytes(v)
		staying = append(staying, b.Certificates...)
	}
	covered := func(x *certs.Certificate) bool {
		return slices.ContainsFunc(staying, func(ca *certs.Certificate) bool {
			return ca.IsCA && ca.SHA256 != x.SHA256 && issued(ca, x.RawIssuer, x.AuthorityKeyID)
		})
	}
	return func(key string) bool {
		b := decode.Bytes(a.Data[key])
		all, err := below()
		return slices.ContainsFunc(b.Certificates, func(ca *certs.Certificate) bool {
			return ca.IsCA && (err != nil || slices.ContainsFunc(all, func(x *certs.Certificate) bool {
				return x.SHA256 != ca.SHA256 && !x.SelfIssued && !covered(x) && issued(ca, x.RawIssuer, x.AuthorityKeyID)
			}))
		})
	}
}

// below are the certificates of this store and of those that go with it.
func (g *gathering) below(ctx context.Context, a plan.Actual) ([]*certs.Certificate, error) {
	var out []*certs.Certificate
	for _, v := range a.Data {
		b := decode.Bytes(v)
		out = append(out, b.Certificates...)
	}
	others, err := g.inStores(ctx, store.RoleTrust, store.RoleIssuer, store.RoleClient)
	return append(out, others...), err
}

// declaredElsewhere reports whether another ConnectorStore fills a Secret.
func (g *gathering) declaredElsewhere(secretName string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range g.rivals[g.ns].all {
		if o.secretName == secretName {
			return true
		}
	}
	return false
}

// inStores are the certificates of the namespace's other stores of the roles. With an
// error they are not all.
func (g *gathering) inStores(ctx context.Context, roles ...store.Role) (out []*certs.Certificate, unread error) {
	for _, role := range roles {
		name := g.opt.Inventory.NameOf(g.ns, role)
		if name == "" || name == g.declared.SecretName {
			continue
		}
		o, err := g.opt.Peers.Get(ctx, store.KindSecret, g.ns, name)
		switch {
		case err != nil && !errors.Is(err, store.ErrNotFound):
			unread = fmt.Errorf("Secret %s could not be read", name)
		case err != nil && g.declaredElsewhere(name):
			unread = fmt.Errorf("Secret %s is declared and is not there", name)
		}
		if err != nil || o.Secret == nil {
			continue // a list that is not there yet holds nothing
		}
		for _, v := range o.Secret.Data {
			b := decode.Bytes(v)
			out = append(out, b.Certificates...)
		}
	}
	return out, unread
}
