package decode_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/test/certtest"
)

func TestParseEncoding(t *testing.T) {
	t.Parallel()
	type answer struct {
		Encoding decode.Encoding
		OK       bool
	}
	for in, want := range map[string]answer{
		"":       {decode.UTF8, true},
		"utf-8":  {decode.UTF8, true},
		"UTF-8":  {decode.UTF8, true},
		"hex":    {decode.Hex, true},
		"HEX":    {decode.Hex, true},
		"Base64": {decode.Base64, true},
		"utf8":   {},
		"binary": {},
		" hex":   {}, // whoever reads the object trims it
	} {
		e, ok := decode.ParseEncoding(in)
		if diff := cmp.Diff(want, answer{e, ok}); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", in, diff)
		}
	}
}

func TestOuter(t *testing.T) {
	t.Parallel()
	cert := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "outer"}))(t)
	lower := cert.Hex()
	b64 := base64.StdEncoding.EncodeToString(cert.DER)
	tests := map[string]struct {
		reason string
		value  string
		enc    decode.Encoding
		want   []byte
		why    string
	}{
		"hex":                {"as the az CLI writes it", lower, decode.Hex, cert.DER, ""},
		"upper-case hex":     {"Go accepts both", strings.ToUpper(lower), decode.Hex, cert.DER, ""},
		"empty hex":          {"nothing decodes to nothing", "", decode.Hex, []byte{}, ""},
		"odd hex":            {"KV-14", lower[1:], decode.Hex, nil, decode.OddLength},
		"0x":                 {"KV-14", "0x" + lower, decode.Hex, nil, decode.HexPrefix},
		"0X and line break":  {"the first cause is said", "0X" + lower + "\n", decode.Hex, nil, decode.HexPrefix},
		"colons":             {"KV-14", "30:82:01", decode.Hex, nil, decode.Colons},
		"hex and newline":    {"KV-14: echo adds one", lower + "\n", decode.Hex, nil, decode.Whitespace},
		"wrapped hex":        {"KV-14: xxd -p", lower[:60] + "\r\n" + lower[60:], decode.Hex, nil, decode.Whitespace},
		"pem as hex":         {"SPC-23", string(cert.PEM()), decode.Hex, nil, decode.LooksLikePEM},
		"base64 as hex":      {"SPC-23", b64, decode.Hex, nil, decode.LooksLikeBase64},
		"password as hex":    {"SPC-23", "pass word!", decode.Hex, nil, decode.InvalidCharacter},
		"base64":             {"plain", b64, decode.Base64, cert.DER, ""},
		"base64 with breaks": {"as Python's encodebytes writes it; Go ignores them", b64[:76] + "\n" + b64[76:] + "\r\n", decode.Base64, cert.DER, ""},
		"base64 with blanks": {"those it does not", b64[:76] + " " + b64[76:], decode.Base64, nil, decode.Whitespace},
		"unpadded base64":    {"StdEncoding wants padding", "QUI", decode.Base64, nil, decode.OddLength},
		"pem as base64":      {"", string(cert.PEM()), decode.Base64, nil, decode.LooksLikePEM},
		"hex as base64":      {"SPC-24 where the length betrays it", "308201", decode.Base64, nil, decode.LooksLikeHex},
		"password as base64": {"", "pass-word", decode.Base64, nil, decode.InvalidCharacter},
		"utf-8":              {"as it is", "any\nthing\xff", decode.UTF8, []byte("any\nthing\xff"), ""},
		"unknown":            {"callers parse first", "x", "binary", nil, decode.UnknownEncoding},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decode.Outer(tt.value, tt.enc)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tt.reason, diff)
			}
			var e *decode.EncodingError
			switch {
			case tt.why == "" && err != nil:
				t.Errorf("%s: %v", tt.reason, err)
			case tt.why != "" && (!errors.As(err, &e) || e.Reason != tt.why || e.Encoding != tt.enc):
				t.Errorf("%s: error %v, want reason %s", tt.reason, err, tt.why)
			}
		})
	}
}

func TestHexReadAsBase64IsGarbageWithoutError(t *testing.T) {
	t.Parallel()
	// SPC-24: the provider reports nothing either; Sniff is how it shows.
	value := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "spc-24"}))(t).Hex()
	value = value[:len(value)/4*4]
	b, err := decode.Outer(value, decode.Base64)
	if err != nil || len(b) == 0 {
		t.Fatalf("%d bytes, %v; want garbage without an error", len(b), err)
	}
	if got := decode.Sniff(value); got != decode.Hex {
		t.Errorf("sniffed as %s, want hex", got)
	}
}

func TestSniff(t *testing.T) {
	t.Parallel()
	cert := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "sniff"}))(t)
	for name, tt := range map[string]struct {
		value string
		want  decode.Encoding
	}{
		"hex certificate":       {cert.Hex(), decode.Hex},
		"hex PEM":               {hex.EncodeToString(cert.PEM()), decode.Hex},
		"hex with newline":      {cert.Hex() + "\n", decode.Hex},
		"long hex of anything":  {strings.Repeat("ab", 100), decode.Hex},
		"base64 certificate":    {base64.StdEncoding.EncodeToString(cert.DER), decode.Base64},
		"PEM":                   {string(cert.PEM()), decode.UTF8},
		"DER":                   {string(cert.DER), decode.UTF8},
		"hex password":          {"deadbeef", decode.UTF8},
		"SHA-256":               {cert.Key.PublicKeyID(), decode.UTF8},
		"base64-like password":  {"Sommer2026Winter", decode.UTF8},
		"empty":                 {"", decode.UTF8},
		"base64 of no interest": {base64.StdEncoding.EncodeToString([]byte("a password of some length")), decode.UTF8},
	} {
		if got := decode.Sniff(tt.value); got != tt.want {
			t.Errorf("%s: sniffed as %s, want %s", name, got, tt.want)
		}
	}
}
