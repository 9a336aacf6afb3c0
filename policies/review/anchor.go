package review

import (
	"context"
	"slices"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain"
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
	all := slices.Concat(issuers, stay)
	stays := c.anchored(all, func(at int) bool { return at >= len(issuers) })
	for _, g := range gone {
		hung := c.anchored(append(all, g.cert), func(at int) bool { return at == len(all) })
		for i, x := range issuers {
			if hung[i] && !stays[i] {
				c.sync.Anchored, c.sync.Anchor = append(c.sync.Anchored, x.Subject), g.key
			}
		}
	}
	slices.Sort(c.sync.Anchored)
	c.sync.Anchored = slices.Compact(c.sync.Anchored)
}

// anchored tells which certificates are of use to those that are trusted: the
// same, above one of them, or below one.
func (c *casefile) anchored(all []*certs.Certificate, trusted func(at int) bool) []bool {
	pool := chain.NewPool(all)
	out := make([]bool, len(all))
	thumbprints := map[string]bool{}
	for i, x := range all {
		if trusted(i) {
			thumbprints[x.SHA256] = true
			for _, at := range c.r.chain.Above(x, pool) {
				out[at] = true
			}
		}
	}
	for i, x := range all {
		out[i] = out[i] || thumbprints[x.SHA256] || slices.ContainsFunc(c.r.chain.Above(x, pool),
			func(at int) bool { return thumbprints[all[at].SHA256] })
	}
	return out
}

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
