package review_test

import (
	"slices"
	"testing"

	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/certtest"
)

// meaning are the codes that deny for what a certificate or CRL says. Any other
// denies for how it is written.
var meaning = []string{"X-01", "X-02", "X-15", "X-16", "X-17", "X-21", "X-23", "X-26", "X-32"}

// TestGallery puts every exhibit where a server's certificate or the CA's CRL
// was: what OpenSSL reads is never denied for its syntax alone, and what it
// cannot read is always denied.
func TestGallery(t *testing.T) {
	t.Parallel()
	for _, e := range certtest.Must(certtest.Gallery())(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			p := healthy(t)
			secret, entry, list := "server-der", "server.der", trust
			contentType := "application/pkix-cert"
			if e.CRL {
				secret, entry, list, contentType = "ca-crl", "ca.crl", issuer, "application/pkix-crl"
			}
			p.put(secret, e.DER, contentType)
			v := p.verdictOf("SecretSync", list)
			denied, syntax := 0, ""
			for _, f := range v.Findings {
				if f.Severity != verdict.Deny || f.Entry != entry {
					continue
				}
				denied++
				if f.Message == "" || f.Remedy == "" {
					t.Errorf("%s: %s says nothing", e.Category, f.Code)
				}
				if !slices.Contains(meaning, f.Code) {
					syntax += f.Code + ": " + f.Message + "\n"
				}
			}
			if e.OpenSSL && syntax != "" {
				t.Errorf("%s: OpenSSL reads it, and it is denied for how it is written:\n%s", e.Category, syntax)
			}
			if !e.OpenSSL && denied == 0 {
				t.Errorf("%s: OpenSSL cannot read it, and it is admitted", e.Category)
			}
		})
	}
}
