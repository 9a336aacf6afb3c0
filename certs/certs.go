// Package certs is the neutral model of what the bytes of a vault secret or of
// a key of a store Secret are: certificates, CRLs, keys, or something else that
// has a name. It holds facts and no opinions, does no I/O, and imports the
// standard library only. Package decode fills it; package chain relates its
// parts; nothing in it ever holds a private byte.
package certs

import (
	"crypto"
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
	ReasonUnknownDER        Reason = "unknown-der"        // a DER value that is nothing a store could hold
	ReasonTrailingData      Reason = "trailing-data"      // bytes after the DER value
	ReasonTextAround        Reason = "text-around"        // text before, between or after PEM blocks
	ReasonUnknownBlock      Reason = "unknown-block"      // a PEM block with a label that has no place in a store
	ReasonOpenSSLLabel      Reason = "openssl-label"      // a certificate under a PEM label that OpenSSL alone reads
	ReasonByteOrderMark     Reason = "byte-order-mark"    // a UTF-8 BOM before the text
	ReasonUTF16             Reason = "utf-16"             // text in UTF-16
	ReasonHTML              Reason = "html"               // a web page, most often an error or login page
	ReasonJSON              Reason = "json"               // JSON, with or without something of use in it
	ReasonYAML              Reason = "yaml"               // PEM inside of a YAML document
	ReasonJavaKeyStore      Reason = "java-keystore"      // a JKS or JCEKS file
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

// Wrapped is what lies in text that is itself an encoding.
type Wrapped struct {
	// Encodings are the layers from the outside to the inside, each "hex" or
	// "base64"; there is at least one.
	Encodings []string
	Kind      Kind // of what is inside of them all
	Format    Format
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

// Signature is whether one key signed something.
type Signature string

// The closed list. Unverifiable is an algorithm, a key or a form that cannot be
// checked here; it is never called invalid.
const (
	Valid        Signature = "valid"
	Invalid      Signature = "invalid"
	Unverifiable Signature = "unverifiable"
)

// Certificate is one X.509 certificate: public facts only.
type Certificate struct {
	Subject            string // RFC 4514 text, "" for an empty name
	Issuer             string
	CommonName         string
	Serial             string // lower-case hex, a leading "-" if negative
	SHA1, SHA256       string // thumbprints of the bytes, lower-case hex
	NotBefore          time.Time
	NotAfter           time.Time // zero where it cannot be read, as NotBefore
	Version            int       // 1, 2 or 3, or what the certificate claims
	HasBasicConstraint bool
	IsCA               bool // basicConstraints CA:TRUE
	MaxPathLen         int  // -1 where there is no limit
	NameConstraints    bool // whether it limits the names below it
	// SelfIssued is subject equal to issuer; SelfSignature is then whether the
	// certificate's own key signed it, and "" otherwise.
	SelfIssued    bool
	SelfSignature Signature
	KeyAlgorithm  string // RSA, RSA-PSS, ECDSA, SM2, DSA, Ed25519, Ed448, X25519, X448, GOST or "unknown"
	KeyBits       int    // 0 where not readable
	// KeyCurve is the name of an elliptic curve, such as P-256 or
	// brainpoolP256r1, "explicit" where it is spelt out, "" where there is none.
	KeyCurve           string
	SignatureAlgorithm string // as crypto/x509 names it, else in its manner or as an object identifier
	SignatureHash      string // "SHA1", "MD5", "SHA256" …, "" where not known
	KeyUsage           []string
	HasKeyUsage        bool
	ExtKeyUsage        []string
	URIs               []string
	DNSNames           []string
	IPAddresses        []string
	// PublicKeyID is the SHA-256 of the SubjectPublicKeyInfo, lower-case hex; it
	// pairs a certificate with a private key.
	PublicKeyID string
	// SubjectKeyID, and the two halves of the authority key identifier, by which
	// one generation of a CA is told from the next: lower-case hex, "" when
	// absent. AuthoritySerial is written as Serial is.
	SubjectKeyID    string
	AuthorityKeyID  string
	AuthoritySerial string
	// StrictParseError is crypto/x509's complaint and Oddity what is unusual, in
	// words that follow "has"; both are "" when it had none.
	StrictParseError string
	Oddity           string
	// Raw is the certificate as it is written; certificates are public. The
	// other slices are parts of it: names and key as DER elements, serial number
	// and signature as bare content.
	Raw, RawTBS, RawSerial, RawIssuer, RawSubject, SignatureValue []byte
	// PublicKey is nil for a key that Go has no type for.
	PublicKey crypto.PublicKey
}

// SelfSigned reports whether the certificate's own key is known to have signed
// it.
func (c *Certificate) SelfSigned() bool { return c.SelfSignature == Valid }

// CRL is one certificate revocation list.
type CRL struct {
	Issuer     string
	ThisUpdate time.Time // zero where it cannot be read
	NextUpdate time.Time // zero when absent, or where it cannot be read
	Number     string    // lower-case hex, "" when absent
	Revoked    int       // number of entries
	Version    int       // 1 or 2, or what the list claims
	// Delta lists only what changed since another CRL, Indirect speaks for other
	// issuers too, Partial covers some kinds of certificates or reasons only.
	Delta, Indirect, Partial bool
	SignatureAlgorithm       string // as in Certificate
	SignatureHash            string
	AuthorityKeyID           string // as in Certificate
	AuthoritySerial          string
	SHA256                   string
	// StrictParseError and Oddity are as in Certificate; crypto/x509 refuses
	// every version 1 list.
	StrictParseError string
	Oddity           string
	// Raw is the list as it is written, and the others are parts of it. Entries
	// is read by decode.Entries: a CRL may have tens of thousands, which nobody
	// needs to hold.
	Raw, RawTBS, RawIssuer, Entries, SignatureValue []byte
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
