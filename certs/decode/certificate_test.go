package decode_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/test/certtest"
)

// only is the one certificate of a blob.
func only(t testing.TB, der []byte) *certs.Certificate {
	t.Helper()
	b := decode.Bytes(der)
	if len(b.Certificates) != 1 {
		t.Fatalf("%d certificates in a %s, problems %v", len(b.Certificates), b.Kind, reasons(b))
	}
	return b.Certificates[0]
}

func TestCertificateFacts(t *testing.T) {
	t.Parallel()
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Organization: "Plant"}))(t)
	leaf := certtest.Must(ca.Issue(certtest.Options{
		CommonName: "plc", Key: certtest.RSA2048, Serial: big.NewInt(0x0a01), AuthoritySerial: ca.Serial,
		URIs: []string{"urn:plant:plc 1"}, DNSNames: []string{"plc.local"}, IPAddresses: []string{"10.0.0.1", "fe80::1"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageIPSECUser},
	}))(t)
	got := only(t, leaf.DER)
	want := &certs.Certificate{
		Subject: "CN=plc", Issuer: "CN=Plant CA,O=Plant", CommonName: "plc", Serial: "0a01",
		NotBefore: certtest.Epoch().AddDate(0, 0, -1), NotAfter: certtest.Epoch().AddDate(1, 0, 0),
		Version: 3, HasBasicConstraint: true, MaxPathLen: -1, HasKeyUsage: true,
		KeyAlgorithm: "RSA", KeyBits: 2048, SignatureAlgorithm: "ECDSA-SHA256", SignatureHash: "SHA256",
		KeyUsage:    []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment"},
		ExtKeyUsage: []string{"serverAuth", "1.3.6.1.5.5.7.3.7"},
		URIs:        []string{"urn:plant:plc 1"}, // not urn:plant:plc%201
		DNSNames:    []string{"plc.local"}, IPAddresses: []string{"10.0.0.1", "fe80::1"},
		PublicKeyID: leaf.Key.PublicKeyID(), RawSubject: leaf.RawSubject(), RawIssuer: ca.RawSubject(),
		SubjectKeyID: hex.EncodeToString(leaf.SubjectKeyID()), AuthorityKeyID: hex.EncodeToString(ca.SubjectKeyID()),
		AuthoritySerial: hex.EncodeToString(ca.Serial.Bytes()), Raw: leaf.DER, RawSerial: []byte{0x0a, 0x01},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(certs.Certificate{}, "PublicKey", "RawTBS", "SignatureValue", "SHA1", "SHA256")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	x := certtest.Must(leaf.X509())(t)
	if !bytes.Equal(x.RawTBSCertificate, got.RawTBS) || !bytes.Equal(x.Signature, got.SignatureValue) || !x.PublicKey.(*rsa.PublicKey).Equal(got.PublicKey) {
		t.Error("what is signed, the signature or the key is not that of crypto/x509")
	}
	if len(got.SHA1) != 40 || len(got.SHA256) != 64 {
		t.Error("a thumbprint is missing")
	}
}

func TestSelfSigned(t *testing.T) {
	t.Parallel()
	other := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "same name", KeyName: "other"}))(t)
	type facts struct {
		Issued bool
		Signed certs.Signature
		Strict bool
	}
	const valid, invalid, open = certs.Valid, certs.Invalid, certs.Unverifiable
	for name, tt := range map[string]struct {
		reason string
		issue  func() (*certtest.Cert, error)
		want   facts
	}{
		"sha-256": {"plain", func() (*certtest.Cert, error) { return certtest.SelfSigned(certtest.Options{CommonName: "a"}) }, facts{true, valid, true}},
		"sha-1 rsa": {"old devices", func() (*certtest.Cert, error) {
			return certtest.SelfSigned(certtest.Options{CommonName: "a", Key: certtest.RSA1024, Hash: crypto.SHA1})
		}, facts{true, valid, true}},
		"sha-1 ec": {"the same", func() (*certtest.Cert, error) {
			return certtest.SelfSigned(certtest.Options{CommonName: "a", Hash: crypto.SHA1})
		}, facts{true, valid, true}},
		"md5": {"older devices", func() (*certtest.Cert, error) {
			return certtest.SelfSigned(certtest.Options{CommonName: "a", Key: certtest.RSA1024, Hash: crypto.MD5})
		}, facts{true, valid, true}},
		"ed25519": {"", func() (*certtest.Cert, error) {
			return certtest.SelfSigned(certtest.Options{CommonName: "a", Key: certtest.Ed25519})
		}, facts{true, valid, true}},
		"version 1": {"no extensions", func() (*certtest.Cert, error) {
			return certtest.SelfSigned(certtest.Options{CommonName: "a", Version: 1})
		}, facts{true, valid, true}},
		"negative": {"crypto/x509 refuses the serial, the signature holds", func() (*certtest.Cert, error) {
			return certtest.SelfSigned(certtest.Options{CommonName: "a", Serial: big.NewInt(-1)})
		}, facts{true, valid, false}},
		"rsa-768": {"Go does not compute with so short a key", func() (*certtest.Cert, error) {
			return certtest.SelfSigned(certtest.Options{CommonName: "a", Key: certtest.RSA768})
		}, facts{true, open, true}},
		"bad": {"equal names are not enough", func() (*certtest.Cert, error) {
			return certtest.SelfSigned(certtest.Options{CommonName: "a", BadSignature: true})
		}, facts{true, invalid, true}},
		"re-keyed": {"issued by a CA of the same name", func() (*certtest.Cert, error) { return other.Issue(certtest.Options{CommonName: "same name"}) }, facts{true, invalid, true}},
		"other name": {"signed by its own key all the same", func() (*certtest.Cert, error) {
			return certtest.SelfSigned(certtest.Options{CommonName: "a", RawIssuer: other.RawSubject()})
		}, facts{false, "", true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := only(t, certtest.Must(tt.issue())(t).DER)
			if diff := cmp.Diff(tt.want, facts{c.SelfIssued, c.SelfSignature, c.StrictParseError == ""}); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tt.reason, diff)
			}
		})
	}
}

// TestRefusedByGo holds what works on OPC UA devices and crypto/x509 refuses:
// the certificate is there, its facts are, and so is the complaint.
func TestRefusedByGo(t *testing.T) {
	t.Parallel()
	brainpool := mustHex(t, "305a301406072a8648ce3d020106092b240303020801010703420004"+strings.Repeat("11", 64))
	noNull := mustHex(t, "305a300b06092a864886f70d010101034b003048024100"+strings.Repeat("c1", 64)+"0203010001")
	san := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: mustHex(t, "3005820368fc72")} // "hür" in Latin-1
	for name, tt := range map[string]struct {
		reason  string
		options certtest.Options
		read    func(*certs.Certificate) any
		want    any
	}{
		"negative serial": {"-5", certtest.Options{Serial: big.NewInt(-5)}, func(c *certs.Certificate) any { return c.Serial }, "-05"},
		"umlaut in a dNSName": {"Latin-1 where ASCII should be", certtest.Options{Extensions: []pkix.Extension{san}},
			func(c *certs.Certificate) any { return c.DNSNames }, []string{"hür"}},
		"duplicate extension": {"some S7-1500; the first counts", certtest.Options{URIs: []string{"urn:a"}, Extensions: []pkix.Extension{san}},
			func(c *certs.Certificate) any { return []any{c.URIs, c.DNSNames} }, []any{[]string{"urn:a"}, []string(nil)}},
		"brainpoolP256r1":  {"an OPC UA ECC policy", certtest.Options{RawPublicKey: brainpool}, func(c *certs.Certificate) any { return []any{c.KeyAlgorithm, c.KeyBits} }, []any{"ECDSA", 256}},
		"RSA without NULL": {"", certtest.Options{RawPublicKey: noNull}, func(c *certs.Certificate) any { return []any{c.KeyAlgorithm, c.KeyBits} }, []any{"RSA", 512}},
		"odd PrintableString": {"an underscore", certtest.Options{RawSubject: mustHex(t, "300e310c300a06035504031303705f63")},
			func(c *certs.Certificate) any { return c.Subject }, "CN=p_c"},
		"URI that net/url refuses": {"a blank in the host", certtest.Options{URIs: []string{"http://plc 1/x"}},
			func(c *certs.Certificate) any { return c.URIs }, []string{"http://plc 1/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.options.CommonName = "plc"
			c := only(t, certtest.Must(certtest.SelfSigned(tt.options))(t).DER)
			if c.StrictParseError == "" || c.Oddity == "" {
				t.Errorf("crypto/x509 takes it now: this row shows nothing")
			}
			if diff := cmp.Diff(tt.want, tt.read(c)); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tt.reason, diff)
			}
			if !c.NotAfter.Equal(certtest.Epoch().AddDate(1, 0, 0)) || c.Version != 3 || !c.HasBasicConstraint || len(c.KeyUsage) == 0 {
				t.Error("facts are lost that have nothing to do with the defect")
			}
		})
	}
}

func mustHex(t testing.TB, s string) []byte {
	t.Helper()
	return certtest.Must(hex.DecodeString(s))(t)
}

// TestAgreesWithX509 holds the reading by structure against crypto/x509 where
// both can read.
func TestAgreesWithX509(t *testing.T) {
	t.Parallel()
	pathLen := 1
	late := time.Date(2061, 2, 3, 4, 5, 6, 0, time.UTC)
	for name, o := range map[string]certtest.Options{
		"plain":      {CommonName: "plain", Organization: "o"},
		"escapes":    {CommonName: ` #a,b+c"d\e<f>;g=h `},
		"empty":      {},
		"long lived": {CommonName: "x", NotAfter: late, PathLen: &pathLen, Constraints: certtest.CATrue},
		"short":      {CommonName: "x", NotBefore: time.Date(1951, 1, 1, 0, 0, 0, 0, time.UTC)},
		"zero":       {CommonName: "x", Serial: new(big.Int)},
		"high bit":   {CommonName: "x", Serial: new(big.Int).Lsh(big.NewInt(0x80), 8*19)},
		"sha-512":    {CommonName: "x", Key: certtest.P521, Hash: crypto.SHA512},
		"sha-384":    {CommonName: "x", Key: certtest.RSA1024, Hash: crypto.SHA384},
		"ed25519":    {CommonName: "x", Key: certtest.Ed25519},
		"p-224":      {CommonName: "x", Key: certtest.P224},
		"all usages": {CommonName: "x", KeyUsage: 511, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := only(t, certtest.Must(certtest.SelfSigned(o))(t).DER)
			x, err := x509.ParseCertificate(c.Raw)
			if err != nil || c.StrictParseError != "" || c.Oddity != "" {
				t.Fatalf("%v, %q, %q", err, c.StrictParseError, c.Oddity)
			}
			serial, ok := new(big.Int).SetString(c.Serial, 16)
			usage := x509.KeyUsage(0)
			for i, name := range []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
				"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"} {
				for _, got := range c.KeyUsage {
					if got == name {
						usage |= 1 << i
					}
				}
			}
			type facts struct {
				CN, Serial, Algorithm string
				From, To              time.Time
				Version               int
				CA, BC                bool
				Usage                 x509.KeyUsage
			}
			want := facts{x.Subject.CommonName, x.SerialNumber.String(), x.SignatureAlgorithm.String(), x.NotBefore, x.NotAfter, x.Version, x.IsCA, x.BasicConstraintsValid, x.KeyUsage}
			got := facts{c.CommonName, serial.String(), c.SignatureAlgorithm, c.NotBefore, c.NotAfter, c.Version, c.IsCA, c.HasBasicConstraint, usage}
			if diff := cmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("(-x509 +decode)\n%s", diff)
			}
			// pkix escapes a leading # and blanks in the same way.
			if name := x.Subject.ToRDNSequence().String(); name != c.Subject {
				t.Errorf("subject %q, crypto/x509/pkix has %q", c.Subject, name)
			}
			if !bytes.Equal(x.RawSubject, c.RawSubject) || !bytes.Equal(x.RawIssuer, c.RawIssuer) {
				t.Error("raw names differ")
			}
		})
	}
}

func TestCRLFacts(t *testing.T) {
	t.Parallel()
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA"}))(t)
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	revoked := []*big.Int{big.NewInt(0x0a), big.NewInt(-3)}
	for name, tt := range map[string]struct {
		reason  string
		options certtest.CRLOptions
		want    certs.CRL
		strict  bool
	}{
		"sound": {"all there", certtest.CRLOptions{Revoked: revoked[:1], RevokedAt: at, Number: big.NewInt(0x1234)},
			certs.CRL{Version: 2, NextUpdate: certtest.Epoch().AddDate(0, 0, 30), Number: "1234", Revoked: 1}, true},
		"empty": {"nobody is revoked", certtest.CRLOptions{},
			certs.CRL{Version: 2, NextUpdate: certtest.Epoch().AddDate(0, 0, 30), Number: "01"}, true},
		"open-ended": {"nextUpdate is optional", certtest.CRLOptions{NoNextUpdate: true, NoNumber: true}, certs.CRL{Version: 2}, true},
		"version 1": {"crypto/x509 refuses it, devices have it", certtest.CRLOptions{Version: 1, Revoked: revoked, RevokedAt: at},
			certs.CRL{Version: 1, NextUpdate: certtest.Epoch().AddDate(0, 0, 30), Revoked: 2}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			der := certtest.Must(ca.CRL(tt.options))(t).DER
			b := decode.Bytes(der)
			if len(b.CRLs) != 1 {
				t.Fatalf("%d CRLs, problems %v", len(b.CRLs), reasons(b))
			}
			tt.want.Issuer, tt.want.RawIssuer, tt.want.Raw = "CN=Plant CA", ca.RawSubject(), der
			tt.want.ThisUpdate = certtest.Epoch().AddDate(0, 0, -1)
			tt.want.SignatureAlgorithm, tt.want.SignatureHash, tt.want.SHA256 = "ECDSA-SHA256", "SHA256", b.SHA256
			if tt.want.Version == 2 {
				tt.want.AuthorityKeyID = hex.EncodeToString(ca.SubjectKeyID())
			}
			if diff := cmp.Diff(&tt.want, b.CRLs[0], cmpopts.IgnoreFields(certs.CRL{}, "StrictParseError", "Oddity", "RawTBS", "Entries", "SignatureValue")); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tt.reason, diff)
			}
			if strict := b.CRLs[0].StrictParseError == ""; strict != tt.strict || strict != (b.CRLs[0].Oddity == "") {
				t.Errorf("complaint %q", b.CRLs[0].StrictParseError)
			}
			want := tt.options.Revoked
			for serial, date := range decode.Entries(b.CRLs[0]) {
				if len(want) == 0 || want[0].Int64() != int64(int8(serial[0])) || !date.Equal(at) {
					t.Fatalf("entry %x of %v, wanted %v", serial, date, want)
				}
				want = want[1:]
			}
			if len(want) > 0 {
				t.Errorf("entries %v are lost", want)
			}
		})
	}
}
