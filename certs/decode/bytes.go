package decode

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	"github.com/storewarden/storewarden/certs"
)

const (
	// maxSize is the largest Secret that the API server stores; a vault secret is
	// limited to 25 KB.
	maxSize = 1 << 20
	// maxBlocks bounds the parts read of one blob: a system's whole CA bundle has
	// under 200.
	maxBlocks = 1000
	// maxDepth bounds text within text: hex of base64 of something.
	maxDepth = 2
)

// Bytes names what a blob is and reads its public facts.
func Bytes(b []byte) certs.Bundle {
	out := classify(b, maxDepth)
	out.Size = len(b)
	if out.Kind != certs.KindText && out.Kind != certs.KindEmpty {
		sum := sha256.Sum256(b)
		out.SHA256 = hex.EncodeToString(sum[:])
	}
	return out
}

func classify(b []byte, depth int) certs.Bundle {
	switch {
	case len(b) > maxSize:
		return problemOnly(certs.KindUnknown, certs.ReasonTooLarge, fmt.Sprintf("%d bytes are more than the %d that a Secret can hold", len(b), maxSize))
	case len(bytes.TrimSpace(b)) == 0:
		return certs.Bundle{Kind: certs.KindEmpty, Format: certs.FormatNone}
	}
	if bytes.Contains(b, []byte("-----BEGIN")) {
		return readPEM(b)
	}
	if b[0] == 0x30 {
		if out, ok := readDER(b); ok {
			return out
		}
	}
	if !isText(b) {
		out := certs.Bundle{Kind: certs.KindUnknown, Format: certs.FormatNone}
		if bytes.Count(b, []byte("\uFFFD")) > 3 {
			out.Problems = append(out.Problems, certs.Problem{Reason: certs.ReasonReplacementChars,
				Message: "binary was stored through a text encoding: bytes are lost and cannot be restored"})
		}
		return out
	}
	return readText(b, depth)
}

func problemOnly(kind certs.Kind, reason certs.Reason, message string) certs.Bundle {
	return certs.Bundle{Kind: kind, Format: certs.FormatNone, Problems: []certs.Problem{{Reason: reason, Message: message}}}
}

// readText looks for an encoding that was lost or applied twice.
func readText(b []byte, depth int) certs.Bundle {
	out := certs.Bundle{Kind: certs.KindText, Format: certs.FormatNone}
	if bytes.HasPrefix(b, []byte("\uFEFF")) {
		out.Problems = append(out.Problems, certs.Problem{Reason: certs.ReasonByteOrderMark, Message: "the text begins with a byte order mark"})
	}
	if depth == 0 {
		return out
	}
	text := squeeze(string(b))
	for _, enc := range []Encoding{Hex, Base64} {
		if (enc == Hex && !isHex(text)) || (enc == Base64 && !isBase64(text)) {
			continue
		}
		raw, err := Outer(text, enc)
		if err != nil {
			continue
		}
		if inner := classify(raw, depth-1); holdsSomething(inner.Kind) || inner.Wrapped != nil {
			out.Wrapped = &certs.Wrapped{Encoding: string(enc), Kind: inner.Kind, Format: inner.Format}
			return out
		}
	}
	return out
}

// holdsSomething tells a kind with structure from text and bytes without.
func holdsSomething(k certs.Kind) bool {
	return k != certs.KindText && k != certs.KindEmpty && k != certs.KindUnknown
}

// isText reports whether every byte could be typed: valid UTF-8 without control
// characters.
func isText(b []byte) bool {
	if !utf8.Valid(b) || bytes.Count(b, []byte("\uFFFD")) > 3 {
		return false
	}
	return bytes.IndexFunc(b, func(r rune) bool { return (r < ' ' && r != '\n' && r != '\r' && r != '\t') || r == 0x7f }) < 0
}

// settle names a blob by the parts that were found in it.
func settle(out *certs.Bundle) {
	private := 0
	for _, k := range out.Keys {
		if k.Private {
			private++
		}
	}
	switch {
	case len(out.Certificates) > 0 && private > 0:
		out.Kind = certs.KindCertificateWithKey
	case len(out.Certificates) > 1:
		out.Kind = certs.KindCertificateBundle
	case len(out.Certificates) == 1:
		out.Kind = certs.KindCertificate
	case private > 0:
		out.Kind = certs.KindPrivateKey
	case len(out.CRLs) > 0:
		out.Kind = certs.KindCRL
	case len(out.Keys) > 0:
		out.Kind = certs.KindPublicKey
	}
}
