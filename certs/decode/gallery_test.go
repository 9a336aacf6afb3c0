package decode_test

import (
	"testing"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/test/certtest"
)

// TestGallery: what OpenSSL reads is read, with an oddity in words where
// crypto/x509 refuses it; what OpenSSL cannot read is not, and a problem says
// why.
func TestGallery(t *testing.T) {
	t.Parallel()
	for _, e := range certtest.Must(certtest.Gallery())(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			b := decode.Bytes(e.DER)
			oddity, read := "", false
			switch {
			case e.CRL && len(b.CRLs) > 0:
				read, oddity = true, b.CRLs[0].Oddity
			case !e.CRL && len(b.Certificates) > 0:
				read, oddity = true, b.Certificates[0].Oddity
			}
			if read != e.OpenSSL {
				t.Errorf("%s: read %t, by OpenSSL %t; it is %s, problems %v", e.Category, read, e.OpenSSL, b.Kind, b.Problems)
			}
			if !read && len(b.Problems) == 0 {
				t.Errorf("%s: refused without a reason", e.Category)
			}
			strict := e.Go || b.Trailing > 0 // which crypto/x509 is not asked about
			if read && strict != (oddity == "") {
				t.Errorf("%s: oddity %q, crypto/x509 reads it: %t", e.Category, oddity, e.Go)
			}
			if oddity == "an unusual structure" {
				t.Errorf("%s has no category: %s", e.Category, complaints(b))
			}
		})
	}
}

func complaints(b certs.Bundle) string {
	out := ""
	for _, c := range b.Certificates {
		out += c.StrictParseError
	}
	for _, l := range b.CRLs {
		out += l.StrictParseError
	}
	return out
}
