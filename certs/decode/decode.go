// Package decode turns the bytes of a vault secret, of a Secret's key or of a
// file into a certs.Bundle: PEM with any number of blocks, DER certificates and
// CRLs, PKCS#7, PKCS#12, certificate requests, private and public keys, text
// and nothing are recognised and named. What is odd is said as a problem beside
// what is good; one bad part never hides the others. It works in linear time,
// never panics, keeps no private byte, and needs neither a clock nor the
// network.
//
// It reads exactly what OpenSSL reads, since the connector does: certificates
// and CRLs are taken apart here with cryptobyte, and crypto/x509 is only asked
// what it thinks of them. The lenient parsers that could be had are forks of
// crypto/x509 and refuse too much: of the 122 certificates and 41 CRLs of the
// gallery in test/certtest that OpenSSL reads, zmap/zcrypto refuses 42 and 9,
// certificate-transparency-go 46 and 10.
package decode

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/storewarden/storewarden/certs"
)

const (
	// MaxSize is the largest blob that is read: Kubernetes refuses a Secret with
	// more than 1 MiB of data, and a vault secret ends at 25 KB.
	MaxSize = 1 << 20
	// maxParts bounds PEM blocks, concatenated DER values and certificates in a
	// PKCS#7 or PKCS#12. A complete set of public roots has about 150.
	maxParts = 1000
	// maxDepth is how many layers of hex and base64 are looked through: one that
	// was forgotten, and one that was applied twice.
	maxDepth = 2
)

// Bytes decodes a blob. The bundle shares no memory with it, so the caller may
// clear it.
func Bytes(b []byte) certs.Bundle { return decode(b, 0) }

// decode is Bytes inside of depth layers of encoding.
func decode(b []byte, depth int) certs.Bundle {
	r := &reader{depth: depth, out: certs.Bundle{Kind: certs.KindUnknown, Format: certs.FormatNone, Size: len(b)}}
	switch {
	case len(b) > MaxSize:
		r.problem(certs.ReasonTooLarge, "%d bytes are more than the %d of a whole Secret; nothing was read", len(b), MaxSize)
		return r.out
	case len(bytes.TrimSpace(b)) == 0:
		r.out.Kind = certs.KindEmpty
		return r.out
	case r.der(b):
		r.out.Format = certs.FormatDER
	case bytes.Contains(b, []byte(pemBegin)):
		r.out.Format = certs.FormatPEM
		r.pem(r.unmarked(b))
	default:
		r.text(b)
		return r.out
	}
	r.out.Kind = r.kind()
	if r.out.Kind != certs.KindUnknown {
		sum := sha256.Sum256(b)
		r.out.SHA256 = hex.EncodeToString(sum[:])
	}
	return r.out
}

// reader collects the parts of one blob.
type reader struct {
	out    certs.Bundle
	depth  int
	parts  int
	rounds int // of key derivation, spent on PKCS#12
	// What was seen, for the kind.
	pkcs12, pkcs7, csr, public int
	direct                     int // certificates outside of PKCS#7
}

func (r *reader) problem(reason certs.Reason, format string, args ...any) {
	// A hundred equal problems tell no more than one, and a blob of bad blocks
	// must not grow into a megabyte of messages.
	const maxProblems = 100
	if len(r.out.Problems) < maxProblems {
		r.out.Problems = append(r.out.Problems, certs.Problem{Reason: reason, Message: fmt.Sprintf(format, args...)})
	}
}

// full counts a part and reports whether that is one too many.
func (r *reader) full() bool {
	r.parts++
	if r.parts == maxParts+1 {
		r.problem(certs.ReasonTooMany, "more than %d parts; the rest was not read", maxParts)
	}
	return r.parts > maxParts
}

// kind names the blob by its parts. A private key outweighs everything: where
// one is, nothing else matters as much.
func (r *reader) kind() certs.Kind {
	private := 0
	for _, k := range r.out.Keys {
		if k.Private {
			private++
		}
	}
	certificates, crls := len(r.out.Certificates), len(r.out.CRLs)
	switch {
	case r.pkcs12 > 0:
		return certs.KindPKCS12
	case private > 0 && certificates > 0:
		return certs.KindCertificateWithKey
	case private > 0:
		return certs.KindPrivateKey
	case r.pkcs7 > 0 && r.direct == 0:
		return certs.KindPKCS7
	case certificates > 1 || certificates == 1 && crls > 0:
		return certs.KindCertificateBundle
	case certificates == 1:
		return certs.KindCertificate
	case crls > 0:
		return certs.KindCRL
	case r.csr > 0:
		return certs.KindCSR
	case r.public > 0:
		return certs.KindPublicKey
	}
	return certs.KindUnknown
}
