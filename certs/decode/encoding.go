// Package decode turns bytes into what they are. Outer undoes the encoding of a
// vault secret's text exactly as the Azure provider does; Bytes names what the
// result is: certificates and CRLs in PEM or DER, keys, PKCS#12, PKCS#7,
// requests, text, or nothing. What is odd is a problem beside the good parts,
// never an error that hides them. Input is limited, recursion bounded, and the
// time linear; no private byte leaves the package.
package decode

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// Encoding is how bytes are written as the text of a vault secret.
type Encoding string

// The encodings that the provider knows.
const (
	UTF8   Encoding = "utf-8"
	Hex    Encoding = "hex"
	Base64 Encoding = "base64"
)

// ParseEncoding reads objectEncoding as the provider does: any case, and empty
// means utf-8.
func ParseEncoding(s string) (Encoding, bool) {
	switch e := Encoding(strings.ToLower(s)); e {
	case "":
		return UTF8, true
	case UTF8, Hex, Base64:
		return e, true
	}
	return "", false
}

// The closed list of reasons why a value is not in its declared encoding.
const (
	OddLength        = "odd-length"
	HexPrefix        = "hex-prefix" // 0x
	Colons           = "colons"     // 30:82:…
	Whitespace       = "whitespace" // a trailing newline, spaces or wrapped lines
	LooksPEM         = "pem"
	LooksBase64      = "base64"
	LooksHex         = "hex"
	InvalidCharacter = "other"
)

// EncodingError is a value that is not in its declared encoding. It says how,
// and quotes nothing of the value.
type EncodingError struct {
	Encoding Encoding
	Reason   string
}

func (e *EncodingError) Error() string {
	return fmt.Sprintf("the value is not %s (%s)", e.Encoding, e.Reason)
}

// Outer undoes the encoding as the provider does, with the standard library's
// strict hex (no prefix, separator or newline) and its base64 (newlines are
// ignored). The error is an *EncodingError.
func Outer(value string, enc Encoding) ([]byte, error) {
	switch enc {
	case Hex:
		if raw, err := hex.DecodeString(value); err == nil {
			return raw, nil
		}
		return nil, &EncodingError{Hex, notHex(value)}
	case Base64:
		if raw, err := base64.StdEncoding.DecodeString(value); err == nil {
			return raw, nil
		}
		return nil, &EncodingError{Base64, notBase64(value)}
	}
	return []byte(value), nil
}

// notHex tells in which way a value fails to be hex.
func notHex(value string) string {
	trimmed := strings.TrimSpace(value)
	squeezed := squeeze(trimmed)
	switch {
	case strings.Contains(value, "-----BEGIN"):
		return LooksPEM
	case isHex(squeezed) && squeezed != value:
		return Whitespace
	case isHex(strings.TrimPrefix(strings.TrimPrefix(squeezed, "0x"), "0X")) && len(squeezed) > 2:
		return HexPrefix
	case strings.Contains(squeezed, ":") && isHex(strings.ReplaceAll(squeezed, ":", "")):
		return Colons
	case len(squeezed)%2 == 1 && isHexDigits(squeezed):
		return OddLength
	case isBase64(value):
		return LooksBase64
	}
	return InvalidCharacter
}

func notBase64(value string) string {
	switch squeezed := squeeze(value); {
	case strings.Contains(value, "-----BEGIN"):
		return LooksPEM
	case isHex(squeezed):
		return LooksHex
	case squeezed != value && isBase64(squeezed):
		return Whitespace
	}
	return InvalidCharacter
}

// Sniff guesses the encoding of a text that nobody declared: hex that decodes,
// base64 of something that a store could hold, and else utf-8.
func Sniff(value string) Encoding {
	squeezed := squeeze(value)
	if isHex(squeezed) && recognised(squeezed, Hex) {
		return Hex
	}
	if !strings.Contains(value, "-----BEGIN") && isBase64(squeezed) && recognised(squeezed, Base64) {
		return Base64
	}
	return UTF8
}

// recognised reports whether text in an encoding holds something with a name.
func recognised(value string, enc Encoding) bool {
	raw, err := Outer(value, enc)
	if err != nil {
		return false
	}
	b := classify(raw, 1)
	return holdsSomething(b.Kind)
}

func squeeze(s string) string {
	if !strings.ContainsAny(s, " \t\r\n") {
		return s
	}
	return strings.Join(strings.Fields(s), "")
}

func isHex(s string) bool { return len(s) > 0 && len(s)%2 == 0 && isHexDigits(s) }

func isHexDigits(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return len(s) > 0
}

func isBase64(s string) bool {
	if len(s) < 16 {
		return false
	}
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil
}
