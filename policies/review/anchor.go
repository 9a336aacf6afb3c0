package review

import (
	"context"
	"slices"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/input"
)

// loseAnchors looks for certificates of the issuer list that lead to a CA which
// an update takes out of the trust list, and to nothing that stays in it. What
// goes is read from the Secret, where the last sync put it.
func (c *casefile) loseAnchors(ctx context.Context) {
	old := c.req.Old
	if old == nil || old.Sync == nil || c.subject.Sync == nil || c.role != store.RoleTrust {
		return
	}
	gone := c.taken(ctx, old.Sync)
	if len(gone) == 0 {
		return
	}
	var stay, issuers []*certs.Certificate
	for _, x := range c.certs {
		if x.own {
			stay = append(stay, x.cert)
		} else {
			issuers = append(issuers, x.cert)
		}
	}
	for i := range c.own {
		if c.items[i].entry.State != input.Decoded {
			return // it may be the anchor
		}
	}
	if len(issuers)+len(stay) > maxAnchored {
		return
	}
	vouched := map[string]bool{} // what a trusted leaf stands below
	for _, t := range stay {
		for _, ca := range c.above(t, issuers) {
			vouched[ca.SHA256] = true
		}
	}
	for _, x := range issuers {
		line := c.above(x, issuers)
		if vouched[x.SHA256] || c.endsIn(line, stay) {
			continue
		}
		for _, g := range gone {
			if c.endsIn(line, []*certs.Certificate{g.cert}) {
				c.sync.Anchored, c.sync.Anchor = append(c.sync.Anchored, x.Subject), g.key
				break
			}
		}
	}
	slices.Sort(c.sync.Anchored)
	c.sync.Anchored = slices.Compact(c.sync.Anchored)
}

// maxAnchored bounds the work that a warning is worth.
const maxAnchored = 200

// leaving is a CA that an update takes away.
type leaving struct {
	key  string
	cert *certs.Certificate
}

// taken are the CAs under the keys that old mapped and the subject does not.
func (c *casefile) taken(ctx context.Context, old *store.SecretSync) []leaving {
	var keys []string
	for _, m := range old.Mappings {
		if !slices.ContainsFunc(c.subject.Sync.Mappings, func(n store.Mapping) bool { return n.TargetKey == m.TargetKey }) {
			keys = append(keys, m.TargetKey)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	o, err := c.req.Peers.Get(ctx, store.KindSecret, c.subject.ID.Namespace, c.subject.ID.Name)
	if err != nil || o.Secret == nil {
		return nil
	}
	slices.Sort(keys)
	var gone []leaving
	for _, key := range keys {
		b, _ := c.bundle(o.Secret.Data[key])
		for _, x := range b.Certificates {
			if x.IsCA {
				gone = append(gone, leaving{key, x})
			}
		}
	}
	return gone
}

// above is a certificate and those of the pool that stand above it, directly or
// through others.
func (c *casefile) above(from *certs.Certificate, pool []*certs.Certificate) []*certs.Certificate {
	line := []*certs.Certificate{from}
	seen := map[string]bool{from.SHA256: true}
	for i := 0; i < len(line); i++ {
		for _, ca := range pool {
			if !seen[ca.SHA256] && c.issued(line[i], ca) {
				seen[ca.SHA256] = true
				line = append(line, ca)
			}
		}
	}
	return line
}

// endsIn reports whether one of the line is one of the anchors or issued by it.
func (c *casefile) endsIn(line, anchors []*certs.Certificate) bool {
	return slices.ContainsFunc(line, func(x *certs.Certificate) bool {
		return slices.ContainsFunc(anchors, func(a *certs.Certificate) bool {
			return a.SHA256 == x.SHA256 || c.issued(x, a)
		})
	})
}

// issued believes a signature that cannot be checked: a chain that is there must
// not be taken for none.
func (c *casefile) issued(child, ca *certs.Certificate) bool {
	link := c.r.chain.Issued(child, ca)
	return link.Name && link.Signature != certs.Invalid
}
