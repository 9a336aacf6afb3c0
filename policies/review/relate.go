package review

import (
	"crypto/rsa"
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
	all := make([]*certs.Certificate, len(c.certs))
	partners := map[string]int{} // the first certificate of a stem, by place
	for i, x := range c.certs {
		all[i] = x.cert
		stem := x.item.list + "/" + x.item.entry.Stem
		if _, taken := partners[stem]; !taken {
			partners[stem] = i
		}
	}
	c.pool = chain.NewPool(all)
	for i := range c.crls {
		c.relateCRL(&c.crls[i], all, partners)
	}
}

// relateCRL relates a CRL to its CA, to the certificate of its stem, and to what
// it lists.
func (c *casefile) relateCRL(l *crlFact, all []*certs.Certificate, partners map[string]int) {
	signers := c.r.chain.Signers(l.crl, c.pool)
	if at, ok := partners[l.item.list+"/"+l.item.entry.Stem]; ok && strings.EqualFold(l.item.entry.Ext, ".crl") {
		l.fact.CA, l.fact.Signature = c.certs[at].item.entry.Key, string(certs.Unverifiable)
		for _, s := range signers {
			if s.At == at {
				l.fact.IssuerMatches, l.fact.Signature = true, string(s.Signature)
			}
		}
	}
	signed, beside := false, false
	for _, s := range signers {
		x := &c.certs[s.At]
		sameList := x.item.list == l.item.list
		signed = signed || s.Signature != certs.Invalid
		if !x.cert.IsCA || s.Signature == certs.Invalid {
			continue
		}
		x.fact.Covered = x.fact.Covered || sameList && s.OK()
		if beside = beside || sameList; l.fact.CAElsewhere == "" {
			l.fact.CAElsewhere = x.item.place()
		}
	}
	if beside {
		l.fact.CAElsewhere = ""
	}
	// A CRL may not speak when a certificate of its issuer is at hand and none of
	// them signed it, for then the connector ignores it.
	if signed || len(signers) == 0 {
		c.revoke(l, all)
	}
}

// revoke marks what a CRL lists.
func (c *casefile) revoke(l *crlFact, all []*certs.Certificate) {
	revoked := chain.Revoked(l.crl, all)
	for i := range c.certs { // in their order, not the map's
		x := &c.certs[i]
		if _, ok := revoked[i]; !ok {
			continue
		}
		x.fact.RevokedBy = append(x.fact.RevokedBy, l.item.place())
		if x.item.entry.Role == string(store.RoleTrust) {
			l.fact.Revokes = append(l.fact.Revokes, x.item.place())
		}
	}
}

func certificate(x *certs.Certificate, e input.Entry) input.Certificate {
	return input.Certificate{
		Entry: e.ID, Role: e.Role, NotBefore: unix(x.NotBefore), NotAfter: unix(x.NotAfter),
		Version: x.Version, BasicConstraints: x.HasBasicConstraint, CA: x.IsCA,
		SelfIssued: x.SelfIssued, SelfSignature: string(x.SelfSignature), Application: len(x.URIs) > 0, EndEntity: !x.IsCA || len(x.URIs) > 0,
		KeyAlgorithm: x.KeyAlgorithm, KeyBits: x.KeyBits, KeyCurve: x.KeyCurve, SignatureHash: x.SignatureHash,
		HasKeyUsage: x.HasKeyUsage, KeyUsage: orEmpty(x.KeyUsage), ExtKeyUsage: orEmpty(x.ExtKeyUsage),
		Subject: x.Subject, Issuer: x.Issuer, URIs: orEmpty(x.URIs),
		RevokedBy: []string{}, Elsewhere: []string{}, StrictParseError: x.StrictParseError, Oddity: x.Oddity,
		RSAExponent: exponent(x), CommonName: x.CommonName, Wildcards: wildcards(x), ValidDays: validDays(x),
	}
}

func validDays(x *certs.Certificate) int {
	if x.NotBefore.IsZero() || x.NotAfter.IsZero() {
		return 0
	}
	return int(x.NotAfter.Sub(x.NotBefore) / (24 * time.Hour))
}

func wildcards(x *certs.Certificate) []string {
	found := []string{}
	for _, name := range x.DNSNames {
		if strings.Contains(name, "*") {
			found = append(found, name)
		}
	}
	return found
}

func exponent(x *certs.Certificate) int {
	if key, ok := x.PublicKey.(*rsa.PublicKey); ok {
		return key.E
	}
	return 0
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
	for _, x := range c.r.opt.Exceptions {
		if x.about(c.subject.ID.Namespace, c.subject.ID.Name) {
			consider(x.Until)
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

// suits reports whether a content is in the form that is read under its key.
func suits(e *input.Entry) bool {
	certificates := e.Content.Kind == string(certs.KindCertificate) || e.Content.Kind == string(certs.KindCertificateBundle)
	der, pem := e.Content.Format == string(certs.FormatDER), e.Content.Format == string(certs.FormatPEM)
	ext := strings.ToLower(e.Ext)
	switch store.Role(e.Role) {
	case store.RoleTrust, store.RoleIssuer:
		return ext == ".der" && certificates && der || ext == ".crt" && certificates && pem ||
			ext == ".crl" && e.Content.Kind == string(certs.KindCRL) && der
	case store.RoleClient:
		key := e.Content.Kind == string(certs.KindPrivateKey) || e.Content.Kind == string(certs.KindCertificateWithKey)
		return ext == ".der" && certificates && der || ext == ".pem" && key && pem
	case store.RoleTLSTrust:
		return certificates && pem
	}
	return false
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
