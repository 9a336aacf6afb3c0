package decode

import (
	"crypto/x509"
	"encoding/hex"
	"fmt"

	"github.com/smallstep/pkcs7"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/storewarden/storewarden/certs"
)

// readDER reads a blob that begins with an ASN.1 SEQUENCE; ok is false when it
// is not one after all.
func readDER(b []byte) (certs.Bundle, bool) {
	n := elementLength(b)
	if n == 0 {
		return certs.Bundle{}, false
	}
	out := certs.Bundle{Kind: certs.KindUnknown, Format: certs.FormatDER}
	first, rest := b[:n], b[n:]
	switch {
	case addDER(&out, first):
		out.Trailing = len(rest)
		readTrailing(&out, rest)
	default:
		return certs.Bundle{}, false
	}
	settle(&out)
	return out, true
}

// addDER recognises one value by trying each reader; each refuses all that is
// not its own.
func addDER(out *certs.Bundle, der []byte) bool {
	if c, _ := certificateIn(der); c != nil {
		out.Certificates = append(out.Certificates, c)
		return true
	}
	if l := crlOf(der); l != nil {
		out.CRLs = append(out.CRLs, l)
		return true
	}
	switch shapeOf(der) {
	case certs.KindCSR:
		out.Kind = certs.KindCSR
		return true
	case certs.KindPKCS12:
		// Not opened: no store reads it, and what is inside includes a private key.
		out.Kind = certs.KindPKCS12
		return true
	case certs.KindPKCS7:
		readPKCS7(out, der)
		return true
	}
	if k, ok := privateKey(der, certs.FormatDER); ok {
		out.Keys = append(out.Keys, k)
		return true
	}
	if k := publicKey(der, certs.FormatDER); k.Algorithm != unknown {
		out.Keys = append(out.Keys, k)
		return true
	}
	return false
}

// readTrailing reads what follows the first value: more certificates of a chain
// sent as one blob, or bytes that do not belong.
func readTrailing(out *certs.Bundle, rest []byte) {
	if len(rest) == 0 {
		return
	}
	note(out, certs.ReasonTrailingData, fmt.Sprintf("%d bytes follow the first DER value", len(rest)))
	for range maxBlocks {
		n := elementLength(rest)
		if n == 0 {
			return
		}
		if c, _ := certificateIn(rest[:n]); c != nil {
			out.Certificates = append(out.Certificates, c)
		} else if l := crlOf(rest[:n]); l != nil {
			out.CRLs = append(out.CRLs, l)
		}
		rest = rest[n:]
	}
	if len(rest) > 0 {
		note(out, certs.ReasonTooMany, fmt.Sprintf("only the first %d DER values were read", maxBlocks))
	}
}

// addCertificates reads a PEM block's bytes, which should be one certificate.
func addCertificates(out *certs.Bundle, der []byte) {
	c, n := certificateIn(der)
	if c == nil {
		note(out, certs.ReasonBadCertificate, "a CERTIFICATE block cannot be read")
		return
	}
	out.Certificates = append(out.Certificates, c)
	out.Trailing += len(der) - n
	readTrailing(out, der[n:])
}

// elementLength is the length of the SEQUENCE that b begins with, 0 if it does
// not begin with a whole one.
func elementLength(b []byte) int {
	s := cryptobyte.String(b)
	var element cryptobyte.String
	if !s.ReadASN1Element(&element, asn1.SEQUENCE) {
		return 0
	}
	return len(element)
}

var (
	oidSignedData = "1.2.840.113549.1.7.2"
	oidData       = "1.2.840.113549.1.7.1"
)

// shapeOf tells the kinds that are recognised by their outline.
func shapeOf(der []byte) certs.Kind {
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return certs.KindCSR
	}
	s := cryptobyte.String(der)
	var seq, element cryptobyte.String
	if !s.ReadASN1(&seq, asn1.SEQUENCE) {
		return certs.KindUnknown
	}
	if oid, ok := readOID(seq); ok && oid == oidSignedData {
		return certs.KindPKCS7
	}
	var version int
	if seq.ReadASN1Integer(&version) && version == 3 && seq.ReadASN1(&element, asn1.SEQUENCE) {
		if oid, ok := readOID(element); ok && (oid == oidData || oid == oidSignedData) {
			return certs.KindPKCS12
		}
	}
	return certs.KindUnknown
}

func readPKCS7(out *certs.Bundle, der []byte) {
	nameIfFirst(out, certs.KindPKCS7)
	p, err := pkcs7.Parse(der)
	if err != nil {
		note(out, certs.ReasonBadPKCS7, "the PKCS#7 cannot be read")
		return
	}
	// The certificates inside are not listed: no store reads PKCS#7, so they are
	// not in the store. Their number helps the remedy.
	note(out, certs.ReasonUnknownBlock, fmt.Sprintf("PKCS#7 with %d certificates and %d CRLs inside", len(p.Certificates), len(p.CRLs)))
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
