package decode_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/test/certtest"
)

// sample is one material for all tables: a CA, a leaf with an RSA key, its own
// key, and a CRL.
type sample struct {
	ca, leaf *certtest.Cert
	crl      *certtest.CRL
}

func newSample(t testing.TB) sample {
	t.Helper()
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Organization: "Plant"}))(t)
	return sample{
		ca:   ca,
		leaf: certtest.Must(ca.Issue(certtest.Options{CommonName: "plc", Key: certtest.RSA1024, URIs: []string{"urn:plc:1"}}))(t),
		crl:  certtest.Must(ca.CRL(certtest.CRLOptions{}))(t),
	}
}

func joined(parts ...[]byte) []byte { return slices.Concat(parts...) }

// utf16LE is text as PowerShell 5 redirects it.
func utf16LE(text []byte) []byte {
	out := []byte{0xff, 0xfe}
	for _, c := range text {
		out = append(out, c, 0)
	}
	return out
}

func reasons(b certs.Bundle) []certs.Reason {
	out := []certs.Reason{}
	for _, p := range b.Problems {
		out = append(out, p.Reason)
	}
	return out
}

// keyPEM and keyDER are the forms of a key, where every form is known to exist.
func keyPEM(t testing.TB, k *certtest.Key, f certtest.KeyForm) []byte {
	t.Helper()
	return certtest.Must(k.PEM(f))(t)
}

func keyDER(t testing.TB, k *certtest.Key, f certtest.KeyForm) []byte {
	t.Helper()
	return certtest.Must(k.DER(f))(t)
}

// replaced damages bytes where old stands.
func replaced(t testing.TB, b []byte, old, with string) []byte {
	t.Helper()
	if !bytes.Contains(b, []byte(old)) {
		t.Fatalf("nothing to replace: the sample changed")
	}
	return bytes.ReplaceAll(b, []byte(old), []byte(with))
}
