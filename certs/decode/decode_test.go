package decode_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/test/certtest"
	"software.sslmate.com/src/go-pkcs12"
)

// seen is what a table row expects of a bundle.
type seen struct {
	Kind            certs.Kind
	Format          certs.Format
	Certs, CRLs     int
	Private, Public int
	Blocks          int
	Problems        []certs.Reason
	Wrapped         certs.Wrapped
	Trailing        int
	Digest          bool
}

func look(b certs.Bundle) seen {
	s := seen{Kind: b.Kind, Format: b.Format, Certs: len(b.Certificates), CRLs: len(b.CRLs), Blocks: b.Blocks,
		Problems: reasons(b), Trailing: b.Trailing, Digest: b.SHA256 != ""}
	for _, k := range b.Keys {
		if k.Private {
			s.Private++
		} else {
			s.Public++
		}
	}
	if b.Wrapped != nil {
		s.Wrapped = *b.Wrapped
	}
	return s
}

type row struct {
	reason string
	in     []byte
	want   seen
}

func check(t *testing.T, rows map[string]row) {
	t.Helper()
	for name, tt := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.want.Problems == nil {
				tt.want.Problems = []certs.Reason{}
			}
			got := decode.Bytes(tt.in)
			if diff := cmp.Diff(tt.want, look(got)); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tt.reason, diff)
			}
			if got.Size != len(tt.in) {
				t.Errorf("size %d, want %d", got.Size, len(tt.in))
			}
		})
	}
}

func TestPEM(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	cert, key := s.leaf.PEM(), keyPEM(t, s.leaf.Key, certtest.PKCS8)
	one := func(k certs.Kind) seen { return seen{Kind: k, Format: certs.FormatPEM, Blocks: 1, Digest: true} }
	with := func(w seen, change func(*seen)) seen { change(&w); return w }
	certificate := with(one(certs.KindCertificate), func(w *seen) { w.Certs = 1 })
	odd := func(r ...certs.Reason) seen { return with(certificate, func(w *seen) { w.Problems = r }) }
	check(t, map[string]row{
		"certificate": {"the common case", cert, certificate},
		"crlf":        {"fine everywhere", bytes.ReplaceAll(cert, []byte("\n"), []byte("\r\n")), certificate},
		"bundle":      {"order is kept", joined(cert, s.ca.PEM()), with(one(certs.KindCertificateBundle), func(w *seen) { w.Certs, w.Blocks = 2, 2 })},
		"crl":         {"which the connector cannot read", s.crl.PEM(), with(one(certs.KindCRL), func(w *seen) { w.CRLs = 1 })},
		"certificate and crl": {"both are kept", joined(cert, s.crl.PEM()),
			with(one(certs.KindCertificateBundle), func(w *seen) { w.Certs, w.CRLs, w.Blocks = 1, 1, 2 })},
		"certificate and key": {"KV-20", joined(cert, key), with(one(certs.KindCertificateWithKey), func(w *seen) { w.Certs, w.Private, w.Blocks = 1, 1, 2 })},
		"request":             {"KV-18", certtest.PEM("CERTIFICATE REQUEST", certtest.Must(certtest.CSR(s.leaf.Key, "plc"))(t)), one(certs.KindCSR)},
		"pkcs7":               {"KV-18", certtest.PEM("PKCS7", certtest.Must(certtest.PKCS7(s.ca, s.leaf))(t)), with(one(certs.KindPKCS7), func(w *seen) { w.Certs = 2 })},
		"pkcs7 as certificate": {"what some tools export", certtest.PEM("CERTIFICATE", certtest.Must(certtest.PKCS7(s.ca))(t)),
			with(one(certs.KindPKCS7), func(w *seen) { w.Certs, w.Problems = 1, []certs.Reason{certs.ReasonBadCertificate} })},
		"trusted": {"OpenSSL's own label, with its settings behind", certtest.PEM("TRUSTED CERTIFICATE", joined(s.leaf.DER, []byte{0x30, 0})), odd(certs.ReasonOpenSSLLabel)},
		"unknown label": {"it has no place in a store", certtest.PEM("DH PARAMETERS", []byte{0x30, 0}),
			with(one(certs.KindUnknown), func(w *seen) { w.Problems, w.Digest = []certs.Reason{certs.ReasonUnknownBlock}, false })},
		"bom":            {"KV-17: Go finds no block behind it", joined([]byte("\xef\xbb\xbf"), cert), odd(certs.ReasonByteOrderMark)},
		"text around":    {"openssl x509 -text", joined([]byte("subject=plc\n"), cert, []byte("end\n")), odd(certs.ReasonTextAround)},
		"one line":       {"KV-17: --value \"$(cat)\" in some shells", bytes.ReplaceAll(cert, []byte("\n"), nil), odd(certs.ReasonLostNewlines)},
		"blanks":         {"KV-17: YAML folded it", bytes.ReplaceAll(cert, []byte("\n"), []byte(" ")), odd(certs.ReasonLostNewlines)},
		"literal \\n":    {"KV-17: out of JSON", bytes.ReplaceAll(cert, []byte("\n"), []byte(`\n`)), odd(certs.ReasonLostNewlines)},
		"headers":        {"strict readers refuse them", replaced(t, cert, "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nNote: x\n\n"), odd(certs.ReasonTextAround)},
		"trailing bytes": {"inside of the block", certtest.PEM("CERTIFICATE", joined(s.leaf.DER, []byte{1, 2})), with(odd(certs.ReasonTrailingData), func(w *seen) { w.Trailing = 2 })},
		"bad between good": {"one bad block never hides the others", joined(cert, certtest.PEM("CERTIFICATE", []byte("xx")), s.ca.PEM()),
			with(one(certs.KindCertificateBundle), func(w *seen) { w.Certs, w.Blocks, w.Problems = 2, 3, []certs.Reason{certs.ReasonBadCertificate} })},
		"cut short": {"no END line; the next block is read", joined(cert[:100], []byte("\n"), s.ca.PEM()),
			with(certificate, func(w *seen) { w.Blocks, w.Problems = 2, []certs.Reason{certs.ReasonBadCertificate} })},
		"wrong end": {"labels differ", replaced(t, cert, "END CERTIFICATE", "END X509 CRL"),
			with(one(certs.KindUnknown), func(w *seen) { w.Problems, w.Digest = []certs.Reason{certs.ReasonBadCertificate}, false })},
		"no content": {"an empty block", []byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
			with(one(certs.KindUnknown), func(w *seen) { w.Problems, w.Digest = []certs.Reason{certs.ReasonBadCertificate}, false })},
		"der with key behind": {"a key is found wherever it is", joined(s.leaf.DER, key),
			seen{Kind: certs.KindCertificateWithKey, Format: certs.FormatDER, Certs: 1, Private: 1, Blocks: 1, Trailing: len(key), Problems: []certs.Reason{certs.ReasonTrailingData}, Digest: true}},
	})
}

func TestDER(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	der := func(k certs.Kind, change func(*seen)) seen {
		w := seen{Kind: k, Format: certs.FormatDER, Digest: true}
		if change != nil {
			change(&w)
		}
		return w
	}
	none := func(k certs.Kind, problems ...certs.Reason) seen {
		return seen{Kind: k, Format: certs.FormatNone, Problems: problems}
	}
	check(t, map[string]row{
		"certificate": {"the common case", s.leaf.DER, der(certs.KindCertificate, func(w *seen) { w.Certs = 1 })},
		"trailing":    {"KV-21", joined(s.leaf.DER, []byte("\n")), der(certs.KindCertificate, func(w *seen) { w.Certs, w.Trailing, w.Problems = 1, 1, []certs.Reason{certs.ReasonTrailingData} })},
		"chain": {"KV-21: a chain as one blob, read to its end", joined(s.leaf.DER, s.ca.DER),
			der(certs.KindCertificateBundle, func(w *seen) {
				w.Certs, w.Trailing, w.Problems = 2, len(s.ca.DER), []certs.Reason{certs.ReasonTrailingData}
			})},
		"ber":         {"OpenSSL reads BER too", toBER(t, s.leaf.DER), der(certs.KindCertificate, func(w *seen) { w.Certs = 1 })},
		"ber crl":     {"the same", toBER(t, s.crl.DER), der(certs.KindCRL, func(w *seen) { w.CRLs = 1 })},
		"ber pkcs7":   {"as certutil writes it", toBER(t, certtest.Must(certtest.PKCS7(s.ca, s.leaf))(t)), der(certs.KindPKCS7, func(w *seen) { w.Certs = 2 })},
		"crl":         {"what the connector reads", s.crl.DER, der(certs.KindCRL, func(w *seen) { w.CRLs = 1 })},
		"request":     {"KV-18", certtest.Must(certtest.CSR(s.leaf.Key, "plc"))(t), der(certs.KindCSR, nil)},
		"pkcs7":       {"KV-18", certtest.Must(certtest.PKCS7(s.ca, s.leaf))(t), der(certs.KindPKCS7, func(w *seen) { w.Certs = 2 })},
		"pkcs12":      {"as Key Vault exports it: an empty password", certtest.Must(certtest.PKCS12("", s.leaf, s.ca))(t), der(certs.KindPKCS12, func(w *seen) { w.Certs, w.Private = 2, 1 })},
		"old pkcs12":  {"SHA-1 and triple DES", certtest.Must(certtest.LegacyPKCS12("", s.leaf))(t), der(certs.KindPKCS12, func(w *seen) { w.Certs, w.Private = 1, 1 })},
		"bare pkcs12": {"neither encrypted nor authenticated", certtest.Must(certtest.BarePKCS12(s.leaf))(t), der(certs.KindPKCS12, func(w *seen) { w.Certs, w.Private = 1, 1 })},
		"locked pkcs12": {"the key's bag shows, the certificates do not", certtest.Must(certtest.PKCS12("secret", s.leaf))(t),
			der(certs.KindPKCS12, func(w *seen) { w.Private, w.Problems = 1, []certs.Reason{certs.ReasonPasswordProtected} })},
		"old locked pkcs12": {"the same", certtest.Must(certtest.LegacyPKCS12("secret", s.leaf))(t),
			der(certs.KindPKCS12, func(w *seen) { w.Private, w.Problems = 1, []certs.Reason{certs.ReasonPasswordProtected} })},
		"ber pkcs12": {"as old Windows tools write it", toBER(t, certtest.Must(certtest.PKCS12("", s.leaf))(t)), der(certs.KindPKCS12, func(w *seen) { w.Certs, w.Private = 1, 1 })},
		"cut short":  {"half a file", s.leaf.DER[:200], none(certs.KindUnknown, certs.ReasonBadCertificate)},
		"through a text encoding": {"KV-16: bytes are lost for good", bytes.ToValidUTF8(s.leaf.DER, []byte("\uFFFD")),
			none(certs.KindUnknown, certs.ReasonReplacementChars)},
		"another sequence": {"DER, but nothing a store could hold", []byte{0x30, 0x03, 0x02, 0x01, 0x05}, none(certs.KindUnknown, certs.ReasonUnknownDER)},
		"binary":           {"a symmetric key, perhaps: no digest", []byte{0, 1, 2, 0xff}, none(certs.KindUnknown)},
	})
}

func TestText(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	text := func(w certs.Wrapped, problems ...certs.Reason) seen {
		return seen{Kind: certs.KindText, Format: certs.FormatNone, Wrapped: w, Problems: problems}
	}
	wrap := func(e string, k certs.Kind, f certs.Format) certs.Wrapped {
		return certs.Wrapped{Encodings: strings.Split(e, " of "), Kind: k, Format: f}
	}
	inHex := s.leaf.Hex()
	colons := strings.ToUpper(hex.EncodeToString(s.leaf.DER[:1]))
	for _, c := range s.leaf.DER[1:] {
		colons += ":" + strings.ToUpper(hex.EncodeToString([]byte{c}))
	}
	b64 := base64.StdEncoding.EncodeToString
	check(t, map[string]row{
		"empty":           {"", nil, seen{Kind: certs.KindEmpty, Format: certs.FormatNone}},
		"blank":           {"white space is nothing", []byte(" \n"), seen{Kind: certs.KindEmpty, Format: certs.FormatNone}},
		"password":        {"no digest, or it could be guessed", []byte("hunter2"), text(certs.Wrapped{})},
		"like DER":        {"0 is the byte that DER begins with", []byte("0" + strings.Repeat("1", 60)), text(certs.Wrapped{})},
		"double hex":      {"uploaded with --encoding hex from a file of hex", []byte(hex.EncodeToString([]byte(inHex))), text(wrap("hex of hex", certs.KindCertificate, certs.FormatDER))},
		"hex of base64":   {"the other way round", []byte(hex.EncodeToString([]byte(b64(s.leaf.DER)))), text(wrap("hex of base64", certs.KindCertificate, certs.FormatDER))},
		"json":            {"a service account file", []byte("{\n\t\"a\": 1\n}\n"), text(certs.Wrapped{}, certs.ReasonJSON)},
		"yaml":            {"a whole Secret", []byte("apiVersion: v1\nkind: Secret\n"), text(certs.Wrapped{}, certs.ReasonYAML)},
		"web page":        {"a proxy's login page instead of the download", []byte("\n<!DOCTYPE HTML><html><body>401</body></html>"), text(certs.Wrapped{}, certs.ReasonHTML)},
		"java key store":  {"what Java tools export", []byte("\xFE\xED\xFE\xED\x00\x00\x00\x02"), seen{Kind: certs.KindUnknown, Format: certs.FormatNone, Problems: []certs.Reason{certs.ReasonJavaKeyStore}}},
		"bom alone":       {"nothing behind it", []byte("\xef\xbb\xbf"), text(certs.Wrapped{}, certs.ReasonByteOrderMark)},
		"latin-1":         {"a password too, and no text to us: no digest", []byte("p\xe4ssword"), seen{Kind: certs.KindUnknown, Format: certs.FormatNone}},
		"utf-16":          {"PowerShell's redirection", utf16LE(s.leaf.PEM()), seen{Kind: certs.KindUnknown, Format: certs.FormatNone, Problems: []certs.Reason{certs.ReasonUTF16}}},
		"hex":             {"SPC-22", []byte(inHex), text(wrap("hex", certs.KindCertificate, certs.FormatDER))},
		"hex of PEM":      {"SPC-22: 2d2d2d2d2d", []byte(hex.EncodeToString(s.leaf.PEM())), text(wrap("hex", certs.KindCertificate, certs.FormatPEM))},
		"hex and newline": {"still hex", []byte(inHex + "\n"), text(wrap("hex", certs.KindCertificate, certs.FormatDER))},
		"colons":          {"as a viewer shows it", []byte(colons), text(wrap("hex", certs.KindCertificate, certs.FormatDER))},
		"0x":              {"as a program writes it", []byte("0x" + inHex), text(wrap("hex", certs.KindCertificate, certs.FormatDER))},
		"base64":          {"an encoding that was lost", []byte(b64(s.crl.DER)), text(wrap("base64", certs.KindCRL, certs.FormatDER))},
		"base64 of hex":   {"applied twice: both layers, the inner kind", []byte(b64([]byte(inHex))), text(wrap("base64 of hex", certs.KindCertificate, certs.FormatDER))},
		"three layers":    {"beyond the limit it is just text", []byte(hex.EncodeToString([]byte(b64([]byte(inHex))))), text(certs.Wrapped{})},
		"hex of text":     {"nothing a store could hold", []byte(hex.EncodeToString([]byte("hello, world"))), text(certs.Wrapped{})},
		"bom":             {"before any text", []byte("\xef\xbb\xbfhello"), text(certs.Wrapped{}, certs.ReasonByteOrderMark)},
		"replacement":     {"a lossy script", []byte("a\uFFFDb"), text(certs.Wrapped{}, certs.ReasonReplacementChars)},
		"pfx in base64":   {"what Key Vault answers for a certificate resource", []byte(b64(certtest.Must(certtest.PKCS12("", s.leaf))(t))), text(wrap("base64", certs.KindPKCS12, certs.FormatDER))},
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	large := decode.Bytes(make([]byte, decode.MaxSize+1))
	if large.Kind != certs.KindUnknown || !large.Has(certs.ReasonTooLarge) {
		t.Errorf("over the size limit: %s, %v", large.Kind, reasons(large))
	}
	many := decode.Bytes(bytes.Repeat(s.ca.PEM(), 1001))
	if len(many.Certificates) != 1000 || !many.Has(certs.ReasonTooMany) {
		t.Errorf("1001 blocks: %d certificates, %v", len(many.Certificates), reasons(many))
	}
	chain := decode.Bytes(bytes.Repeat(s.ca.DER, 1001))
	if len(chain.Certificates) != 1000 || !chain.Has(certs.ReasonTooMany) {
		t.Errorf("1001 DER values: %d certificates, %v", len(chain.Certificates), reasons(chain))
	}
	x := certtest.Must(s.leaf.X509())(t)
	slow := decode.Bytes(certtest.Must(pkcs12.LegacyDES.WithIterations(100_001).Encode(s.leaf.Key.Signer(), x, nil, ""))(t))
	if slow.Kind != certs.KindPKCS12 || len(slow.Certificates) != 0 || !slow.Has(certs.ReasonBadPKCS12) {
		t.Errorf("PKCS#12 that asks for 100001 rounds: %s, %d certificates, %v", slow.Kind, len(slow.Certificates), reasons(slow))
	}
	bad := decode.Bytes(bytes.Repeat(certtest.PEM("CERTIFICATE", []byte("x")), 1000))
	if len(bad.Problems) > 101 {
		t.Errorf("%d problems of one blob", len(bad.Problems))
	}
	deep := decode.Bytes(slices.Concat(bytes.Repeat([]byte{0x30, 0x80}, decode.MaxSize/4), bytes.Repeat([]byte{0, 0}, decode.MaxSize/4)))
	if deep.Kind != certs.KindUnknown {
		t.Errorf("BER in a quarter of a million layers: %s", deep.Kind)
	}
	serials := make([]*big.Int, 20_000)
	for i := range serials {
		serials[i] = big.NewInt(int64(i) + 1<<40)
	}
	long := decode.Bytes(certtest.Must(s.ca.CRL(certtest.CRLOptions{Revoked: serials}))(t).DER)
	if len(long.CRLs) != 1 || long.CRLs[0].Revoked != len(serials) {
		t.Fatalf("a CRL of %d entries: %s, %v", len(serials), long.Kind, reasons(long))
	}
	for serial := range decode.Entries(long.CRLs[0]) {
		if new(big.Int).SetBytes(serial).Cmp(serials[0]) != 0 {
			t.Fatalf("entry %x, want %x", serial, serials[0])
		}
		serials = serials[1:]
	}
	if len(serials) > 0 {
		t.Errorf("%d entries are lost", len(serials))
	}
}

func TestNothingIsShared(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	for name, in := range map[string][]byte{"DER": s.leaf.DER, "PEM": s.leaf.PEM(), "PKCS#7": certtest.Must(certtest.PKCS7(s.leaf))(t)} {
		in := bytes.Clone(in)
		got := decode.Bytes(in)
		clear(in)
		if !bytes.Equal(got.Certificates[0].Raw, s.leaf.DER) || !bytes.Equal(got.Certificates[0].RawSubject, s.leaf.RawSubject()) {
			t.Errorf("%s: the bundle changed with the caller's bytes", name)
		}
	}
}
