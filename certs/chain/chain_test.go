package chain_test

import (
	"crypto"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/test/certtest"
)

func read(t testing.TB, c *certtest.Cert) *certs.Certificate {
	t.Helper()
	b := decode.Bytes(c.DER)
	if len(b.Certificates) != 1 {
		t.Fatalf("%d certificates, problems %v", len(b.Certificates), b.Problems)
	}
	return b.Certificates[0]
}

func readCRL(t testing.TB, c *certtest.CRL) *certs.CRL {
	t.Helper()
	b := decode.Bytes(c.DER)
	if len(b.CRLs) != 1 {
		t.Fatalf("%d CRLs, problems %v", len(b.CRLs), b.Problems)
	}
	return b.CRLs[0]
}

func must(t testing.TB) func(*certtest.Cert, error) *certtest.Cert {
	return func(c *certtest.Cert, err error) *certtest.Cert { return certtest.Must(c, err)(t) }
}

func TestIssued(t *testing.T) {
	t.Parallel()
	type opt = certtest.Options
	const name = "Plant CA"
	unknownAlgorithm, err := asn1.Marshal(struct{ OID asn1.ObjectIdentifier }{asn1.ObjectIdentifier{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	good := chain.Link{Name: true, KeyID: true, Signature: certs.Valid}
	for what, tt := range map[string]struct {
		reason string
		ca     opt // issues
		as     opt // is asked about; ca when zero
		leaf   opt
		want   chain.Link
	}{
		"issuer":             {"the plain case", opt{CommonName: name}, opt{}, opt{}, good},
		"rsa":                {"", opt{CommonName: name, Key: certtest.RSA1024}, opt{}, opt{}, good},
		"ed25519":            {"", opt{CommonName: name, Key: certtest.Ed25519}, opt{}, opt{}, good},
		"sha-1 rsa":          {"weak is not invalid", opt{CommonName: name, Key: certtest.RSA1024}, opt{}, opt{Hash: crypto.SHA1}, good},
		"sha-1 ec":           {"the same", opt{CommonName: name}, opt{}, opt{Hash: crypto.SHA1}, good},
		"md5":                {"the same", opt{CommonName: name, Key: certtest.RSA1024}, opt{}, opt{Hash: crypto.MD5}, good},
		"other name":         {"the signature is not even looked at", opt{CommonName: name}, opt{CommonName: "Other CA", KeyName: name}, opt{}, chain.Link{KeyID: true, Signature: certs.Unverifiable}},
		"re-keyed":           {"X-11: same name, another generation", opt{CommonName: name}, opt{CommonName: name, KeyName: "2026"}, opt{}, chain.Link{Name: true, Signature: certs.Invalid}},
		"re-keyed, no ids":   {"X-12 alone", opt{CommonName: name}, opt{CommonName: name, KeyName: "2026"}, opt{NoAuthorityKeyID: true}, chain.Link{Name: true, KeyID: true, Signature: certs.Invalid}},
		"ca without ski":     {"nothing to compare with", opt{CommonName: name, NoSubjectKeyID: true}, opt{}, opt{AuthorityKeyID: []byte{1}}, good},
		"wrong aki":          {"X-11: identifier and signature disagree", opt{CommonName: name}, opt{}, opt{AuthorityKeyID: []byte{1}}, chain.Link{Name: true, Signature: certs.Valid}},
		"aki serial":         {"the other form", opt{CommonName: name, Serial: big.NewInt(7)}, opt{}, opt{AuthoritySerial: big.NewInt(7)}, good},
		"wrong aki serial":   {"X-11", opt{CommonName: name, Serial: big.NewInt(7)}, opt{}, opt{AuthoritySerial: big.NewInt(8)}, chain.Link{Name: true, Signature: certs.Valid}},
		"bad signature":      {"X-12", opt{CommonName: name}, opt{}, opt{BadSignature: true}, chain.Link{Name: true, KeyID: true, Signature: certs.Invalid}},
		"other algorithm":    {"an EC signature by an RSA key is none", opt{CommonName: name}, opt{CommonName: name, Key: certtest.RSA1024}, opt{NoAuthorityKeyID: true}, chain.Link{Name: true, KeyID: true, Signature: certs.Invalid}},
		"short key":          {"Go does not compute with it", opt{CommonName: name, Key: certtest.RSA768}, opt{}, opt{}, chain.Link{Name: true, KeyID: true, Signature: certs.Unverifiable}},
		"unknown algorithm":  {"it may well be good", opt{CommonName: name}, opt{}, opt{RawSignatureAlgorithm: unknownAlgorithm}, chain.Link{Name: true, KeyID: true, Signature: certs.Unverifiable}},
		"leaf Go refuses":    {"the signature holds", opt{CommonName: name}, opt{}, opt{Serial: big.NewInt(-1)}, good},
		"CA Go refuses":      {"the key is fine", opt{CommonName: name, Serial: big.NewInt(-1)}, opt{}, opt{}, good},
		"version 1 CA":       {"facts, no opinions", opt{CommonName: name, Version: 1}, opt{}, opt{}, good},
		"CA that must not":   {"facts, no opinions", opt{CommonName: name, Constraints: certtest.CAFalse}, opt{}, opt{}, good},
		"refused, other key": {"lenient is not credulous", opt{CommonName: name}, opt{CommonName: name, KeyName: "2026", Serial: big.NewInt(-1)}, opt{NoAuthorityKeyID: true}, chain.Link{Name: true, KeyID: true, Signature: certs.Invalid}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			ca := must(t)(certtest.NewCA(tt.ca))
			asked := ca
			if tt.as.CommonName != "" {
				asked = must(t)(certtest.NewCA(tt.as))
			}
			tt.leaf.CommonName = "plc"
			leaf := read(t, must(t)(ca.Issue(tt.leaf)))
			checker := chain.New(10)
			for _, again := range []string{"at first", "remembered"} {
				got := checker.Issued(leaf, read(t, asked))
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s, %s: (-want +got)\n%s", tt.reason, again, diff)
				}
				if got.OK() != (tt.want == good) {
					t.Errorf("%s: OK is %t", tt.reason, got.OK())
				}
			}
		})
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	ca := must(t)(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA1024}))
	other := must(t)(certtest.NewCA(certtest.Options{CommonName: "Other CA"}))
	rekeyed := must(t)(certtest.NewCA(certtest.Options{CommonName: "Plant CA", KeyName: "2026"}))
	for what, tt := range map[string]struct {
		reason  string
		options certtest.CRLOptions
		ca      *certtest.Cert
		want    chain.Link
	}{
		"sound":         {"", certtest.CRLOptions{}, ca, chain.Link{Name: true, KeyID: true, Signature: certs.Valid}},
		"sha-1":         {"of old", certtest.CRLOptions{Hash: crypto.SHA1}, ca, chain.Link{Name: true, KeyID: true, Signature: certs.Valid}},
		"version 1":     {"one in eight at OPC UA sites", certtest.CRLOptions{Version: 1}, ca, chain.Link{Name: true, KeyID: true, Signature: certs.Valid}},
		"bad version 1": {"verified like the others", certtest.CRLOptions{Version: 1, BadSignature: true}, ca, chain.Link{Name: true, KeyID: true, Signature: certs.Invalid}},
		"other issuer":  {"X-15", certtest.CRLOptions{RawIssuer: other.RawSubject()}, ca, chain.Link{KeyID: true, Signature: certs.Unverifiable}},
		"bad signature": {"X-16", certtest.CRLOptions{BadSignature: true}, ca, chain.Link{Name: true, KeyID: true, Signature: certs.Invalid}},
		"other key":     {"X-16", certtest.CRLOptions{Key: other.Key}, ca, chain.Link{Name: true, KeyID: true, Signature: certs.Invalid}},
		"re-keyed CA":   {"the list of the generation before", certtest.CRLOptions{}, rekeyed, chain.Link{Name: true, Signature: certs.Invalid}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			crl := readCRL(t, certtest.Must(ca.CRL(tt.options))(t))
			if diff := cmp.Diff(tt.want, chain.New(10).Covers(crl, read(t, tt.ca))); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tt.reason, diff)
			}
		})
	}
}

func TestRevoked(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	ca := must(t)(certtest.NewCA(certtest.Options{CommonName: "Plant CA"}))
	other := must(t)(certtest.NewCA(certtest.Options{CommonName: "Other CA"}))
	serial := big.NewInt(0x1001)
	listed := read(t, must(t)(ca.Issue(certtest.Options{CommonName: "a", Serial: serial})))
	negative := read(t, must(t)(ca.Issue(certtest.Options{CommonName: "a", Serial: big.NewInt(-0x1001)})))
	spared := read(t, must(t)(ca.Issue(certtest.Options{CommonName: "b"})))
	foreign := read(t, must(t)(other.Issue(certtest.Options{CommonName: "c", Serial: serial})))
	for _, version := range []int{1, 2} {
		crl := readCRL(t, certtest.Must(ca.CRL(certtest.CRLOptions{Version: version, Revoked: []*big.Int{serial}, RevokedAt: at}))(t))
		for what, tt := range map[string]struct {
			cert *certs.Certificate
			want bool
		}{
			"listed": {listed, true}, "not listed": {spared, false},
			"same serial of another CA": {foreign, false}, "the negative of it": {negative, false},
		} {
			since, ok := chain.Revoked(crl, []*certs.Certificate{spared, tt.cert})[1]
			if ok != tt.want || ok && !since.Equal(at) || !ok && !since.IsZero() {
				t.Errorf("version %d, %s: %v since %v", version, what, ok, since)
			}
		}
	}
}

func TestCheckerIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	ca := must(t)(certtest.NewCA(certtest.Options{CommonName: "Plant CA"}))
	child, issuer := read(t, must(t)(ca.Issue(certtest.Options{CommonName: "plc"}))), read(t, ca)
	checker := chain.New(0)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if !checker.Issued(child, issuer).OK() || !checker.Issued(issuer, issuer).OK() {
					t.Error("a link is lost")
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkIssued(b *testing.B) {
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(b)
	child, issuer := read(b, certtest.Must(ca.Issue(certtest.Options{CommonName: "plc"}))(b)), read(b, ca)
	checker := chain.New(100)
	b.ReportAllocs()
	for b.Loop() {
		if !checker.Issued(child, issuer).OK() {
			b.Fatal("no link")
		}
	}
}
