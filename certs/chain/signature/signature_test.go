package signature_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"testing"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain/signature"
	"github.com/storewarden/storewarden/test/certtest"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const good, bad, open = certs.Valid, certs.Invalid, certs.Unverifiable
	issue := func(o certtest.Options) *x509.Certificate {
		return certtest.Must(certtest.Must(certtest.SelfSigned(o))(t).X509())(t)
	}
	rsaKey := issue(certtest.Options{Key: certtest.RSA1024})
	md5 := issue(certtest.Options{Key: certtest.RSA1024, Hash: crypto.MD5})
	ec := issue(certtest.Options{})
	huge := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1<<20), E: 65537}
	for name, tt := range map[string]struct {
		reason    string
		algorithm x509.SignatureAlgorithm
		key       any
		of        *x509.Certificate
		want      certs.Signature
	}{
		"rsa":               {"", x509.SHA256WithRSA, rsaKey.PublicKey, rsaKey, good},
		"ec":                {"", x509.ECDSAWithSHA256, ec.PublicKey, ec, good},
		"md5":               {"crypto/x509 alone refuses it", x509.MD5WithRSA, md5.PublicKey, md5, good},
		"not md5":           {"another hash", x509.MD5WithRSA, rsaKey.PublicKey, rsaKey, bad},
		"md5 by an EC key":  {"there is none", x509.MD5WithRSA, ec.PublicKey, md5, bad},
		"other hash":        {"", x509.SHA512WithRSA, rsaKey.PublicKey, rsaKey, bad},
		"other kind of key": {"", x509.SHA256WithRSA, ec.PublicKey, rsaKey, bad},
		"no key":            {"of an algorithm Go lacks", x509.SHA256WithRSA, nil, rsaKey, open},
		"no algorithm":      {"", x509.UnknownSignatureAlgorithm, rsaKey.PublicKey, rsaKey, open},
		"huge key":          {"nobody computes with a million bits", x509.SHA256WithRSA, huge, rsaKey, open},
		"unknown key":       {"", x509.ECDSAWithSHA256, ecdsa.PrivateKey{}, ec, open},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := signature.Check(tt.algorithm.String(), tt.key, tt.of.RawTBSCertificate, tt.of.Signature); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.reason, got, tt.want)
			}
		})
	}
}
