package certtest_test

import (
	"bytes"
	"crypto/x509"
	"os/exec"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/test/certtest"
)

// TestGallery holds the size of the gallery, that it is the same every time,
// and what crypto/x509 makes of it.
func TestGallery(t *testing.T) {
	t.Parallel()
	all, again := certtest.Must(certtest.Gallery())(t), certtest.Must(certtest.Gallery())(t)
	names, certificates, crls := map[string]bool{}, 0, 0
	for i, e := range all {
		if names[e.Name] || e.Category == "" {
			t.Errorf("%s: the name stands twice, or the category is missing", e.Name)
		}
		names[e.Name] = true
		if !bytes.Equal(e.DER, again[i].DER) {
			t.Errorf("%s is another one the second time", e.Name)
		}
		var err error
		if e.CRL {
			crls++
			_, err = x509.ParseRevocationList(e.DER)
		} else {
			certificates++
			_, err = x509.ParseCertificate(e.DER)
		}
		if (err == nil) != e.Go {
			t.Errorf("%s: labelled %t, crypto/x509 says %v", e.Name, e.Go, err)
		}
	}
	if certificates < 60 || crls < 25 {
		t.Errorf("%d certificates and %d CRLs", certificates, crls)
	}
}

// TestGalleryOpenSSL asks OpenSSL 3 itself, where it is installed.
func TestGalleryOpenSSL(t *testing.T) {
	t.Parallel()
	version, err := exec.CommandContext(t.Context(), "openssl", "version").Output()
	if err != nil || !strings.HasPrefix(string(version), "OpenSSL 3") {
		t.Logf("the labels are not checked here: no OpenSSL 3 (%v)", err)
		return
	}
	for _, e := range certtest.Must(certtest.Gallery())(t) {
		args := []string{"x509", "-inform", "DER", "-noout", "-subject", "-serial"}
		if e.CRL {
			args = []string{"crl", "-inform", "DER", "-noout", "-issuer"}
		}
		cmd := exec.CommandContext(t.Context(), "openssl", args...)
		cmd.Stdin = bytes.NewReader(e.DER)
		out, err := cmd.CombinedOutput()
		if (err == nil) != e.OpenSSL {
			t.Errorf("%s: labelled %t, OpenSSL says %v: %s", e.Name, e.OpenSSL, err, out)
		}
	}
}
