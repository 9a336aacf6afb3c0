package review

import (
	"slices"
	"strings"
	"time"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/verdict"
)

// certFact is a certificate with what relates it to its store.
type certFact struct {
	cert *certs.Certificate
	item *item
	own  bool // of the subject, not of the sibling list
	fact input.Certificate
}

type crlFact struct {
	crl  *certs.CRL
	item *item
	own  bool
	fact input.CRL
}

// relate collects the certificates and CRLs of known stores and relates them:
// which CA a CRL covers, and which certificate it revokes.
func (c *casefile) relate() {
	for i := range c.items {
		it := &c.items[i]
		if it.bundle == nil || it.entry.Role == "" {
			continue // of an unknown store only structure and decoding are judged
		}
		own := i < c.own
		for _, x := range it.bundle.Certificates {
			c.certs = append(c.certs, certFact{cert: x, item: it, own: own, fact: certificate(x, it.entry)})
		}
		for _, l := range it.bundle.CRLs {
			c.crls = append(c.crls, crlFact{crl: l, item: it, own: own, fact: list(l, it.entry)})
		}
	}
	for i := range c.crls {
		c.relateCRL(&c.crls[i])
	}
}

func (c *casefile) relateCRL(l *crlFact) {
	believed := c.believe(l)
	for i := range c.certs {
		x := &c.certs[i]
		sameList := x.item.list == l.item.list
		if sameList && x.item.entry.Stem == l.item.entry.Stem && strings.EqualFold(l.item.entry.Ext, ".crl") && l.fact.CA == "" {
			link := c.r.chain.Covers(l.crl, x.cert)
			l.fact.CA, l.fact.IssuerMatches, l.fact.Signature = x.item.entry.Key, link.Name, string(link.Signature)
		}
		if sameList && x.cert.IsCA && !x.fact.Covered {
			x.fact.Covered = c.r.chain.Covers(l.crl, x.cert).OK()
		}
	}
	if believed {
		c.revoke(l)
	}
}

// revoke marks what a CRL lists.
func (c *casefile) revoke(l *crlFact) {
	pool := make([]*certs.Certificate, len(c.certs))
	for i := range c.certs {
		pool[i] = c.certs[i].cert
	}
	revoked := chain.Revoked(l.crl, pool)
	for i := range c.certs { // in their order, not the map's
		x := &c.certs[i]
		if _, ok := revoked[i]; !ok {
			continue
		}
		x.fact.RevokedBy = append(x.fact.RevokedBy, l.item.list+"/"+l.item.entry.Key)
		if x.item.entry.Role == string(store.RoleTrust) {
			l.fact.Revokes = append(l.fact.Revokes, x.item.list+"/"+x.item.entry.Key)
		}
	}
}

// believe reports whether a CRL may speak: not when a certificate of its issuer
// is at hand and none of them signed it, for then the connector ignores it.
func (c *casefile) believe(l *crlFact) bool {
	named := false
	for i := range c.certs {
		link := c.r.chain.Covers(l.crl, c.certs[i].cert)
		if link.Name && link.Signature != certs.Invalid {
			return true
		}
		named = named || link.Name
	}
	return !named
}

func certificate(x *certs.Certificate, e input.Entry) input.Certificate {
	return input.Certificate{
		Entry: e.ID, Role: e.Role, NotBefore: unix(x.NotBefore), NotAfter: unix(x.NotAfter),
		Version: x.Version, BasicConstraints: x.HasBasicConstraint, CA: x.IsCA,
		SelfIssued: x.SelfIssued, SelfSignature: string(x.SelfSignature), Application: len(x.URIs) > 0,
		KeyAlgorithm: x.KeyAlgorithm, KeyBits: x.KeyBits, KeyCurve: x.KeyCurve, SignatureHash: x.SignatureHash,
		HasKeyUsage: x.HasKeyUsage, KeyUsage: orEmpty(x.KeyUsage), ExtKeyUsage: orEmpty(x.ExtKeyUsage),
		Subject: x.Subject, Issuer: x.Issuer, URIs: orEmpty(x.URIs),
		RevokedBy: []string{}, Elsewhere: []string{}, StrictParseError: x.StrictParseError, Oddity: x.Oddity,
	}
}

func list(l *certs.CRL, e input.Entry) input.CRL {
	return input.CRL{Entry: e.ID, Role: e.Role, ThisUpdate: unix(l.ThisUpdate), NextUpdate: unix(l.NextUpdate), Version: l.Version,
		Delta: l.Delta, Indirect: l.Indirect, Partial: l.Partial, Revokes: []string{}, StrictParseError: l.StrictParseError, Oddity: l.Oddity}
}

// unix is 0 for a time that is absent or could not be read.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// privateKeys relates each private key to the certificate of its stem.
func (c *casefile) privateKeys() []input.Key {
	keys := []input.Key{}
	for i := range c.own {
		it := &c.items[i]
		if it.bundle == nil || it.entry.Role == "" {
			continue
		}
		for _, k := range it.bundle.Keys {
			if !k.Private {
				continue
			}
			fact := input.Key{Entry: it.entry.ID, Role: it.entry.Role, Algorithm: k.Algorithm, Encrypted: k.Encrypted, Readable: k.PublicKeyID != ""}
			for j := range c.certs {
				x := &c.certs[j]
				if x.own && x.item.entry.Stem == it.entry.Stem {
					fact.Certificate = x.item.entry.Key
					fact.Matches = fact.Matches || (fact.Readable && x.cert.PublicKeyID == k.PublicKeyID)
					// An unusual way to write the public key must not pass for another key.
					fact.Readable = fact.Readable && (fact.Matches || x.cert.PublicKey != nil && x.cert.StrictParseError == "")
				}
			}
			keys = append(keys, fact)
		}
	}
	return keys
}

// skewLimit is up to where a certificate that is not yet valid may be a matter
// of clocks.
const skewLimit = 24 * time.Hour

// nextChange is the next moment at which time alone may change the verdict.
func (c *casefile) nextChange() time.Time {
	var next time.Time
	consider := func(t time.Time) {
		if t.After(c.req.Now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, x := range c.certs {
		consider(x.cert.NotBefore.Add(-skewLimit))
		consider(x.cert.NotBefore)
		consider(x.cert.NotAfter.Add(-c.r.opt.ExpiryWarning))
		consider(x.cert.NotAfter.Add(time.Second)) // the last second is still valid
	}
	for i := range c.own {
		if v := c.items[i].entry.Vault; v.Expires != 0 {
			consider(time.Unix(v.Expires, 0).UTC().Add(-c.r.opt.ExpiryWarning))
			consider(time.Unix(v.Expires+1, 0).UTC())
		}
		if v := c.items[i].entry.Vault; v.NotBefore != 0 {
			consider(time.Unix(v.NotBefore, 0).UTC())
		}
	}
	for _, l := range c.crls {
		consider(l.crl.ThisUpdate)
		if !l.crl.NextUpdate.IsZero() {
			consider(l.crl.NextUpdate.Add(time.Second))
		}
	}
	return next
}

// ends lists when the subject's certificates and CRLs end.
func (c *casefile) ends() []verdict.End {
	var out []verdict.End
	end := func(kind, name, thumbprint string, it *item, at time.Time) {
		out = append(out, verdict.End{Kind: kind, Subject: printable(name), Entry: it.id(), Field: it.entry.Field,
			VaultRef: it.entry.Vault.Ref, Fingerprint: thumbprint, Time: at})
	}
	for _, x := range c.certs {
		if x.own {
			end("certificate", x.cert.Subject, x.cert.SHA256, x.item, x.cert.NotAfter)
		}
	}
	for _, l := range c.crls {
		if l.own && !l.crl.NextUpdate.IsZero() {
			end("crl", l.crl.Issuer, l.crl.SHA256, l.item, l.crl.NextUpdate)
		}
	}
	return out
}

// content describes a bundle for the rules.
func content(b *certs.Bundle) input.Content {
	out := input.Content{Kind: string(b.Kind), Format: string(b.Format), What: what(b), Certificates: len(b.Certificates),
		CRLs: len(b.CRLs), Trailing: b.Trailing, Size: b.Size, Problems: []string{}}
	if b.Wrapped != nil {
		out.Layers = strings.Join(b.Wrapped.Encodings, " of ")
	}
	for _, k := range b.Keys {
		if k.Private {
			if out.PrivateKeys++; out.PrivateKeys == 1 {
				out.KeyAlgorithm, out.Locked = k.Algorithm, k.Encrypted
			}
		}
	}
	for _, p := range b.Problems {
		if !slices.Contains(out.Problems, string(p.Reason)) {
			out.Problems = append(out.Problems, string(p.Reason))
		}
	}
	return out
}

// words name each kind as a person would.
var words = map[certs.Kind]string{
	certs.KindCertificate:        "certificate",
	certs.KindCertificateBundle:  "bundle of several certificates",
	certs.KindCRL:                "CRL",
	certs.KindPrivateKey:         "private key",
	certs.KindCertificateWithKey: "certificate with its private key",
	certs.KindPublicKey:          "public key",
	certs.KindCSR:                "certificate request",
	certs.KindPKCS12:             "PKCS#12 file",
	certs.KindPKCS7:              "PKCS#7 file",
}

func what(b *certs.Bundle) string {
	switch b.Kind {
	case certs.KindText:
		return "plain text"
	case certs.KindEmpty:
		return "nothing"
	case certs.KindUnknown:
		return "bytes that nothing here can read"
	}
	format := strings.ToUpper(string(b.Format))
	if b.Format == certs.FormatNone || b.Kind == certs.KindPKCS12 {
		return "a " + words[b.Kind]
	}
	return "a " + format + " " + words[b.Kind]
}

// title is a role in words, for messages.
func title(r store.Role) string {
	switch r {
	case store.RoleTrust:
		return "trust list"
	case store.RoleIssuer:
		return "issuer list"
	case store.RoleClient:
		return "client store"
	case store.RoleTLSTrust:
		return "TLS trust list"
	case store.RoleDeviceCredential:
		return "device credential"
	}
	return "Secret"
}
