// Package certtest is a certificate authority for tests and for the demo: it
// issues any certificate and any CRL, with any defect, valid at any time. The
// DER is built by hand, because crypto/x509 rightly refuses to create most of
// what a checker has to recognise. Everything is a pure function of its
// options: keys are derived from their names, signatures and salts are
// deterministic, the clock is an argument; so the same options give the same
// bytes in every run, and golden files may hold fingerprints. For the same
// reason no key made here is a secret.
package certtest

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// Epoch is the time at which certificates are issued when Options.Now is zero.
func Epoch() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }

// TB is the part of testing.TB that Must needs; the package works without it.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Must turns a result and its error into a result or a failed test:
//
//	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA"}))(t)
func Must[T any](v T, err error) func(TB) T {
	return func(tb TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// BasicConstraints is the basicConstraints extension of a certificate.
type BasicConstraints int

// ConstraintsByRole is CA:TRUE for NewCA and IssueCA, and CA:FALSE otherwise.
const (
	ConstraintsByRole BasicConstraints = iota
	CATrue
	CAFalse
	NoConstraints // the extension is absent
)

// Options describe a certificate. The zero value is a sound version 3
// certificate with an empty subject, a P-256 key and a year to live; every
// field that is set makes it differ from that.
type Options struct {
	CommonName   string // with Organization empty too, the subject is empty
	Organization string
	RawSubject   []byte // DER of a Name, instead of the two
	RawIssuer    []byte // DER of a Name, instead of the issuer's subject

	Key     KeyType // P256 when empty
	KeyName string  // which key of that type; CommonName when empty. Another name is another key.
	// RawPublicKey is the DER of a SubjectPublicKeyInfo instead of the key's own.
	RawPublicKey []byte

	Now       time.Time // the issuer's when zero, or Epoch
	NotBefore time.Time // a day before Now when zero
	NotAfter  time.Time // a year after Now when zero

	Serial  *big.Int // may be zero or negative; derived from the other options when nil
	Version int      // 3 when 0; 1 and 2 carry no extensions

	Constraints BasicConstraints
	PathLen     *int // absent when nil

	KeyUsage      x509.KeyUsage // by role when 0
	NoKeyUsage    bool
	ExtKeyUsage   []x509.ExtKeyUsage // serverAuth and clientAuth for a leaf when nil
	NoExtKeyUsage bool

	URIs, DNSNames, IPAddresses []string // written as they are, valid or not; IP addresses must parse

	SubjectKeyID   []byte // SHA-1 of the public key when nil
	NoSubjectKeyID bool
	// AuthorityKeyID is the issuer's SubjectKeyID when nil; another value is a
	// CA that was re-keyed. AuthoritySerial adds the form with name and serial.
	AuthorityKeyID   []byte
	NoAuthorityKeyID bool
	AuthoritySerial  *big.Int

	Extensions []pkix.Extension // appended; a second one of the same id is a duplicate

	Hash crypto.Hash // SHA256 when 0; SHA1 and MD5 too
	// RawSignatureAlgorithm is the DER of an AlgorithmIdentifier instead of the
	// one that tells the truth.
	RawSignatureAlgorithm []byte
	BadSignature          bool // the last bit of the signature is flipped
}

// Cert is an issued certificate and its key.
type Cert struct {
	DER    []byte
	Key    *Key
	Issuer *Cert // nil when self-signed
	Serial *big.Int

	now          time.Time
	subject      []byte // DER
	subjectKeyID []byte
}

// NewCA issues a self-signed certificate authority.
func NewCA(o Options) (*Cert, error) { return issue(nil, o, true) }

// SelfSigned issues a self-signed leaf, as most OPC UA servers have.
func SelfSigned(o Options) (*Cert, error) { return issue(nil, o, false) }

// Issue issues a leaf under c, whether c may issue or not.
func (c *Cert) Issue(o Options) (*Cert, error) { return issue(c, o, false) }

// IssueCA issues an intermediate certificate authority under c.
func (c *Cert) IssueCA(o Options) (*Cert, error) { return issue(c, o, true) }

// PEM is the certificate as one CERTIFICATE block.
func (c *Cert) PEM() []byte { return PEM("CERTIFICATE", c.DER) }

// Hex is the DER as the az CLI uploads it: lower-case hex on one line.
func (c *Cert) Hex() string { return hex.EncodeToString(c.DER) }

// X509 is the certificate as crypto/x509 reads it, or its complaint.
func (c *Cert) X509() (*x509.Certificate, error) { return x509.ParseCertificate(c.DER) }

// RawSubject is the DER of the subject, to be another certificate's RawIssuer.
func (c *Cert) RawSubject() []byte { return c.subject }

// SubjectKeyID is the subject key identifier, nil where there is none.
func (c *Cert) SubjectKeyID() []byte { return c.subjectKeyID }

// PEM is one block per DER value, all with the same label.
func PEM(label string, ders ...[]byte) []byte {
	var out []byte
	for _, der := range ders {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})...)
	}
	return out
}

// withDefaults fills what the options leave open.
func (o Options) withDefaults(issuer *Cert, ca bool) (Options, error) {
	if o.Now.IsZero() && issuer != nil {
		o.Now = issuer.now
	}
	if o.Now.IsZero() {
		o.Now = Epoch()
	}
	if o.NotBefore.IsZero() {
		o.NotBefore = o.Now.AddDate(0, 0, -1)
	}
	if o.NotAfter.IsZero() {
		o.NotAfter = o.Now.AddDate(1, 0, 0)
	}
	if o.Key == "" {
		o.Key = P256
	}
	if o.KeyName == "" {
		o.KeyName = o.CommonName
	}
	if o.Hash == 0 {
		o.Hash = crypto.SHA256
	}
	if o.Version == 0 {
		o.Version = 3
	}
	if o.Version < 1 || o.Version > 3 {
		return o, fmt.Errorf("certificate options: version %d is none of 1, 2, 3", o.Version)
	}
	if o.Constraints == ConstraintsByRole {
		o.Constraints = CAFalse
		if ca {
			o.Constraints = CATrue
		}
	}
	if o.KeyUsage == 0 {
		o.KeyUsage = usageByRole(o.Key, ca)
	}
	if o.ExtKeyUsage == nil && !ca {
		o.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	return o, nil
}

// usageByRole follows OPC 10000-6, 6.2.2 for leaves.
func usageByRole(t KeyType, ca bool) x509.KeyUsage {
	switch {
	case ca:
		return x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	case t.isRSA():
		return x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment |
			x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment
	}
	return x509.KeyUsageDigitalSignature
}
