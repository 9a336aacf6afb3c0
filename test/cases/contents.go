package cases

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// placeholder is a content in a manifest: $(server.der), or $(hex server.der)
// for one that is still encoded.
var placeholder = regexp.MustCompile(`\$\(([^()]*)\)`)

// fill puts contents into a Secret's data, in base64 as the API has them.
func fill(raw []byte) ([]byte, error) {
	var failed error
	out := placeholder.ReplaceAllFunc(raw, func(m []byte) []byte {
		encoding, expression, ok := strings.Cut(string(m[2:len(m)-1]), " ")
		if !ok {
			encoding, expression = "", encoding
		}
		value, err := value(encoding, expression)
		if err != nil {
			failed = err
		}
		return []byte(base64.StdEncoding.EncodeToString([]byte(value)))
	})
	return out, failed
}

// value is a content as a person or a tool stored it.
func value(encoding, expression string) (string, error) {
	raw, err := content(expression)
	if err != nil {
		return "", err
	}
	encode, ok := encodings[encoding]
	if !ok {
		return "", fmt.Errorf("the encoding %q is not known", encoding)
	}
	return encode(raw), nil
}

// encodings are the right ways to store a file, and the wrong ones that people
// meet.
var encodings = map[string]func([]byte) string{
	"":                func(b []byte) string { return string(b) },
	"utf-8":           func(b []byte) string { return string(b) },
	"hex":             hex.EncodeToString,
	"base64":          base64.StdEncoding.EncodeToString,
	"hex-upper":       func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) },
	"hex-prefix":      func(b []byte) string { return "0x" + hex.EncodeToString(b) },
	"hex-newline":     func(b []byte) string { return hex.EncodeToString(b) + "\n" },
	"hex-odd":         func(b []byte) string { return strings.TrimSuffix(hex.EncodeToString(b), "0") + "a" },
	"hex-colons":      colons,
	"one-line":        func(b []byte) string { return strings.ReplaceAll(string(b), "\n", " ") },
	"literal-n":       func(b []byte) string { return strings.ReplaceAll(string(b), "\n", `\n`) },
	"byte-order-mark": func(b []byte) string { return "\ufeff" + string(b) },
	"lossy":           func(b []byte) string { return strings.ToValidUTF8(string(b), "\ufffd") },
}

func colons(b []byte) string {
	var out bytes.Buffer
	for i, c := range b {
		if i > 0 {
			out.WriteByte(':')
		}
		fmt.Fprintf(&out, "%02X", c)
	}
	return out.String()
}

// content joins named materials: server.pem+ca.pem.
func content(expression string) ([]byte, error) {
	var out []byte
	for name := range strings.SplitSeq(expression, "+") {
		m, err := material(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		out = append(out, m...)
	}
	return out, nil
}

// Content is what is behind the words for a content, such as server.pem+ca.pem.
func Content(expression string) ([]byte, error) { return content(expression) }
