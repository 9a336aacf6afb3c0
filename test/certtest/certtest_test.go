package certtest_test

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/smallstep/pkcs7"
	"github.com/storewarden/storewarden/test/certtest"
	"software.sslmate.com/src/go-pkcs12"
)

func TestChainVerifies(t *testing.T) {
	t.Parallel()
	for _, key := range []certtest.KeyType{certtest.RSA1024, certtest.RSA2048, certtest.P224, certtest.P256, certtest.P384, certtest.P521, certtest.Ed25519} {
		t.Run(string(key), func(t *testing.T) {
			t.Parallel()
			root := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Root", Key: key}))(t)
			middle := certtest.Must(root.IssueCA(certtest.Options{CommonName: "Intermediate", Key: key}))(t)
			leaf := certtest.Must(middle.Issue(certtest.Options{CommonName: "plc", Key: key, DNSNames: []string{"plc.local"}}))(t)
			roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
			roots.AddCert(certtest.Must(root.X509())(t))
			intermediates.AddCert(certtest.Must(middle.X509())(t))
			_, err := certtest.Must(leaf.X509())(t).Verify(x509.VerifyOptions{
				Roots: roots, Intermediates: intermediates, CurrentTime: certtest.Epoch(), DNSName: "plc.local",
			})
			if err != nil {
				t.Errorf("crypto/x509 refuses the chain: %v", err)
			}
		})
	}
}

// goldenKey is a public fact of a derived key: were the derivation to change,
// every golden file that holds a fingerprint would.
const goldenKey = "a84dc43dcb4ed0f00451bf81262c72f3197943878068a21bd6b870bd078daab1"

func TestSameOptionsSameBytes(t *testing.T) {
	t.Parallel()
	c := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "golden"}))(t)
	again := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "golden"}))(t)
	if !bytes.Equal(c.DER, again.DER) {
		t.Error("the same options gave two certificates")
	}
	if got := c.Key.PublicKeyID(); got != goldenKey {
		t.Errorf("key of the name golden is %s, was %s", got, goldenKey)
	}
	rekeyed := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "golden", KeyName: "other"}))(t)
	if rekeyed.Key.PublicKeyID() == c.Key.PublicKeyID() {
		t.Error("another key name gave the same key")
	}
	p12 := certtest.Must(certtest.PKCS12("", c))(t)
	if !bytes.Equal(p12, certtest.Must(certtest.PKCS12("", c))(t)) {
		t.Error("the same certificate gave two PKCS#12 files")
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	pathLen := 0
	early, late := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2055, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		reason  string
		options certtest.Options
		ca      bool
		read    func(*x509.Certificate) any
		want    any
	}{
		"subject":    {"both parts", certtest.Options{CommonName: "a", Organization: "b"}, false, func(c *x509.Certificate) any { return c.Subject.String() }, "CN=a,O=b"},
		"empty":      {"an empty subject is an empty sequence", certtest.Options{}, false, func(c *x509.Certificate) any { return c.RawSubject }, []byte{0x30, 0}},
		"validity":   {"both time forms", certtest.Options{NotBefore: early, NotAfter: late}, false, func(c *x509.Certificate) any { return []time.Time{c.NotBefore, c.NotAfter} }, []time.Time{early, late}},
		"clock":      {"a year from Now", certtest.Options{Now: early}, false, func(c *x509.Certificate) any { return c.NotAfter }, early.AddDate(1, 0, 0)},
		"version 1":  {"no extensions", certtest.Options{Version: 1}, true, func(c *x509.Certificate) any { return []int{c.Version, len(c.Extensions)} }, []int{1, 0}},
		"ca":         {"CA:TRUE by role", certtest.Options{PathLen: &pathLen}, true, func(c *x509.Certificate) any { return []any{c.BasicConstraintsValid, c.IsCA, c.MaxPathLenZero} }, []any{true, true, true}},
		"no bc":      {"the extension is absent", certtest.Options{Constraints: certtest.NoConstraints}, true, func(c *x509.Certificate) any { return c.BasicConstraintsValid }, false},
		"leaf as ca": {"the role is overruled", certtest.Options{Constraints: certtest.CATrue}, false, func(c *x509.Certificate) any { return c.IsCA }, true},
		"usage":      {"by role", certtest.Options{Key: certtest.RSA1024}, false, func(c *x509.Certificate) any { return c.KeyUsage }, x509.KeyUsage(15)},
		"no usage":   {"absent", certtest.Options{NoKeyUsage: true, NoExtKeyUsage: true}, false, func(c *x509.Certificate) any { return []any{c.KeyUsage, len(c.ExtKeyUsage)} }, []any{x509.KeyUsage(0), 0}},
		"late usage": {"the ninth bit", certtest.Options{KeyUsage: x509.KeyUsageDecipherOnly}, false, func(c *x509.Certificate) any { return c.KeyUsage }, x509.KeyUsageDecipherOnly},
		"names": {"SAN", certtest.Options{URIs: []string{"urn:plc:1"}, DNSNames: []string{"plc"}, IPAddresses: []string{"10.0.0.1", "::1"}}, false, func(c *x509.Certificate) any {
			return []any{c.URIs[0].String(), c.DNSNames[0], c.IPAddresses[0].String(), c.IPAddresses[1].String()}
		}, []any{"urn:plc:1", "plc", "10.0.0.1", "::1"}},
		"serial":     {"as given", certtest.Options{Serial: big.NewInt(255)}, false, func(c *x509.Certificate) any { return c.SerialNumber.Int64() }, int64(255)},
		"sha1":       {"crypto/x509 does not create these", certtest.Options{Hash: crypto.SHA1, Key: certtest.RSA1024}, false, func(c *x509.Certificate) any { return c.SignatureAlgorithm }, x509.SHA1WithRSA},
		"key ids":    {"a mismatch", certtest.Options{SubjectKeyID: []byte{1}, AuthorityKeyID: []byte{2}}, false, func(c *x509.Certificate) any { return [][]byte{c.SubjectKeyId, c.AuthorityKeyId} }, [][]byte{{1}, {2}}},
		"no key ids": {"absent", certtest.Options{NoSubjectKeyID: true, NoAuthorityKeyID: true}, false, func(c *x509.Certificate) any { return len(c.SubjectKeyId) + len(c.AuthorityKeyId) }, 0},
		"extension":  {"one more", certtest.Options{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}}}}, false, func(c *x509.Certificate) any { return c.Extensions[len(c.Extensions)-1].Id.String() }, "1.2.3"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issue := certtest.SelfSigned
			if tt.ca {
				issue = certtest.NewCA
			}
			parsed := certtest.Must(certtest.Must(issue(tt.options))(t).X509())(t)
			if diff := cmp.Diff(tt.want, tt.read(parsed)); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tt.reason, diff)
			}
		})
	}
}

func TestDefects(t *testing.T) {
	t.Parallel()
	t.Run("negative serial is refused by crypto/x509", func(t *testing.T) {
		c := certtest.Must(certtest.SelfSigned(certtest.Options{Serial: big.NewInt(-5)}))(t)
		if _, err := c.X509(); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("bad signature", func(t *testing.T) {
		for _, key := range []certtest.KeyType{certtest.RSA1024, certtest.P256, certtest.Ed25519} {
			c := certtest.Must(certtest.Must(certtest.SelfSigned(certtest.Options{Key: key, BadSignature: true}))(t).X509())(t)
			if c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil {
				t.Errorf("%s: the signature verifies", key)
			}
		}
	})
	t.Run("short RSA key", func(t *testing.T) {
		c := certtest.Must(certtest.Must(certtest.SelfSigned(certtest.Options{Key: certtest.RSA768}))(t).X509())(t)
		if got := c.PublicKey.(interface{ Size() int }).Size(); got != 96 {
			t.Errorf("key of %d bytes, want 96", got)
		}
	})
	t.Run("unknown options", func(t *testing.T) {
		for name, o := range map[string]certtest.Options{
			"key type": {Key: "rsa-1"}, "version": {Version: 4}, "address": {IPAddresses: []string{"plc"}},
			"hash": {Hash: crypto.MD5}, "curve": {Key: "p-1"},
		} {
			if _, err := certtest.SelfSigned(o); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

func TestCRL(t *testing.T) {
	t.Parallel()
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA"}))(t)
	parent := certtest.Must(ca.X509())(t)
	parse := func(o certtest.CRLOptions) (*x509.RevocationList, error) {
		return x509.ParseRevocationList(certtest.Must(ca.CRL(o))(t).DER)
	}
	sound := certtest.Must(parse(certtest.CRLOptions{Revoked: []*big.Int{big.NewInt(7)}}))(t)
	if err := sound.CheckSignatureFrom(parent); err != nil {
		t.Errorf("sound list: %v", err)
	}
	if len(sound.RevokedCertificateEntries) != 1 || sound.RevokedCertificateEntries[0].SerialNumber.Int64() != 7 {
		t.Errorf("revoked entries: %v", sound.RevokedCertificateEntries)
	}
	if bad := certtest.Must(parse(certtest.CRLOptions{BadSignature: true}))(t); bad.CheckSignatureFrom(parent) == nil {
		t.Error("a bad signature verifies")
	}
	if open := certtest.Must(parse(certtest.CRLOptions{NoNextUpdate: true}))(t); !open.NextUpdate.IsZero() {
		t.Error("nextUpdate is there")
	}
	if _, err := parse(certtest.CRLOptions{Version: 1}); err == nil {
		t.Error("crypto/x509 reads version 1 lists now: a comment and a rule rest on the contrary")
	}
	other := certtest.Must(certtest.Name("Other CA", ""))(t)
	if wrong := certtest.Must(parse(certtest.CRLOptions{RawIssuer: other}))(t); bytes.Equal(wrong.RawIssuer, parent.RawSubject) {
		t.Error("the issuer is not another")
	}
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "CA"}))(t)
	c := certtest.Must(ca.Issue(certtest.Options{CommonName: "leaf", Key: certtest.RSA1024}))(t)
	for form, parse := range map[certtest.KeyForm]func([]byte) (any, error){
		certtest.PKCS8:       func(b []byte) (any, error) { return x509.ParsePKCS8PrivateKey(b) },
		certtest.PKCS1:       func(b []byte) (any, error) { return x509.ParsePKCS1PrivateKey(b) },
		certtest.Public:      func(b []byte) (any, error) { return x509.ParsePKIXPublicKey(b) },
		certtest.PublicPKCS1: func(b []byte) (any, error) { return x509.ParsePKCS1PublicKey(b) },
	} {
		block, _ := pem.Decode(certtest.Must(c.Key.PEM(form))(t))
		if block == nil || block.Type != string(form) {
			t.Fatalf("%s: no such block", form)
		}
		certtest.Must(parse(block.Bytes))(t)
	}
	certtest.Must(tls.X509KeyPair(c.PEM(), certtest.Must(c.Key.PEM(certtest.PKCS8))(t)))(t)
	if _, err := c.Key.DER(certtest.EC); err == nil {
		t.Error("an RSA key has an EC form")
	}
	block, _ := pem.Decode(certtest.Must(c.Key.PEM(certtest.LegacyRSA))(t))
	certtest.Must(x509.DecryptPEMBlock(block, []byte(certtest.Password)))(t) //nolint:staticcheck // the old form is the point

	for name, password := range map[string]string{"modern": "x", "empty": ""} {
		if _, _, chain, err := pkcs12.DecodeChain(certtest.Must(certtest.PKCS12(password, c, ca))(t), password); err != nil || len(chain) != 1 {
			t.Errorf("PKCS#12 %s: %d CAs, %v", name, len(chain), err)
		}
	}
	if p7 := certtest.Must(pkcs7.Parse(certtest.Must(certtest.PKCS7(ca, c))(t)))(t); len(p7.Certificates) != 2 {
		t.Errorf("PKCS#7 holds %d certificates", len(p7.Certificates))
	}
	csr := certtest.Must(x509.ParseCertificateRequest(certtest.Must(certtest.CSR(c.Key, "leaf"))(t)))(t)
	if err := csr.CheckSignature(); err != nil {
		t.Error(err)
	}
}
