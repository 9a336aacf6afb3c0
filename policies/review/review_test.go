package review_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/certtest"
)

// Each defect alone must give its own code and nothing else.
func TestOneDefectOneCode(t *testing.T) {
	ca := authority(t, certtest.Options{})
	for name, tc := range map[string]struct {
		spoil func(p *plant)
		want  []string
	}{
		"healthy": {func(*plant) {}, nil},
		"healthy with its Secrets": {func(p *plant) {
			for name, mappings := range p.syncs {
				p.secretOf[name] = map[string][]byte{}
				for _, m := range mappings {
					raw, _ := hex.DecodeString(p.secrets[m.SourcePath].Value.Reveal())
					p.secretOf[name][m.TargetKey] = raw
				}
			}
		}, nil},
		"the az CLI's mislabel of the client's DER": {func(p *plant) {
			s := p.secrets["own-der"]
			s.ContentType = "application/x-pem-file"
			p.secrets["own-der"] = s
		}, []string{"warn KV-09 client own.der", "warn KV-09 spc own-der"}},
		"hex without objectEncoding":   {func(p *plant) { p.replace("\nobjectEncoding: hex", "") }, []string{"deny SPC-22 spc server-der", "deny SPC-22 trust server.der"}},
		"PEM under .der":               {func(p *plant) { p.put("server-der", server(t, certtest.Options{}).PEM(), "application/x-pem-file") }, []string{"deny SS-11 trust server.der"}},
		"PEM under .der, labelled DER": {func(p *plant) { p.put("server-der", server(t, certtest.Options{}).PEM(), "application/pkix-cert") }, []string{"deny SS-11 trust server.der"}},
		"a certificate resource, PFX": {func(p *plant) {
			p.secrets["server-der"] = vault.Secret{Value: vault.NewValue(base64.StdEncoding.EncodeToString(certtest.Must(certtest.PKCS12("", server(t, certtest.Options{})))(t))),
				ContentType: "application/x-pkcs12", Managed: true, KeyID: "https://plant-kv/keys/x", Enabled: true}
		}, []string{"deny KV-12 spc server-der", "deny KV-12 trust server.der"}},
		"a certificate resource, PEM, no encoding": {func(p *plant) {
			c := server(t, certtest.Options{})
			p.secrets["server-der"] = vault.Secret{Value: vault.NewValue(string(pem("PRIVATE KEY")(t, c.Key)) + string(c.PEM())), ContentType: "application/x-pem-file", Managed: true, Enabled: true}
			p.replace("\nobjectEncoding: hex", "")
		}, []string{"deny KV-12 spc server-der", "deny KV-12 trust server.der"}},
		"a leaf in the issuer list": {func(p *plant) {
			p.syncs[issuer] = append(p.syncs[issuer], store.Mapping{SourcePath: "server-der", TargetKey: "server.der"})
		}, []string{"deny X-04 issuer server.der"}},
		"a PEM CRL": {func(p *plant) {
			p.put("ca-crl", certtest.Must(ca.CRL(certtest.CRLOptions{}))(t).PEM(), "application/pkix-crl")
		}, []string{"deny SS-13 issuer ca.crl"}},
		"disabled": {func(p *plant) {
			s := p.secrets["server-der"]
			s.Enabled = false
			p.secrets["server-der"] = s
		}, []string{"deny KV-03 spc server-der", "deny KV-03 trust server.der"}},
		"absent":                           {func(p *plant) { delete(p.secrets, "server-der") }, []string{"deny KV-01 spc server-der", "deny KV-01 trust server.der"}},
		"a misspelt objectType":            {func(p *plant) { p.replace("objectType", "objectTyp") }, []string{"deny SPC-15 spc server-der", "info KV-00 trust"}},
		"a misspelt encoding":              {func(p *plant) { p.replace("objectEncoding", "encoding") }, []string{"deny SPC-15 spc server-der", "info KV-00 trust"}},
		"a field nobody knows":             {func(p *plant) { p.entries[0] += "\ncomment: for press 1" }, []string{"deny SPC-15 spc server-der"}},
		"items as maps":                    {func(p *plant) { p.entries[0] = "~" + p.entries[0] }, []string{"deny SPC-12 spc server-der", "info KV-00 trust"}},
		"an unknown source":                {func(p *plant) { p.syncs[trust][0].SourcePath = "other" }, []string{"deny SS-02 trust server.der"}},
		"a file name as source":            {func(p *plant) { p.syncs[trust][0].SourcePath = "server.der" }, []string{"deny SS-03 trust server.der"}},
		"an alias, and the name as source": {func(p *plant) { p.entries[0] += "\nobjectAlias: press" }, []string{"deny SS-02 trust server.der"}},
		"no vault name":                    {func(p *plant) { delete(p.params, "keyvaultName") }, []string{"deny SPC-03 spc", "info KV-00 client", "info KV-00 issuer", "info KV-00 spc", "info KV-00 trust"}},
		"a URL as vault name":              {func(p *plant) { p.params["keyvaultName"] = "https://plant-kv.vault.azure.net" }, []string{"deny SPC-04 spc", "info KV-00 client", "info KV-00 issuer", "info KV-00 spc", "info KV-00 trust"}},
		"no tenant":                        {func(p *plant) { delete(p.params, "tenantID") }, []string{"deny SPC-05 spc"}},
		"tenantId is fine":                 {func(p *plant) { p.params["tenantId"] = p.params["tenantID"]; delete(p.params, "tenantID") }, nil},
		"no objects":                       {func(p *plant) { p.params["objects"] = "" }, []string{"deny SPC-09 spc", "info KV-00 client", "info KV-00 issuer", "info KV-00 trust"}},
		"objects without array":            {func(p *plant) { p.params["objects"] = "- |\n  objectName: a" }, []string{"deny SPC-11 spc", "info KV-00 client", "info KV-00 issuer", "info KV-00 trust"}},
		"provider Azure":                   {func(p *plant) { p.provider = "Azure" }, []string{"deny SPC-01 spc"}},
		"an item of plain text":            {func(p *plant) { p.entries = append(p.entries, "objectName:a") }, []string{"deny SPC-13 spc"}},
		"an empty name":                    {func(p *plant) { p.entries = append(p.entries, "objectType: secret") }, []string{"deny SPC-17 spc"}},
		"a file name as name":              {func(p *plant) { p.replace("server-der", "server.der"); p.syncs[trust][0].SourcePath = "server.der" }, []string{"deny SPC-18 spc server.der", "info KV-00 trust"}},
		"type Secret":                      {func(p *plant) { p.replace("objectType: secret", "objectType: Secret") }, []string{"deny SPC-19 spc server-der", "info KV-00 trust"}},
		"type cert":                        {func(p *plant) { p.replace("objectType: secret\nobjectEncoding: hex", "objectType: cert") }, []string{"deny SPC-20 spc server-der", "deny SPC-20 trust server.der"}},
		"type key":                         {func(p *plant) { p.replace("objectType: secret\nobjectEncoding: hex", "objectType: key") }, []string{"deny SPC-21 spc server-der", "deny SPC-21 trust server.der"}},
		"hex declared, a password":         {func(p *plant) { p.raw("server-der", "hunter2!", nil) }, []string{"deny SPC-23 spc server-der", "deny SPC-23 trust server.der"}},
		"hex declared, PEM text":           {func(p *plant) { p.raw("server-der", string(server(t, certtest.Options{}).PEM()), nil) }, []string{"deny SPC-23 spc server-der", "deny SPC-23 trust server.der"}},
		"base64 declared, hex":             {func(p *plant) { p.replace("objectEncoding: hex", "objectEncoding: base64") }, []string{"deny SPC-24 spc server-der", "deny SPC-24 trust server.der"}},
		"encoding binary":                  {func(p *plant) { p.replace("objectEncoding: hex", "objectEncoding: binary") }, []string{"deny SPC-25 spc server-der", "info KV-00 trust"}},
		"encoding HEX is fine":             {func(p *plant) { p.replace("objectEncoding: hex", "objectEncoding: HEX") }, nil},
		"an absolute alias": {func(p *plant) {
			p.replace("objectName: server-der", "objectName: server-der\nobjectAlias: /etc/x")
			p.syncs[trust][0].SourcePath = "/etc/x"
		}, []string{"deny SPC-29 spc server-der", "deny SS-06 trust server.der", "info KV-00 trust"}},
		"a pinned version":             {func(p *plant) { p.entries[0] += "\nobjectVersion: 0123456789abcdef0123456789abcdef" }, []string{"warn SPC-32 spc server-der"}},
		"two with one output":          {func(p *plant) { p.entries = append(p.entries, p.entries[0]) }, []string{"deny SPC-30 spc server-der", "deny SPC-30 spc server-der"}},
		"a history of two":             {func(p *plant) { p.entries[0] += "\nobjectVersionHistory: 2" }, []string{"deny SPC-33 spc server-der", "deny SPC-33 trust server.der"}},
		"a .pem key in the trust list": {func(p *plant) { p.syncs[trust][0].TargetKey = "server.pem" }, []string{"deny SS-08 trust server.pem"}},
		"a .cer key in the issuer list": {func(p *plant) {
			p.syncs[issuer][0].TargetKey = "ca.cer"
			p.syncs[issuer] = p.syncs[issuer][:1]

		}, []string{"deny SS-09 issuer ca.cer", "warn X-13 issuer ca.cer"}},
		"a client without its key": {func(p *plant) { p.syncs[client] = p.syncs[client][:1] }, []string{"deny SS-10 client"}},
		"DER under .crt":           {func(p *plant) { p.syncs[trust][0].TargetKey = "server.crt" }, []string{"deny SS-12 trust server.crt"}},
		"a certificate under .crl": {func(p *plant) { p.put("ca-crl", ca.DER, "application/pkix-crl") }, []string{"deny SS-13 issuer ca.crl"}},
		"a CRL without its CA":     {func(p *plant) { p.syncs[issuer] = p.syncs[issuer][1:] }, []string{"deny SS-14 issuer ca.crl", "warn X-10 trust issued.der"}},
		"a private key in the trust list": {func(p *plant) {
			p.syncs[trust] = append(p.syncs[trust], store.Mapping{SourcePath: "own-pem", TargetKey: "own.pem"})
		}, []string{"deny SS-17 trust own.pem"}},
		"a password in the trust list": {func(p *plant) {
			p.syncs[trust] = append(p.syncs[trust], store.Mapping{SourcePath: "password", TargetKey: "line.der"})
		}, []string{"deny KV-18 spc password", "deny KV-18 trust line.der"}},
		"tls type for a list":        {func(p *plant) { p.types[trust] = "kubernetes.io/tls" }, []string{"deny SS-18 trust"}},
		"content type against bytes": {func(p *plant) { p.put("server-der", server(t, certtest.Options{}).DER, "application/x-pkcs12") }, []string{"deny KV-09 spc server-der", "deny KV-09 trust server.der"}},
		"tag utf-8 on working hex":   {func(p *plant) { p.secrets["server-der"].Tags["file-encoding"] = "utf-8" }, []string{"warn KV-11 spc server-der", "warn KV-11 trust server.der"}},
		"base64 not declared": {func(p *plant) {
			p.raw("server-der", base64.StdEncoding.EncodeToString(server(t, certtest.Options{}).DER), map[string]string{"file-encoding": "base64"})
			p.replace("\nobjectEncoding: hex", "")
		}, []string{"deny KV-11 spc server-der", "deny KV-11 trust server.der"}},
		"a PFX": {func(p *plant) {
			p.put("server-der", certtest.Must(certtest.PKCS12("x", server(t, certtest.Options{})))(t), "")
		}, []string{"deny KV-13 spc server-der", "deny KV-13 trust server.der"}},
		"hex with a newline": {func(p *plant) {
			p.raw("server-der", server(t, certtest.Options{}).Hex()+"\n", map[string]string{"file-encoding": "hex"})
		}, []string{"deny KV-14 spc server-der", "deny KV-14 trust server.der"}},
		"PEM on one line": {func(p *plant) {
			p.put("server-der", []byte(strings.ReplaceAll(string(server(t, certtest.Options{}).PEM()), "\n", " ")), "application/x-pem-file")
			p.syncs[trust][0].TargetKey = "server.crt"
		}, []string{"deny KV-17 spc server-der", "deny KV-17 trust server.crt"}},
		"a request": {func(p *plant) { p.put("server-der", certtest.Must(certtest.CSR(ca.Key, "x"))(t), "") }, []string{"deny KV-18 spc server-der", "deny KV-18 trust server.der"}},
		"several certificates": {func(p *plant) {
			p.put("server-der", append(server(t, certtest.Options{}).PEM(), ca.PEM()...), "")
			p.syncs[trust][0].TargetKey = "server.crt"
		}, []string{"deny KV-19 spc server-der", "deny KV-19 trust server.crt"}},
		"certificate and key": {func(p *plant) {
			c := server(t, certtest.Options{})
			p.put("server-der", append(c.PEM(), pem("PRIVATE KEY")(t, c.Key)...), "")
			p.syncs[trust][0].TargetKey = "server.crt"
		}, []string{"deny KV-20 spc server-der", "deny KV-20 trust server.crt"}},
		"expired": {func(p *plant) {
			p.put("server-der", server(t, certtest.Options{NotBefore: certtest.Epoch().AddDate(-1, 0, 0), NotAfter: certtest.Epoch().AddDate(0, 0, -1)}).DER, "")
		}, []string{"deny X-01 trust server.der"}},
		"not yet valid": {func(p *plant) {
			p.put("server-der", server(t, certtest.Options{NotBefore: certtest.Epoch().AddDate(0, 0, 3)}).DER, "")
		}, []string{"deny X-02 trust server.der"}},
		"clock skew": {func(p *plant) {
			p.put("server-der", server(t, certtest.Options{NotBefore: certtest.Epoch().Add(time.Hour)}).DER, "")
		}, []string{"warn X-02 trust server.der"}},
		"expires soon": {func(p *plant) {
			p.put("server-der", server(t, certtest.Options{NotAfter: certtest.Epoch().AddDate(0, 0, 10)}).DER, "")
		}, []string{"warn X-03 trust server.der"}},
		"a version 1 CA": {func(p *plant) {
			v1 := authority(t, certtest.Options{Version: 1})
			p.put("ca-der", v1.DER, "")
			p.put("ca-crl", certtest.Must(v1.CRL(certtest.CRLOptions{}))(t).DER, "")
		}, []string{"deny X-05 issuer ca.der"}},
		"a CA without its CRL": {func(p *plant) { p.syncs[issuer] = p.syncs[issuer][:1] }, []string{"warn X-13 issuer ca.der"}},
		"a CRL patched into the Secret": {func(p *plant) {
			p.syncs[issuer] = p.syncs[issuer][:1]
			p.secretOf[issuer] = map[string][]byte{"ca.der": ca.DER, "ca.crl": certtest.Must(ca.CRL(certtest.CRLOptions{}))(t).DER}
		}, nil},
		"a CA without its CRL, rejected": {func(p *plant) { p.syncs[issuer] = p.syncs[issuer][:1]; p.rejectUnknown = true }, []string{"deny X-13 issuer ca.der"}},
		"a CRL of another CA": {func(p *plant) {
			p.put("ca-crl", certtest.Must(authority(t, certtest.Options{CommonName: "Other CA"}).CRL(certtest.CRLOptions{}))(t).DER, "")
		}, []string{"deny X-15 issuer ca.crl"}},
		"a CRL with a bad signature": {func(p *plant) {
			p.put("ca-crl", certtest.Must(ca.CRL(certtest.CRLOptions{BadSignature: true}))(t).DER, "")
		}, []string{"deny X-16 issuer ca.crl"}},
		"a CRL out of date": {func(p *plant) {
			p.put("ca-crl", certtest.Must(ca.CRL(certtest.CRLOptions{ThisUpdate: certtest.Epoch().AddDate(0, -2, 0), NextUpdate: certtest.Epoch().AddDate(0, -1, 0)}))(t).DER, "")
		}, []string{"warn X-17 issuer ca.crl"}},
		"a revoked server": {func(p *plant) {
			leaf := certtest.Must(ca.Issue(certtest.Options{CommonName: "leaf", Key: certtest.RSA2048, Serial: big.NewInt(77), URIs: []string{"urn:x"}}))(t)
			p.put("server-der", leaf.DER, "")
			p.put("ca-crl", certtest.Must(ca.CRL(certtest.CRLOptions{Revoked: []*big.Int{big.NewInt(77)}}))(t).DER, "")
		}, []string{"deny X-18 trust server.der", "warn X-18 issuer ca.crl"}},
		"RSA 1024": {func(p *plant) { p.put("server-der", server(t, certtest.Options{Key: certtest.RSA1024}).DER, "") }, []string{"deny X-21 trust server.der"}},
		"SHA-1":    {func(p *plant) { p.put("server-der", server(t, certtest.Options{Hash: crypto.SHA1}).DER, "") }, []string{"deny X-23 trust server.der"}},
		"another's private key": {func(p *plant) {
			p.put("own-pem", pem("PRIVATE KEY")(t, certtest.Must(certtest.NewKey(certtest.RSA2048, "another"))(t)), "application/x-pem-file")
		}, []string{"deny CL-01 client own.pem"}},
		"vault unreachable": {func(p *plant) { p.fault = &vault.Error{Reason: vault.Unreachable, Message: "connection refused"} }, []string{"warn KV-00 client", "warn KV-00 issuer", "warn KV-00 spc", "warn KV-00 trust"}},
		"vault unreachable, set to deny": {func(p *plant) {
			p.fault = &vault.Error{Reason: vault.Unreachable, Message: "connection refused"}
			p.opt.Severities = map[string]verdict.Severity{"KV-00/opcua-trust": verdict.Deny}
		}, []string{"deny KV-00 trust", "warn KV-00 client", "warn KV-00 issuer", "warn KV-00 spc"}},
		"vault not allowed": {func(p *plant) { p.opt.Allowed = func(string, string) bool { return false }; p.syncs = nil }, []string{"warn KV-00 spc"}},
		"a Secret of hex text": {func(p *plant) {
			p.secretOf[trust] = map[string][]byte{"server.der": []byte(server(t, certtest.Options{}).Hex())}
		}, []string{"deny SEC-01 trust-secret server.der"}},
		"a Secret of double base64": {func(p *plant) {
			p.secretOf[trust] = map[string][]byte{"server.der": []byte(base64.StdEncoding.EncodeToString(server(t, certtest.Options{}).DER))}
		}, []string{"deny SEC-02 trust-secret server.der"}},
		"an empty Secret value": {func(p *plant) { p.secretOf[trust] = map[string][]byte{"server.der": {}} }, []string{"deny SEC-03 trust-secret server.der", "warn X-08 issuer ca.der"}},
		"a Secret with PEM under .der": {func(p *plant) {
			p.secretOf[trust] = map[string][]byte{"server.der": server(t, certtest.Options{}).PEM()}
		}, []string{"deny SEC-07 trust-secret server.der", "warn X-08 issuer ca.der"}},
		"a Secret with a private key": {func(p *plant) { p.secretOf[trust] = map[string][]byte{"x.der": pem("PRIVATE KEY")(t, ca.Key)} }, []string{"deny SEC-07 trust-secret x.der", "warn X-08 issuer ca.der"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := healthy(t)
			tc.spoil(p)
			if diff := cmp.Diff(tc.want, p.judge(), cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// What a key is read as, in each store.
func TestSuits(t *testing.T) {
	t.Parallel()
	ca := authority(t, certtest.Options{})
	crl := certtest.Must(ca.CRL(certtest.CRLOptions{}))(t)
	key, pemKey := certtest.Must(ca.Key.DER(certtest.PKCS8))(t), pem("PRIVATE KEY")(t, ca.Key)
	bundle := append(slices.Clone(ca.PEM()), server(t, certtest.Options{}).PEM()...)
	for _, tt := range []struct {
		list  string
		suits map[string][]byte
		not   map[string][]byte
	}{
		{issuer, map[string][]byte{"a.der": ca.DER, "b.crt": ca.PEM(), "c.crl": crl.DER, "d.DER": ca.DER, "e.crt": bundle},
			map[string][]byte{"a.der": ca.PEM(), "b.crt": ca.DER, "c.crl": crl.PEM(), "d.pem": ca.PEM(), "e.der": crl.DER, "f.crl": ca.DER}},
		{client, map[string][]byte{"a.der": ca.DER, "a.pem": pemKey},
			map[string][]byte{"a.der": ca.PEM(), "a.pem": key, "b.crt": ca.PEM(), "c.pem": ca.PEM()}},
		{"my-list", map[string][]byte{"a.crt": ca.PEM(), "b": bundle}, map[string][]byte{"a.crt": ca.DER, "b": crl.PEM(), "c": pemKey}},
	} {
		for want, data := range map[bool]map[string][]byte{true: tt.suits, false: tt.not} {
			p := healthy(t)
			p.secretOf[tt.list] = data
			r := p.reviewer()
			req := subject(t, p, store.KindSecret)
			if tt.list == "my-list" {
				req.Subject.Labels[store.StoreLabel] = string(store.RoleTLSTrust)
			}
			doc, err := r.Document(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range doc.Entries {
				if e.Suits != want {
					t.Errorf("%s of %s, %s: suits is %v", e.Key, tt.list, e.Content.What, e.Suits)
				}
			}
		}
	}
}

// A certificate and its key change together: half a new pair is a touched entry.
func TestAPairIsTouchedAsAWhole(t *testing.T) {
	p := healthy(t)
	der := func(name string) []byte { return server(t, certtest.Options{CommonName: name}).DER }
	key := pem("PRIVATE KEY")(t, certtest.Must(certtest.NewKey(certtest.RSA2048, "another"))(t))
	p.secretOf[client] = map[string][]byte{"own.der": der("a"), "own.pem": key}
	before := p.verdictOf(store.KindSecret, client)
	p.secretOf[client] = map[string][]byte{"own.der": der("b"), "own.pem": key}
	now := p.verdictOf(store.KindSecret, client)
	change := verdict.Change{Door: verdict.Webhook, Actor: verdict.Person, Old: &before}
	if e := verdict.Enforce(now, change); !e.Denied() {
		t.Errorf("half a new pair that does not match was let through: %+v", e)
	}
	if e := verdict.Enforce(before, change); e.Denied() {
		t.Errorf("an untouched pair was held against the change: %+v", e)
	}
}

// One commit mends the SecretProviderClass and maps its entry: the dry run of
// the SecretSync, which still meets the old class, must not stop it.
func TestHowTheClassIsWrittenIsJudgedAtItsOwnDoor(t *testing.T) {
	p := healthy(t)
	p.replace("\nobjectEncoding: hex", "")
	v := p.verdictOf(store.KindSecretSync, trust)
	change := verdict.Change{Door: verdict.Webhook, Actor: verdict.GitOps, DryRun: true}
	if e := verdict.Enforce(v, change); e.Denied() || len(e.Warn) != 1 || e.Warn[0].Code != "SPC-22" {
		t.Errorf("the dry run of the SecretSync gave %+v", e)
	}
	if e := verdict.Enforce(p.verdictOf(store.KindSecretProviderClass, "spc-ops-1"), change); !e.Denied() {
		t.Error("the class itself was let through")
	}
}

// New items without a name are no old acquaintances.
func TestItemsWithoutANameAreToldApart(t *testing.T) {
	p := healthy(t)
	p.entries = append(p.entries, "objectName:a")
	before := p.verdictOf(store.KindSecretProviderClass, "spc-ops-1")
	p.entries = append(p.entries, "objectName:b")
	e := verdict.Enforce(p.verdictOf(store.KindSecretProviderClass, "spc-ops-1"), verdict.Change{Door: verdict.Webhook, Actor: verdict.Person, Old: &before})
	if len(e.Deny) != 1 || len(e.Warn) != 1 {
		t.Errorf("denied %d and forgave %d, want 1 and 1", len(e.Deny), len(e.Warn))
	}
}

func TestWorkIsBounded(t *testing.T) {
	p := healthy(t)
	for i := range 1001 {
		p.entries = append(p.entries, fmt.Sprintf("objectName: a%d\nobjectType: secret", i))
	}
	set := p.load()
	_, err := p.reviewer().Review(context.Background(), review.Request{Operation: review.Audit, Subject: set.Objects[0].Object, Peers: set, Now: certtest.Epoch()})
	if err == nil || !strings.Contains(err.Error(), "split it") {
		t.Errorf("got %v", err)
	}
}
