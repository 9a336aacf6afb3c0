package decode

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/storewarden/storewarden/certs"
)

// Encoding is the outer encoding of a vault secret's value: what objectEncoding
// of a SecretProviderClass names.
type Encoding string

// The encodings that the Azure provider knows.
const (
	UTF8   Encoding = "utf-8"
	Hex    Encoding = "hex"
	Base64 Encoding = "base64"
)

// ParseEncoding reads objectEncoding as the provider does: in any case, and
// nothing means utf-8.
func ParseEncoding(s string) (Encoding, bool) {
	if s == "" {
		return UTF8, true
	}
	for _, e := range []Encoding{UTF8, Hex, Base64} {
		if strings.EqualFold(s, string(e)) {
			return e, true
		}
	}
	return "", false
}

// The closed list of reasons why a value does not have the encoding it should.
const (
	OddLength        = "odd-length"       // hex: an odd number of digits; base64: not a multiple of four
	HexPrefix        = "hex-prefix"       // 0x before the digits
	Colons           = "colons"           // 30:82:…, as certificate viewers show it
	Whitespace       = "whitespace"       // blanks or line breaks among the digits
	LooksLikePEM     = "pem"              // the value is PEM text as it is
	LooksLikeBase64  = "base64"           // should be hex
	LooksLikeHex     = "hex"              // should be base64
	InvalidCharacter = "other"            // anything else
	UnknownEncoding  = "unknown-encoding" // not one of the three
)

// reasons are the reasons in words.
var reasons = map[string]string{
	OddLength: "it has an odd number of digits", HexPrefix: "it begins with 0x", Colons: "it has colons between its bytes",
	Whitespace: "it has blanks or line breaks", LooksLikePEM: "it is PEM text", LooksLikeBase64: "it looks like base64",
	LooksLikeHex: "it looks like hex", InvalidCharacter: "it has characters that do not belong", UnknownEncoding: "there is no such encoding",
}

// EncodingError is a value that does not have its encoding. It holds a class
// of mistake and never a byte of the value.
type EncodingError struct {
	Encoding Encoding
	Reason   string
}

func (e *EncodingError) Error() string {
	return fmt.Sprintf("the value is not %s: %s", e.Encoding, reasons[e.Reason])
}

// Outer takes the outer encoding off a value with exactly the provider's
// rules: hex in any case and nothing else but digits, padded standard base64
// in which line breaks are ignored, and utf-8 as it is. So hex of the right
// length read as base64 yields garbage and no error here, as it does there:
// Sniff tells it. Its error is always an *EncodingError.
func Outer(value string, enc Encoding) ([]byte, error) {
	switch enc {
	case UTF8:
		return []byte(value), nil
	case Hex:
		b, err := hex.DecodeString(value)
		if err != nil {
			clear(b) // the digits before the first mistake may be a key's
			return nil, &EncodingError{Encoding: enc, Reason: whyNotHex(value)}
		}
		return b, nil
	case Base64:
		b, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			clear(b)
			return nil, &EncodingError{Encoding: enc, Reason: whyNotBase64(value)}
		}
		return b, nil
	}
	return nil, &EncodingError{Encoding: enc, Reason: UnknownEncoding}
}

func whyNotHex(value string) string {
	bare := unspaced(value)
	digits := strings.TrimPrefix(strings.TrimPrefix(bare, "0x"), "0X")
	switch {
	case strings.Contains(value, pemBegin):
		return LooksLikePEM
	case len(digits) < len(bare) && only(strings.ReplaceAll(digits, ":", ""), isHex):
		return HexPrefix
	case strings.Contains(bare, ":") && only(strings.ReplaceAll(bare, ":", ""), isHex):
		return Colons
	case len(bare) < len(value) && only(bare, isHex):
		return Whitespace
	case only(value, isHex):
		return OddLength
	case isBase64(bare):
		return LooksLikeBase64
	}
	return InvalidCharacter
}

func whyNotBase64(value string) string {
	bare := unspaced(value)
	digits := strings.TrimPrefix(strings.TrimPrefix(bare, "0x"), "0X")
	switch {
	case strings.Contains(value, pemBegin):
		return LooksLikePEM
	case only(strings.ReplaceAll(digits, ":", ""), isHex):
		return LooksLikeHex
	case isBase64(bare): // and line breaks are no mistake, so blanks are it
		return Whitespace
	case only(strings.TrimRight(bare, "="), isBase64Digit):
		return OddLength
	}
	return InvalidCharacter
}

// Sniff guesses the outer encoding of a person's file: hex or base64 when that
// decodes to something a store could hold, and utf-8 otherwise. Hex too long
// for a password is hex whatever it holds. White space around the text is
// ignored, since editors add it: trim it before Outer.
func Sniff(value string) Encoding {
	value = strings.TrimSpace(value)
	if len(value) > 2*MaxSize {
		return UTF8
	}
	for _, enc := range []Encoding{Hex, Base64} {
		b, err := Outer(value, enc)
		if err != nil {
			continue
		}
		found := decode(b, maxDepth)
		clear(b)
		if recognised(found.Kind) || enc == Hex && len(value) >= minBareHex {
			return enc
		}
	}
	return UTF8
}

// minBareHex is the length from which hex digits are no password, token or
// digest of SHA-2 any more.
const minBareHex = 130

// recognised tells a kind that has a structure from one that is anything.
func recognised(k certs.Kind) bool {
	return k != certs.KindText && k != certs.KindEmpty && k != certs.KindUnknown
}

func unspaced(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, s)
}

// only reports whether s is one or more characters of the class.
func only(s string, class func(rune) bool) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !class(r) }) < 0
}

func isHex(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
}

func isBase64Digit(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '+' || r == '/'
}

// isBase64 is about form alone: digits, padding, the length.
func isBase64(s string) bool {
	digits := strings.TrimRight(s, "=")
	return len(s)%4 == 0 && len(s)-len(digits) <= 2 && only(digits, isBase64Digit)
}
