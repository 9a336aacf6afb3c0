// Package chain relates certificates and CRLs: who issued whom, by name, key
// identifier and signature, and what a CRL covers and revokes. It states facts,
// with a third value for what cannot be checked here, and holds no opinion on
// whether a chain is good.
package chain

import (
	"bytes"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain/signature"
	"github.com/storewarden/storewarden/certs/decode"
)

// Link relates something signed to the certificate that may have signed it.
type Link struct {
	// Name is whether the issuer's name equals the CA's subject, byte for byte.
	Name bool
	// KeyID is whether the authority key identifier, as far as there is one,
	// names the CA's key identifier and serial: false is a CA that was re-keyed.
	KeyID bool
	// Signature is checked only when Name holds; Unverifiable otherwise.
	Signature certs.Signature
}

// OK reports whether name and key identifier fit and the signature verifies.
func (l Link) OK() bool { return l.Name && l.KeyID && l.Signature == certs.Valid }

// Checker remembers signatures by the digests of the pair. It is safe for
// concurrent use.
type Checker struct {
	known *lru.Cache[pair, certs.Signature]
}

// pair is the SHA-256 of what was signed and of the CA.
type pair struct{ signed, ca string }

// New makes a checker that remembers size pairs, or one if size is less.
func New(size int) *Checker {
	known, err := lru.New[pair, certs.Signature](max(size, 1))
	if err != nil {
		panic("chain: " + err.Error()) // only a size below 1 fails
	}
	return &Checker{known}
}

// Issued relates a certificate to the one that may have issued it.
func (c *Checker) Issued(child, ca *certs.Certificate) Link { return c.link(ofCertificate(child), ca) }

// Covers relates a CRL to the CA that may have issued it.
func (c *Checker) Covers(crl *certs.CRL, ca *certs.Certificate) Link { return c.link(ofCRL(crl), ca) }

// Fit is how well the certificates at hand answer for the issuer of another.
type Fit string

// The closed list, best first.
const (
	Found    Fit = "found"     // one of them may have issued it
	Invalid  Fit = "invalid"   // one has the name and the key identifier, but did not sign it
	OtherKey Fit = "other-key" // one has the name, but is another generation of it
	Absent   Fit = "absent"    // none has the name
)

// Fit relates a certificate to one that may have issued it. A signature that
// cannot be checked is believed: an issuer that is there must not be taken for
// none.
func (l Link) Fit() Fit {
	switch {
	case !l.Name:
		return Absent
	case !l.KeyID:
		return OtherKey
	case l.Signature == certs.Invalid:
		return Invalid
	}
	return Found
}

// Revoked lists those of a pool that a CRL of their own issuer lists, by their
// place in the pool, and since when. It reads the CRL once, however long that
// is and however many are asked about.
func Revoked(crl *certs.CRL, pool []*certs.Certificate) map[int]time.Time {
	wanted := map[string][]int{}
	for i, c := range pool {
		if bytes.Equal(crl.RawIssuer, c.RawIssuer) {
			serial := string(c.RawSerial)
			wanted[serial] = append(wanted[serial], i)
		}
	}
	out := map[int]time.Time{}
	if len(wanted) == 0 {
		return out
	}
	for serial, at := range decode.Entries(crl) {
		for _, i := range wanted[string(serial)] {
			if _, twice := out[i]; !twice {
				out[i] = at
			}
		}
	}
	return out
}

// signed is what certificates and CRLs have in common.
type signed struct {
	issuer        []byte
	keyID, serial string
	algorithm     string
	sha256        string
	message       []byte
	value         []byte
}

func ofCertificate(c *certs.Certificate) signed {
	return signed{
		issuer: c.RawIssuer, keyID: c.AuthorityKeyID, serial: c.AuthoritySerial,
		algorithm: c.SignatureAlgorithm, sha256: c.SHA256, message: c.RawTBS, value: c.SignatureValue,
	}
}

func ofCRL(l *certs.CRL) signed {
	return signed{
		issuer: l.RawIssuer, keyID: l.AuthorityKeyID, serial: l.AuthoritySerial,
		algorithm: l.SignatureAlgorithm, sha256: l.SHA256, message: l.RawTBS, value: l.SignatureValue,
	}
}

func (c *Checker) link(s signed, ca *certs.Certificate) Link {
	l := Link{Name: bytes.Equal(s.issuer, ca.RawSubject), KeyID: names(s, ca), Signature: certs.Unverifiable}
	if !l.Name {
		return l
	}
	if s.sha256 == "" || ca.SHA256 == "" {
		l.Signature = s.by(ca) // not of decode's making: nothing to remember it by
		return l
	}
	of := pair{signed: s.sha256, ca: ca.SHA256}
	known, ok := c.known.Get(of)
	if !ok {
		known = s.by(ca)
		c.known.Add(of, known)
	}
	l.Signature = known
	return l
}

// names takes an absent identifier for a fit: many devices write none.
func names(s signed, ca *certs.Certificate) bool {
	fits := func(wanted, has string) bool { return wanted == "" || has == "" || wanted == has }
	return fits(s.keyID, ca.SubjectKeyID) && fits(s.serial, ca.Serial)
}

func (s signed) by(ca *certs.Certificate) certs.Signature {
	return signature.Check(s.algorithm, ca.PublicKey, s.message, s.value)
}
