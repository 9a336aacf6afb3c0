package review

import (
	"slices"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/input"
)

// unseen is the state of an issuer or anchor that may be among what was not seen.
const unseen = "unseen"

// link relates the subject's certificates to their issuers in the connector's
// lists, and those of the issuer list to what the trust list anchors them in.
func (c *casefile) link() {
	if c.subject.Sync == nil && c.subject.Secret == nil || !isOPCUA(c.role) {
		return
	}
	partly := c.partlyUnseen()
	for i := range c.certs {
		x := &c.certs[i]
		if !x.own || x.cert.SelfIssued {
			continue
		}
		fit, at := c.r.chain.Issuers(x.cert, c.pool)
		if x.fact.IssuerState = string(fit); fit != chain.Found && partly {
			x.fact.IssuerState = unseen
		}
		if len(at) > 0 {
			x.fact.IssuerKey = c.certs[at[0]].item.place()
		}
		c.bound(x)
	}
	if c.role == store.RoleIssuer {
		c.anchor(partly)
	}
}

func isOPCUA(r store.Role) bool {
	return r == store.RoleTrust || r == store.RoleIssuer || r == store.RoleClient
}

// partlyUnseen reports whether an issuer may be among what was not seen.
func (c *casefile) partlyUnseen() bool {
	return c.trust.state == siblingUnseen || c.issuers.state == siblingUnseen ||
		slices.ContainsFunc(c.items, func(it item) bool { return it.entry.State != input.Decoded })
}

// bound looks for a CA above a certificate that limits what may stand below it.
// Where there are two ways up, one of them may be free, and nothing is said.
func (c *casefile) bound(x *certFact) {
	var line []*certs.Certificate
	var places []int
	for at := x.cert; !at.SelfIssued && len(line) < len(c.certs); {
		fit, issuers := c.r.chain.Issuers(at, c.pool)
		if fit != chain.Found || len(issuers) != 1 {
			break
		}
		places = append(places, issuers[0])
		at = c.certs[issuers[0]].cert
		line = append(line, at)
	}
	if x.cert.IsCA {
		if i := chain.TooLong(x.cert, line); i >= 0 {
			x.fact.TooLongFor = c.certs[places[i]].item.place()
		}
	}
	if i := chain.Misnamed(x.cert, line); i >= 0 {
		x.fact.MisnamedFor = c.certs[places[i]].item.place()
	}
}

// anchor finds out which of the issuer list the trust list makes use of.
func (c *casefile) anchor(partly bool) {
	all := make([]*certs.Certificate, len(c.certs))
	for i := range c.certs {
		all[i] = c.certs[i].cert
	}
	found := c.anchored(all, func(at int) bool { return c.certs[at].item.entry.Role == string(store.RoleTrust) })
	for i := range c.certs {
		x := &c.certs[i]
		switch {
		case !x.own:
		case found[i]:
			x.fact.AnchorState = string(chain.Found)
		case partly:
			x.fact.AnchorState = unseen
		default:
			x.fact.AnchorState = string(chain.Absent)
		}
	}
}
