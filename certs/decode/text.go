package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/storewarden/storewarden/certs"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	byteOrderMark   = "\uFEFF"
	replacementChar = "\uFFFD"
)

// unmarked takes a byte order mark off. crypto tools accept one, but the PEM
// reader of the Azure provider finds no block behind it.
func (r *reader) unmarked(b []byte) []byte {
	rest, marked := bytes.CutPrefix(b, []byte(byteOrderMark))
	if marked {
		r.problem(certs.ReasonByteOrderMark, "a UTF-8 byte order mark stands before the text")
	}
	return rest
}

// text names what is neither DER nor PEM. Its digest stays empty, of unknown
// bytes too: a password may be either, and a digest lets one be guessed.
func (r *reader) text(b []byte) {
	if bytes.HasPrefix(b, []byte("\xFF\xFE")) || bytes.HasPrefix(b, []byte("\xFE\xFF")) {
		r.problem(certs.ReasonUTF16, "the text is UTF-16, which no certificate reader takes")
		return
	}
	if n := bytes.Count(b, []byte(replacementChar)); n > 0 {
		r.problem(certs.ReasonReplacementChars, "%d replacement characters (U+FFFD): binary was stored through a text encoding and cannot be restored", n)
	}
	if !isText(b) {
		switch {
		case bytes.HasPrefix(b, []byte("\xFE\xED\xFE\xED")), bytes.HasPrefix(b, []byte("\xCE\xCE\xCE\xCE")):
			r.problem(certs.ReasonJavaKeyStore, "it is a Java key store, which only Java reads")
		case cutShort(b):
			r.problem(certs.ReasonBadCertificate, "the DER value declares more bytes than are there: it was cut short")
		case wholeValue(b):
			r.problem(certs.ReasonUnknownDER, "it is DER, but of nothing that a store could hold")
		}
		return
	}
	r.out.Kind = certs.KindText
	b = r.unmarked(b)
	r.document(b)
	if r.depth < maxDepth {
		r.out.Wrapped = wrapped(string(b), r.depth)
	}
}

// document recognises the documents in which certificates travel, and those
// that take a certificate's place when a download fails.
func (r *reader) document(b []byte) {
	const enough = 64
	start := bytes.TrimSpace(b)
	if len(start) == 0 {
		return
	}
	lower := bytes.ToLower(start[:min(len(start), enough)])
	switch {
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")):
		r.problem(certs.ReasonHTML, "it is a web page: most often the error or login page that came instead of a download")
	case (start[0] == '{' || start[0] == '[') && json.Valid(start):
		r.problem(certs.ReasonJSON, "it is JSON: take the certificate out of it")
	case bytes.HasPrefix(lower, []byte("apiversion:")), bytes.HasPrefix(lower, []byte("---\n")):
		r.problem(certs.ReasonYAML, "it is YAML: take the certificate out of it")
	}
}

// isText is valid UTF-8 without control characters but white space.
func isText(b []byte) bool {
	return utf8.Valid(b) && bytes.IndexFunc(b, func(c rune) bool {
		return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f
	}) < 0
}

// cutShort recognises the start of a DER value of at least 128 bytes without
// its end.
func cutShort(b []byte) bool {
	if len(b) < 4 || b[0] != 0x30 || b[1] < 0x81 || b[1] > 0x83 {
		return false
	}
	length := 0
	for _, c := range b[2:min(2+int(b[1]&0x7f), len(b))] {
		length = length<<8 | int(c)
	}
	return length+2+int(b[1]&0x7f) > len(b)
}

// wholeValue reports whether b is one DER value with parts.
func wholeValue(b []byte) bool {
	s := cryptobyte.String(b)
	var element cryptobyte.String
	var tag asn1.Tag
	return b[0]&0x20 != 0 && s.ReadAnyASN1Element(&element, &tag) && s.Empty()
}

// wrapped looks for one more layer of encoding. Hex is taken as people write
// it, with blanks, colons and 0x.
func wrapped(text string, depth int) *certs.Wrapped {
	bare := unspaced(text)
	digits := strings.TrimPrefix(strings.TrimPrefix(bare, "0x"), "0X")
	if strings.Contains(digits, ":") {
		digits = strings.ReplaceAll(digits, ":", "")
	}
	if only(digits, isHex) && len(digits)%2 == 0 {
		b, err := hex.DecodeString(digits)
		if w := inside(Hex, b, err, depth); w != nil {
			return w
		}
	}
	if isBase64(bare) {
		b, err := base64.StdEncoding.DecodeString(bare)
		return inside(Base64, b, err, depth)
	}
	return nil
}

// inside decodes what the layer held, and forgets it.
func inside(encoding Encoding, b []byte, err error, depth int) *certs.Wrapped {
	defer clear(b)
	if err != nil {
		return nil
	}
	found := decode(b, depth+1)
	w := &certs.Wrapped{Encodings: []string{string(encoding)}, Kind: found.Kind, Format: found.Format}
	switch {
	case found.Wrapped != nil:
		w.Encodings = append(w.Encodings, found.Wrapped.Encodings...)
		w.Kind, w.Format = found.Wrapped.Kind, found.Wrapped.Format
	case !recognised(found.Kind):
		return nil
	}
	return w
}
