package decode_test

import (
	"testing"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/test/certtest"
)

// BenchmarkBytes is a vault secret at first sight: hex off, DER read.
func BenchmarkBytes(b *testing.B) {
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(b)
	for name, value := range map[string]string{
		"RSA":             certtest.Must(ca.Issue(certtest.Options{CommonName: "plc", Key: certtest.RSA2048, URIs: []string{"urn:plc"}}))(b).Hex(),
		"RSA self-signed": certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "plc", Key: certtest.RSA2048, URIs: []string{"urn:plc"}}))(b).Hex(),
		"EC":              certtest.Must(ca.Issue(certtest.Options{CommonName: "plc", URIs: []string{"urn:plc"}}))(b).Hex(),
		"EC self-signed":  certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "plc", URIs: []string{"urn:plc"}}))(b).Hex(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				der, err := decode.Outer(value, decode.Hex)
				if err != nil {
					b.Fatal(err)
				}
				if got := decode.Bytes(der); got.Kind != certs.KindCertificate {
					b.Fatal(got.Kind)
				}
			}
		})
	}
}
