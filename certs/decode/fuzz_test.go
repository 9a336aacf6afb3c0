package decode_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/test/certtest"
)

// FuzzOuter: for any value and encoding Outer agrees with the functions that
// the provider calls; its error is an EncodingError with a reason of the
// closed list, and holds nothing of the value; Sniff names only encodings that
// then decode.
func FuzzOuter(f *testing.F) {
	for _, seed := range []string{
		"3082", "308", "0x3082", "30:82", "30 82\n", // hex: digits, odd, prefix, colons, blanks
		"-----BEGIN X-----", "MIIB", "MIIB\nMIIB", "MII", "MI IB", // PEM, base64: plain, breaks, length, blanks
		"deadbeef", "hunter2!", "", // both encodings, neither, nothing
		strings.Repeat("30", 100), // hex by its length alone
	} {
		for _, enc := range []decode.Encoding{decode.UTF8, decode.Hex, decode.Base64, "binary"} {
			f.Add(seed, string(enc))
		}
	}
	reasons := map[string]bool{decode.OddLength: true, decode.HexPrefix: true, decode.Colons: true, decode.Whitespace: true,
		decode.LooksLikePEM: true, decode.LooksLikeBase64: true, decode.LooksLikeHex: true, decode.InvalidCharacter: true, decode.UnknownEncoding: true}
	f.Fuzz(func(t *testing.T, value, enc string) {
		got, err := decode.Outer(value, decode.Encoding(enc))
		want, wantErr := []byte(value), error(nil)
		switch decode.Encoding(enc) {
		case decode.UTF8:
		case decode.Hex:
			want, wantErr = hex.DecodeString(value)
		case decode.Base64:
			want, wantErr = base64.StdEncoding.DecodeString(value)
		default:
			wantErr = errors.New("unknown")
		}
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("Outer and the provider disagree: %v, %v", err, wantErr)
		}
		var e *decode.EncodingError
		if err != nil && (!errors.As(err, &e) || !reasons[e.Reason] || got != nil) {
			t.Fatalf("error %v with %d bytes", err, len(got))
		}
		if _, err := decode.Outer(strings.TrimSpace(value), decode.Sniff(value)); err != nil {
			t.Fatalf("sniffed as %s, which does not decode: %v", decode.Sniff(value), err)
		}
	})
}

// FuzzBytes holds the contract for anything at all.
func FuzzBytes(f *testing.F) {
	seed(f, "")
	f.Fuzz(func(t *testing.T, in []byte) { contract(t, in) })
}

// FuzzPEM: and white space around changes nothing but the digest.
func FuzzPEM(f *testing.F) {
	seed(f, "pem")
	f.Fuzz(func(t *testing.T, in []byte) {
		b := contract(t, in)
		if b.Format != certs.FormatPEM || b.Trailing > 0 {
			return
		}
		again := contract(t, append(bytes.Clone(in), "\r\n \n"...))
		if again.Kind != b.Kind || again.Blocks != b.Blocks || len(again.Problems) != len(b.Problems) {
			t.Fatalf("with white space behind it %s of %d blocks is %s of %d", b.Kind, b.Blocks, again.Kind, again.Blocks)
		}
	})
}

// FuzzCertificate, FuzzCRL, FuzzPKCS7 and FuzzPKCS12: and the same bytes in a
// PEM block hold the same.
func FuzzCertificate(f *testing.F) { fuzzDER(f, "certificate", "CERTIFICATE") }
func FuzzCRL(f *testing.F)         { fuzzDER(f, "crl", "X509 CRL") }
func FuzzPKCS7(f *testing.F)       { fuzzDER(f, "pkcs7", "PKCS7") }
func FuzzPKCS12(f *testing.F)      { fuzzDER(f, "pkcs12", "") }

func fuzzDER(f *testing.F, seeds, label string) {
	seed(f, seeds)
	f.Fuzz(func(t *testing.T, in []byte) {
		b := contract(t, in)
		if b.Format != certs.FormatDER || label == "" || bytes.Contains(in, []byte("-----")) {
			return
		}
		again := contract(t, certtest.PEM(label, in))
		if len(again.Certificates) != len(b.Certificates) || len(again.CRLs) != len(b.CRLs) || len(again.Keys) != len(b.Keys) {
			t.Fatalf("%d certificates, %d CRLs, %d keys in DER; %d, %d, %d in PEM", len(b.Certificates), len(b.CRLs), len(b.Keys),
				len(again.Certificates), len(again.CRLs), len(again.Keys))
		}
	})
}

// seed adds the seeds whose name holds a part.
func seed(f *testing.F, part string) {
	for name, seed := range fuzzSeeds(f) {
		if strings.Contains(name, part) {
			f.Add(seed)
		}
	}
	for _, e := range certtest.Must(certtest.Gallery())(f) {
		if e.CRL && part == "crl" || !e.CRL && part == "certificate" {
			f.Add(e.DER)
		}
	}
}

// contract: no input panics or is changed; the kind and the format are of the
// closed lists; text, empty and unknown bytes have no parts but unreadable
// ones, and no digest, so that nothing unknown ever suits a store; PKCS#12 with
// a password has no certificates; an oddity is what a complaint is about;
// whatever was read as a certificate or a CRL is read to the same again from
// its own bytes; and a CRL has as many entries as it says.
func contract(t *testing.T, in []byte) certs.Bundle {
	kept := bytes.Clone(in)
	b := decode.Bytes(in)
	if !bytes.Equal(kept, in) {
		t.Fatal("the input was changed")
	}
	if !kinds[b.Kind] || b.Format != certs.FormatDER && b.Format != certs.FormatPEM && b.Format != certs.FormatNone {
		t.Fatalf("kind %q, format %q", b.Kind, b.Format)
	}
	nothing := b.Kind == certs.KindText || b.Kind == certs.KindEmpty || b.Kind == certs.KindUnknown
	if nothing && (len(b.Certificates)+len(b.CRLs)+len(b.Keys) > 0 || b.SHA256 != "") {
		t.Fatalf("%s with %d certificates, %d CRLs, %d keys, digest %q", b.Kind, len(b.Certificates), len(b.CRLs), len(b.Keys), b.SHA256)
	}
	if b.Kind == certs.KindPKCS12 && b.Trailing == 0 && b.Blocks == 0 && b.Has(certs.ReasonPasswordProtected) && len(b.Certificates) > 0 {
		t.Fatal("PKCS#12 with a password shows certificates")
	}
	for _, c := range b.Certificates {
		again := decode.Bytes(c.Raw)
		if again.Kind != certs.KindCertificate || again.Certificates[0].SHA256 != c.SHA256 || again.Trailing != 0 {
			t.Fatalf("a certificate read again is a %s", again.Kind)
		}
		if (c.Oddity == "") != (c.StrictParseError == "") || c.SelfIssued != (c.SelfSignature != "") {
			t.Fatalf("complaint %q, oddity %q, self-signature %q, self-issued %t", c.StrictParseError, c.Oddity, c.SelfSignature, c.SelfIssued)
		}
	}
	for _, l := range b.CRLs {
		if again := decode.Bytes(l.Raw); again.Kind != certs.KindCRL || again.CRLs[0].SHA256 != l.SHA256 {
			t.Fatalf("a CRL read again is a %s", again.Kind)
		}
		entries := 0
		for range decode.Entries(l) {
			entries++
		}
		if entries != l.Revoked {
			t.Fatalf("%d entries, %d said", entries, l.Revoked)
		}
	}
	return b
}

var kinds = map[certs.Kind]bool{
	certs.KindCertificate: true, certs.KindCertificateBundle: true, certs.KindCRL: true, certs.KindPrivateKey: true,
	certs.KindCertificateWithKey: true, certs.KindPublicKey: true, certs.KindCSR: true, certs.KindPKCS12: true,
	certs.KindPKCS7: true, certs.KindText: true, certs.KindEmpty: true, certs.KindUnknown: true,
}

// fuzzSeeds is one input per branch, by the name of the branch.
func fuzzSeeds(f *testing.F) map[string][]byte {
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "fuzz", AuthoritySerial: certtest.Must(certtest.NewCA(certtest.Options{}))(f).Serial}))(f)
	leaf := certtest.Must(ca.Issue(certtest.Options{CommonName: "leaf", URIs: []string{"urn:a"}, DNSNames: []string{"a"}, IPAddresses: []string{"::1"}}))(f)
	rsa := certtest.Must(certtest.NewKey(certtest.RSA768, "fuzz"))(f)
	seeds := map[string][]byte{
		"empty": nil, "blank": []byte(" \n"), "text": []byte("hunter2"), "unknown": {0, 1, 0xff},
		"der certificate": leaf.DER, "pem certificate": leaf.PEM(), "trailing": append(bytes.Clone(leaf.DER), 0),
		"der chain": append(bytes.Clone(leaf.DER), ca.DER...), "cut short": leaf.DER[:100],
		"ber certificate": toBER(f, leaf.DER), "ber crl": toBER(f, certtest.Must(ca.CRL(certtest.CRLOptions{Revoked: []*big.Int{ca.Serial}}))(f).DER),
		"ber pkcs12": toBER(f, certtest.Must(certtest.LegacyPKCS12("", leaf))(f)), "pem crl": certtest.Must(ca.CRL(certtest.CRLOptions{}))(f).PEM(),
		"pem chain": append(leaf.PEM(), ca.PEM()...), "pem literal": bytes.ReplaceAll(leaf.PEM(), []byte("\n"), []byte(`\n`)),
		"pem open": []byte("-----BEGIN PRIVATE KEY"), "pem bom": append([]byte("\xef\xbb\xbf"), leaf.PEM()...), "pem json": []byte(`{"a": "` + strings.ReplaceAll(string(leaf.PEM()), "\n", `\n`) + `"}`),
		"version 1": certtest.Must(certtest.NewCA(certtest.Options{Version: 1}))(f).DER,
		"crl":       certtest.Must(ca.CRL(certtest.CRLOptions{Revoked: []*big.Int{ca.Serial}}))(f).DER,
		"crl 1":     certtest.Must(ca.CRL(certtest.CRLOptions{Version: 1}))(f).PEM(),
		"request":   certtest.Must(certtest.CSR(leaf.Key, "a"))(f),
		"pkcs7":     certtest.Must(certtest.PKCS7(ca, leaf))(f), "ber pkcs7": toBER(f, certtest.Must(certtest.PKCS7(ca, leaf))(f)),
		"pkcs12": certtest.Must(certtest.PKCS12("", leaf))(f), "pkcs12 legacy": certtest.Must(certtest.LegacyPKCS12("", leaf))(f),
		"pkcs12 bare": certtest.Must(certtest.BarePKCS12(leaf))(f), "pkcs12 locked": certtest.Must(certtest.PKCS12("x", leaf))(f),
		"pkcs8": keyDER(f, leaf.Key, certtest.PKCS8), "sec1": keyDER(f, leaf.Key, certtest.EC), "encrypted": keyDER(f, leaf.Key, certtest.EncryptedPKCS8),
		"pkcs1": keyDER(f, rsa, certtest.PKCS1), "public": keyDER(f, rsa, certtest.Public), "public pkcs1": keyDER(f, rsa, certtest.PublicPKCS1),
		"html": []byte("<html>"), "yaml": []byte("apiVersion: v1"), "jks": []byte("\xFE\xED\xFE\xED"),
		"legacy encrypted": keyPEM(f, rsa, certtest.LegacyRSA), "key pem": keyPEM(f, leaf.Key, certtest.PKCS8),
		"bom": append([]byte("\xef\xbb\xbf"), leaf.PEM()...), "one line": bytes.ReplaceAll(leaf.PEM(), []byte("\n"), nil),
		"literal": bytes.ReplaceAll(leaf.PEM(), []byte("\n"), []byte(`\n`)), "no end": leaf.PEM()[:90],
		"trusted": certtest.PEM("TRUSTED CERTIFICATE", append(bytes.Clone(leaf.DER), 0x30, 0)), "wrong label": certtest.PEM("X509 CRL", leaf.DER),
		"utf-16": utf16LE(leaf.PEM()), "replacement": bytes.ToValidUTF8(leaf.DER, []byte("\uFFFD")),
		"hex": []byte(leaf.Hex()), "base64": []byte(base64.StdEncoding.EncodeToString(leaf.DER)),
	}
	return seeds
}
