package decode_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/test/certtest"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
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

// encrypted is the tag of encryptedContent in PKCS#7, an OCTET STRING too.
const encrypted = asn1.Tag(0x80)

// toBER writes every constructed value of a DER value with an indefinite
// length, and every OCTET STRING in two
// pieces. It serves PKCS#7, PKCS#12 and what has no other [0].
func toBER(t testing.TB, der []byte) []byte {
	t.Helper()
	var out []byte
	for s := cryptobyte.String(der); !s.Empty(); {
		var content cryptobyte.String
		var tag asn1.Tag
		element := s
		if !s.ReadAnyASN1(&content, &tag) {
			t.Fatal("toBER: this is no DER")
		}
		element = element[:len(element)-len(s)]
		switch {
		case tag&0x20 != 0:
			out = append(append(append(out, byte(tag), 0x80), toBER(t, content)...), 0, 0)
		case (tag == asn1.OCTET_STRING || tag == encrypted) && len(content) > 1:
			half := len(content) / 2
			out = append(out, byte(tag)|0x20, 0x80)
			for _, piece := range [][]byte{content[:half], content[half:]} {
				var b cryptobyte.Builder
				b.AddASN1OctetString(piece)
				out = append(out, b.BytesOrPanic()...)
			}
			out = append(out, 0, 0)
		default:
			out = append(out, element...)
		}
	}
	return out
}
