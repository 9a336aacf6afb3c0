// Package certs is the neutral model of what the bytes of a vault secret or of
// a key of a store Secret are: certificates, CRLs, keys, or something else that
// has a name. It holds facts and no opinions, does no I/O, and imports the
// standard library only. Package decode fills it; package chain relates its
// parts; nothing in it ever holds a private byte.
package certs

import (
	"crypto/x509"
	"time"
)

// Kind names what a blob of bytes is, as printed by "storewarden inspect".
type Kind string

// The closed list of kinds.
const (
	KindCertificate        Kind = "certificate"
	KindCertificateBundle  Kind = "certificate-bundle"
	KindCRL                Kind = "crl"
	KindPrivateKey         Kind = "private-key"
	KindCertificateWithKey Kind = "certificate-with-private-key"
	KindPublicKey          Kind = "public-key"
	KindCSR                Kind = "csr"
	KindPKCS12             Kind = "pkcs12"
	KindPKCS7              Kind = "pkcs7"
	KindText               Kind = "text"
	KindEmpty              Kind = "empty"
	KindUnknown            Kind = "unknown"
)

// Format is the serialisation of a blob: PEM, DER, or none for text, empty and
// unknown bytes.
type Format string

// The closed list of formats.
const (
	FormatPEM  Format = "pem"
	FormatDER  Format = "der"
	FormatNone Format = "none"
)

// Reason is why a part of a blob is odd though the blob could be read.
type Reason string

// The closed list of reasons. A problem never makes a good part beside it
// disappear: it is data, and a rule decides what it means.
const (
	ReasonBadCertificate    Reason = "bad-certificate"    // a CERTIFICATE block or DER that no parser here could read
	ReasonBadCRL            Reason = "bad-crl"            // an X509 CRL block or DER that could not be read
	ReasonBadKey            Reason = "bad-key"            // a private or public key that could not be read
	ReasonBadCSR            Reason = "bad-csr"            // a certificate request that could not be read
	ReasonBadPKCS7          Reason = "bad-pkcs7"          // PKCS#7 that could not be read
	ReasonBadPKCS12         Reason = "bad-pkcs12"         // PKCS#12 that could not be read
	ReasonTrailingData      Reason = "trailing-data"      // bytes after the DER value
	ReasonTextAround        Reason = "text-around"        // text before, between or after PEM blocks
	ReasonUnknownBlock      Reason = "unknown-block"      // a PEM block with a label that has no place in a store
	ReasonByteOrderMark     Reason = "byte-order-mark"    // a UTF-8 BOM before the text
	ReasonLostNewlines      Reason = "lost-newlines"      // PEM markers without line breaks, or with literal \n
	ReasonReplacementChars  Reason = "replacement-chars"  // U+FFFD: binary was stored through a text encoding
	ReasonTooLarge          Reason = "too-large"          // over the decoder's size limit, not read
	ReasonTooMany           Reason = "too-many"           // over the decoder's block limit, the rest not read
	ReasonPasswordProtected Reason = "password-protected" // PKCS#12 with a password: the parts inside are unseen
)

// Problem is a part of a blob that could not be read, or that is odd.
type Problem struct {
	Reason  Reason `json:"reason"`
	Message string `json:"message"` // never holds a byte of the blob
}

// Bundle is what one blob of bytes decoded to.
type Bundle struct {
	Kind   Kind
	Format Format
	// Size is the number of bytes decoded.
	Size int
	// SHA256 is the digest of the bytes decoded, lower-case hex; it identifies
	// the content without showing it. Empty where the kind may be a bare
	// credential (text), so that a short password cannot be guessed from it.
	SHA256 string

	Certificates []*Certificate
	CRLs         []*CRL
	Keys         []Key
	// Blocks counts PEM blocks of every label; 0 in DER.
	Blocks int
	// Wrapped tells that text is itself an encoding of something a store could
	// hold: an encoding was lost or applied twice.
	Wrapped *Wrapped
	// Trailing is the number of bytes after the first DER value.
	Trailing int
	Problems []Problem
}

// Wrapped is one more layer of encoding found in text.
type Wrapped struct {
	Encoding string // "hex" or "base64"
	Kind     Kind   // of what is inside
	Format   Format
}

// Has reports whether the bundle carries a problem of the reason.
func (b *Bundle) Has(r Reason) bool {
	for _, p := range b.Problems {
		if p.Reason == r {
			return true
		}
	}
	return false
}

// Certificate is one X.509 certificate: public facts only.
type Certificate struct {
	Subject            string // RFC 4514 text, "" for an empty name
	Issuer             string
	CommonName         string
	Serial             string // lower-case hex, a leading "-" if negative
	SHA1, SHA256       string // thumbprints of the DER, lower-case hex
	NotBefore          time.Time
	NotAfter           time.Time
	Version            int // 1, 2 or 3
	HasBasicConstraint bool
	IsCA               bool // basicConstraints CA:TRUE
	// SelfIssued is subject equal to issuer; SelfSigned also that the signature
	// verifies with the certificate's own key.
	SelfIssued         bool
	SelfSigned         bool
	KeyAlgorithm       string // RSA, ECDSA, Ed25519, DSA or "unknown"
	KeyBits            int    // 0 where not readable
	SignatureAlgorithm string // as crypto/x509 names it, or "unknown"
	SignatureHash      string // "SHA1", "MD5", "SHA256" …, "" where not known
	KeyUsage           []string
	ExtKeyUsage        []string
	URIs               []string
	DNSNames           []string
	IPAddresses        []string
	// PublicKeyID is the SHA-256 of the SubjectPublicKeyInfo, lower-case hex; it
	// pairs a certificate with a private key.
	PublicKeyID string
	// The distinguished names as DER, by which issuers are found.
	RawSubject, RawIssuer []byte
	// SubjectKeyID, and the two halves of the authority key identifier, by which
	// one generation of a CA is told from the next: lower-case hex, "" when
	// absent. AuthoritySerial is written as Serial is.
	SubjectKeyID    string
	AuthorityKeyID  string
	AuthoritySerial string
	// StrictParseError is crypto/x509's complaint, "" when it had none.
	StrictParseError string
	// Raw is the DER; certificates are public.
	Raw []byte
	// X509 is nil when the strict parser refused.
	X509 *x509.Certificate
}

// CRL is one certificate revocation list.
type CRL struct {
	Issuer     string
	ThisUpdate time.Time
	NextUpdate time.Time // zero when absent
	Number     string    // lower-case hex, "" when absent
	Revoked    int       // number of entries
	// RevokedAt is the revocation date by serial, written as Certificate.Serial.
	RevokedAt          map[string]time.Time
	Version            int    // 1 or 2
	SignatureAlgorithm string // as in Certificate
	SignatureHash      string
	RawIssuer          []byte
	AuthorityKeyID     string // as in Certificate
	AuthoritySerial    string
	SHA256             string
	// StrictParseError is crypto/x509's complaint (it refuses every version 1
	// list), "" when it had none; X509 is nil then.
	StrictParseError string
	Raw              []byte
	X509             *x509.RevocationList
}

// Key is a private or public key seen in a blob. It never holds key bytes.
type Key struct {
	Private   bool
	Encrypted bool
	Algorithm string // RSA, ECDSA, Ed25519, … or "unknown" (encrypted)
	Bits      int
	Format    Format
	// PublicKeyID is the SHA-256 of the SubjectPublicKeyInfo, "" when encrypted
	// or not readable.
	PublicKeyID string
}
