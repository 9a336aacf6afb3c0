package decode_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
)

// bundles are where systems keep their public roots.
var bundles = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}

// TestSystemRoots reads every public root of this system without a complaint.
func TestSystemRoots(t *testing.T) {
	t.Parallel()
	for _, path := range bundles {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		b := decode.Bytes(raw)
		for _, p := range b.Problems {
			if p.Reason != certs.ReasonTextAround { // some bundles name their roots in comments
				t.Errorf("%s: %s", path, p.Message)
			}
		}
		if len(b.Certificates) == 0 || len(b.Certificates) != b.Blocks {
			t.Errorf("%s: %d certificates in %d blocks", path, len(b.Certificates), b.Blocks)
		}
		for _, c := range b.Certificates {
			if c.StrictParseError != "" || c.KeyBits == 0 || !c.SelfSigned() && c.SelfSignature != certs.Unverifiable {
				t.Errorf("%s: %q, %d bits, self-signature %q", c.Subject, c.StrictParseError, c.KeyBits, c.SelfSignature)
			}
		}
		t.Logf("%s: %d certificates", path, len(b.Certificates))
		return
	}
	t.Log("this system keeps no bundle of roots where it is looked for")
}

// TestEverythingAround gives an answer to every file that looks like a
// certificate, a CRL or a key in Go's own tests and in those of the modules at
// hand, many of them malformed on purpose.
func TestEverythingAround(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	extensions := []string{".pem", ".crt", ".cer", ".der", ".crl", ".p7b", ".p7c", ".p12", ".pfx", ".key", ".csr", ".cert"}
	count := map[certs.Kind]int{}
	files, refused := 0, 0
	for _, root := range strings.Fields(string(out)) {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) {
				return nil // what cannot be read is none of our business
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return nil
			}
			b := decode.Bytes(raw)
			files++
			count[b.Kind]++
			for _, c := range b.Certificates {
				if c.StrictParseError != "" {
					refused++
				}
			}
			if b.Kind == certs.KindUnknown && len(b.Problems) == 0 && strings.Contains(string(raw), "-----BEGIN ") {
				t.Errorf("%s: PEM that is neither read nor complained about", path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files == 0 {
		t.Error("not even Go's own tests hold a certificate")
	}
	t.Logf("%d files: %v; crypto/x509 refuses %d certificates that were read", files, count, refused)
}
