// Package chain relates certificates and CRLs: who issued whom, by name, key
// identifier and signature, and what a CRL covers and revokes. It states facts,
// with a third value for what cannot be checked here, and holds no opinion on
// whether a chain is good.
package chain

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/storewarden/storewarden/certs"
)

// Signature is whether one key signed something.
type Signature string

// The closed list. Unverifiable is an algorithm or a form that cannot be checked
// here; it is never called invalid.
const (
	Valid        Signature = "valid"
	Invalid      Signature = "invalid"
	Unverifiable Signature = "unverifiable"
)

// Link relates something signed to the certificate that may have signed it.
type Link struct {
	// Name is whether the issuer's name equals the CA's subject, byte for byte.
	Name bool
	// KeyID is whether the authority key identifier, where there is one, is the
	// CA's.
	KeyID bool
	// Signature is checked only when Name holds; Unverifiable otherwise.
	Signature Signature
}

// OK reports whether name and key identifier fit and the signature verifies.
func (l Link) OK() bool { return l.Name && l.KeyID && l.Signature == Valid }

// Checker remembers signatures by the digests of the pair. It is safe for
// concurrent use.
type Checker struct {
	known *lru.Cache[[2][32]byte, Signature]
}

// New makes a checker that remembers size pairs.
func New(size int) *Checker {
	known, err := lru.New[[2][32]byte, Signature](max(size, 1))
	if err != nil {
		panic("chain: " + err.Error()) // only a size below 1 fails
	}
	return &Checker{known}
}

// Issued relates a certificate to the one that may have issued it.
func (c *Checker) Issued(child, ca *certs.Certificate) Link {
	l := Link{Name: bytes.Equal(child.RawIssuer, ca.RawSubject), KeyID: true, Signature: Unverifiable}
	if child.X509 == nil || ca.X509 == nil {
		return l
	}
	l.KeyID = keyIDFits(child.X509.AuthorityKeyId, ca.X509.SubjectKeyId)
	if l.Name {
		l.Signature = c.signature(child.Raw, ca, func() Signature {
			return Verify(ca.X509, child.X509.RawTBSCertificate, child.X509.Signature, child.X509.SignatureAlgorithm)
		})
	}
	return l
}

// Covers relates a CRL to the CA that may have issued it.
func (c *Checker) Covers(crl *certs.CRL, ca *certs.Certificate) Link {
	l := Link{Name: bytes.Equal(crl.RawIssuer, ca.RawSubject), KeyID: true, Signature: Unverifiable}
	if crl.X509 == nil || ca.X509 == nil {
		return l
	}
	l.KeyID = keyIDFits(crl.X509.AuthorityKeyId, ca.X509.SubjectKeyId)
	if l.Name {
		l.Signature = c.signature(crl.Raw, ca, func() Signature {
			return Verify(ca.X509, crl.X509.RawTBSRevocationList, crl.X509.Signature, crl.X509.SignatureAlgorithm)
		})
	}
	return l
}

// Issuers lists those of a pool that issued the certificate.
func (c *Checker) Issuers(child *certs.Certificate, pool []*certs.Certificate) []*certs.Certificate {
	var out []*certs.Certificate
	for _, ca := range pool {
		if c.Issued(child, ca).OK() {
			out = append(out, ca)
		}
	}
	return out
}

func (c *Checker) signature(signed []byte, ca *certs.Certificate, verify func() Signature) Signature {
	key := [2][32]byte{sha256.Sum256(signed), sha256.Sum256(ca.Raw)}
	if s, ok := c.known.Get(key); ok {
		return s
	}
	s := verify()
	c.known.Add(key, s)
	return s
}

// keyIDFits takes an absent identifier for a fit: many devices write none.
func keyIDFits(authority, subject []byte) bool {
	return len(authority) == 0 || len(subject) == 0 || bytes.Equal(authority, subject)
}

// Revokes tells since when a CRL lists a certificate of its own issuer.
func Revokes(crl *certs.CRL, cert *certs.Certificate) (since time.Time, ok bool) {
	if !bytes.Equal(crl.RawIssuer, cert.RawIssuer) {
		return time.Time{}, false
	}
	since, ok = crl.RevokedAt[cert.Serial]
	return since, ok
}

// weak algorithms that crypto/x509 refuses to verify: whether they are good
// enough is a rule's question, whether the signature fits is a fact.
var weak = map[x509.SignatureAlgorithm]bool{x509.SHA1WithRSA: true, x509.ECDSAWithSHA1: true, x509.MD5WithRSA: true}

// Verify checks one signature over signed bytes with a certificate's key,
// whether or not that certificate may sign.
func Verify(signer *x509.Certificate, signed, signature []byte, algorithm x509.SignatureAlgorithm) Signature {
	if signer.PublicKey == nil || algorithm == x509.UnknownSignatureAlgorithm {
		return Unverifiable
	}
	if weak[algorithm] {
		return verifyWeak(signer.PublicKey, signed, signature, algorithm)
	}
	err := signer.CheckSignature(algorithm, signed, signature)
	switch {
	case err == nil:
		return Valid
	case !fits(signer, algorithm):
		return Invalid // an RSA signature by an EC key is none
	case isUnverifiable(err):
		return Unverifiable
	}
	return Invalid
}
