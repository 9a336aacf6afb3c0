package decode_test

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/test/certtest"
)

// BenchmarkBytes is a vault secret at first sight: hex off, certificate or CRL
// read. Beside each stands crypto/x509 alone on the same bytes.
func BenchmarkBytes(b *testing.B) {
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(b)
	uri := []string{"urn:plc"}
	leaf := certtest.Must(ca.Issue(certtest.Options{CommonName: "plc", Key: certtest.RSA2048, URIs: uri}))(b)
	ec := certtest.Must(ca.Issue(certtest.Options{CommonName: "plc", URIs: uri}))(b)
	var serials []*big.Int
	for i := range int64(350) {
		serials = append(serials, big.NewInt(1_000_000+i))
	}
	crl := certtest.Must(ca.CRL(certtest.CRLOptions{Revoked: serials}))(b)
	for _, bench := range []struct {
		name string
		raw  []byte
	}{
		{"RSA DER", leaf.DER}, {"RSA PEM", leaf.PEM()}, {"EC DER", ec.DER}, {"EC PEM", ec.PEM()},
		{"RSA self-signed", certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "plc", Key: certtest.RSA2048, URIs: uri}))(b).DER},
		{"EC self-signed", certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "plc", URIs: uri}))(b).DER},
		{"CRL 12 KB", crl.DER},
	} {
		value := hex.EncodeToString(bench.raw)
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				raw, err := decode.Outer(value, decode.Hex)
				if err != nil {
					b.Fatal(err)
				}
				if got := decode.Bytes(raw); len(got.Certificates)+len(got.CRLs) != 1 {
					b.Fatal(got.Kind)
				}
			}
		})
	}
	b.Run("x509 RSA DER", func(b *testing.B) { benchX509(b, leaf.DER) })
	b.Run("x509 EC DER", func(b *testing.B) { benchX509(b, ec.DER) })
	b.Run("x509 CRL 12 KB", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := x509.ParseRevocationList(crl.DER); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchX509(b *testing.B, der []byte) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x509.ParseCertificate(der); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWorst is what costs most per byte, at two sizes: the figures per
// byte must not grow with the size.
func BenchmarkWorst(b *testing.B) {
	nested := func(n int) []byte { return bytes.Repeat([]byte{0x30, 0x80}, n/2) }
	repeat := func(s string) func(int) []byte {
		return func(n int) []byte { return bytes.Repeat([]byte(s), n/len(s)) }
	}
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA"}))(b)
	for name, build := range map[string]func(int) []byte{
		"begins":            repeat("-----BEGIN "),
		"begins and ends":   repeat("-----BEGIN A-----\n-----END A-----\n"),
		"dashes":            repeat("-"),
		"hex":               repeat("30"),
		"base64":            repeat("TUlJ"),
		"colons":            repeat("30:"),
		"indefinite":        nested,
		"json":              func(n int) []byte { return []byte("[" + strings.Repeat("1,", n/2-2) + "1]") },
		"certificates":      func(n int) []byte { return bytes.Repeat(ca.DER, n/len(ca.DER)) },
		"replacement chars": repeat("\uFFFD"),
		"CRL": func(n int) []byte {
			serials := make([]*big.Int, n/40)
			for i := range serials {
				serials[i] = new(big.Int).SetBit(big.NewInt(int64(i)), 130, 1)
			}
			return certtest.Must(ca.CRL(certtest.CRLOptions{Revoked: serials}))(b).DER
		},
	} {
		for _, size := range []int{64 << 10, 1 << 20} {
			in := build(size)
			b.Run(name+"/"+map[int]string{64 << 10: "64K", 1 << 20: "1M"}[size], func(b *testing.B) {
				b.SetBytes(int64(len(in)))
				b.ReportAllocs()
				for b.Loop() {
					decode.Bytes(in)
				}
			})
		}
	}
}
