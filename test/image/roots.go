package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// roots are Mozilla's CA roots as one PEM file, each headed by its name.
//
// They come from a module that go.sum pins, not from the machine that builds, or the
// image would depend on that. They are a file, not compiled in, so that a plant can mount
// its own over it, or name another by SSL_CERT_FILE, and that a scanner sees them.
//
// Roots that Mozilla trusts only in part are left out: a PEM file cannot say in which.
func roots() ([]byte, error) {
	var out bytes.Buffer
	for r := range bundle.Roots() {
		if r.Constraint != nil {
			continue
		}
		cert, err := x509.ParseCertificate(r.Certificate)
		if err != nil {
			return nil, fmt.Errorf("a root of the bundle: %w", err)
		}
		fmt.Fprintf(&out, "# %s\n", cert.Subject)
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate}); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}
