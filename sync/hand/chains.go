package hand

import (
	"slices"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain"
	"github.com/storewarden/storewarden/certs/store"
)

// held is one certificate or CRL of the connector's lists.
type held struct {
	place Place
	cert  *certs.Certificate
	crl   *certs.CRL
}

// held lists what the stores of the connector for OPC UA hold: it looks for issuers in
// them alone. Without leaves places out.
func (v *view) held(without func(store, key string) bool) []held {
	var out []held
	for _, s := range v.stores {
		if s.role != store.RoleTrust && s.role != store.RoleIssuer {
			continue
		}
		for _, key := range s.keys() {
			if b := s.bundles[key]; b != nil && !without(s.name, key) {
				for _, c := range b.Certificates {
					out = append(out, held{place: Place{s.name, key, c.Subject, c.SHA256}, cert: c})
				}
				for _, l := range b.CRLs {
					out = append(out, held{place: Place{s.name, key, l.Issuer, l.SHA256}, crl: l})
				}
			}
		}
	}
	return out
}

// chainOf follows an entry's first certificate, or its CRL, to what stands above it.
func (h *Hand) chainOf(v *view, s *seen, key string, without func(store, key string) bool) Chain {
	out := Chain{Above: []Place{}, CRLs: []Place{}, NoCRL: []string{}}
	b := s.bundles[key]
	if b == nil || len(b.Certificates)+len(b.CRLs) == 0 {
		return out
	}
	all := v.held(without)
	var places []Place
	var pool []*certs.Certificate
	for _, x := range all {
		if x.cert != nil {
			pool, places = append(pool, x.cert), append(places, x.place)
		}
	}
	index := chain.NewPool(pool)
	if len(b.Certificates) == 0 {
		return h.chainOfCRL(out, b.CRLs[0], index, places)
	}
	at, line := b.Certificates[0], []*certs.Certificate{}
	for !at.SelfIssued && len(line) < len(pool) {
		fit, issuers := h.chain.Issuers(at, index)
		if fit != chain.Found || slices.Contains(line, pool[issuers[0]]) {
			out.Missing = at.Issuer
			break
		}
		at = pool[issuers[0]]
		line = append(line, at)
		out.Above = append(out.Above, places[issuers[0]])
	}
	out.Complete = at.SelfIssued
	if at.IsCA && b.Certificates[0] == at {
		line = append(line, at) // a CA's own CRL is what it is asked for
	}
	for _, ca := range line {
		found := false
		for _, x := range all {
			if x.crl != nil && h.chain.Covers(x.crl, ca).OK() {
				out.CRLs, found = append(out.CRLs, x.place), true
			}
		}
		if !found {
			out.NoCRL = append(out.NoCRL, ca.Subject)
		}
	}
	return out
}

func (h *Hand) chainOfCRL(out Chain, l *certs.CRL, index chain.Pool, places []Place) Chain {
	for _, c := range h.chain.Signers(l, index) {
		if c.Fit() == chain.Found {
			out.Above = append(out.Above, places[c.At])
		}
	}
	if out.Complete = len(out.Above) > 0; !out.Complete {
		out.Missing = l.Issuer
	}
	return out
}

// whole leaves nothing out.
func whole(string, string) bool { return false }
