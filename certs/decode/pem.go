package decode

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/storewarden/storewarden/certs"
)

// readPEM reads every block. Text around blocks, a byte order mark and blocks
// that do not belong are problems; a bad block never hides a good one.
func readPEM(b []byte) certs.Bundle {
	out := certs.Bundle{Kind: certs.KindUnknown, Format: certs.FormatPEM}
	rest := b
	if bytes.HasPrefix(rest, []byte("\uFEFF")) {
		// The standard library, and so the sync controller, finds no block behind a
		// byte order mark; OpenSSL does. The blocks are read, and the mark is said.
		note(&out, certs.ReasonByteOrderMark, "the text begins with a byte order mark, behind which some readers find no PEM block")
		rest = rest[len("\uFEFF"):]
	}
	around := false
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		if out.Blocks++; out.Blocks > maxBlocks {
			note(&out, certs.ReasonTooMany, fmt.Sprintf("only the first %d PEM blocks were read", maxBlocks))
			break
		}
		start := bytes.Index(rest, []byte("-----BEGIN"))
		around = around || len(bytes.TrimSpace(rest[:max(start, 0)])) > 0
		readBlock(&out, block)
		rest = after
	}
	if out.Blocks == 0 {
		return brokenPEM(b)
	}
	if around || len(bytes.TrimSpace(rest)) > 0 && out.Blocks <= maxBlocks {
		note(&out, certs.ReasonTextAround, "there is text before, between or after the PEM blocks")
	}
	settle(&out)
	return out
}

// brokenPEM is text with PEM markers in which no block can be found.
func brokenPEM(b []byte) certs.Bundle {
	out := certs.Bundle{Kind: certs.KindText, Format: certs.FormatNone}
	lines := bytes.Count(bytes.TrimSpace(b), []byte("\n"))
	switch {
	case bytes.Contains(b, []byte(`\n`)):
		out.Problems = append(out.Problems, certs.Problem{Reason: certs.ReasonLostNewlines, Message: `the line breaks are written as the two characters \n`})
	case lines == 0:
		out.Problems = append(out.Problems, certs.Problem{Reason: certs.ReasonLostNewlines, Message: "the PEM text is all on one line"})
	default:
		out.Problems = append(out.Problems, certs.Problem{Reason: certs.ReasonUnknownBlock, Message: "there is a PEM marker but no whole PEM block"})
	}
	return out
}

func readBlock(out *certs.Bundle, block *pem.Block) {
	switch label := block.Type; {
	case label == "CERTIFICATE" || label == "X509 CERTIFICATE":
		addCertificates(out, block.Bytes)
	case label == "TRUSTED CERTIFICATE":
		// OpenSSL's own form: a certificate with trust settings after it, so what
		// follows the certificate is expected.
		if c, n := certificateIn(block.Bytes); c != nil && n > 0 {
			out.Certificates = append(out.Certificates, c)
		}
		note(out, certs.ReasonUnknownBlock, "a TRUSTED CERTIFICATE block, which only OpenSSL reads")
	case label == "X509 CRL":
		if l := crlOf(block.Bytes); l != nil {
			out.CRLs = append(out.CRLs, l)
		} else {
			note(out, certs.ReasonBadCRL, "an X509 CRL block cannot be read")
		}
	case label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST":
		nameIfFirst(out, certs.KindCSR)
	case label == "PKCS7" || label == "CMS":
		readPKCS7(out, block.Bytes)
	case strings.HasSuffix(label, "PRIVATE KEY"):
		out.Keys = append(out.Keys, privateBlock(block))
	case label == "PUBLIC KEY" || label == "RSA PUBLIC KEY":
		out.Keys = append(out.Keys, publicKey(block.Bytes, certs.FormatPEM))
	case strings.HasSuffix(label, " PARAMETERS"):
		// What openssl ecparam writes before an EC key.
	default:
		note(out, certs.ReasonUnknownBlock, "a PEM block whose label has no place in a store")
	}
}

// nameIfFirst names a blob by a part that settle does not count; certificates
// and keys found beside it name it over again.
func nameIfFirst(out *certs.Bundle, k certs.Kind) {
	if out.Kind == certs.KindUnknown {
		out.Kind = k
	}
}

func note(out *certs.Bundle, reason certs.Reason, message string) {
	out.Problems = append(out.Problems, certs.Problem{Reason: reason, Message: message})
}
