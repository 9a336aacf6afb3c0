package review_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/manifest"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/certtest"
)

const namespace = "azure-iot-operations"

// plant is a healthy world that a test then spoils.
type plant struct {
	t       testing.TB
	secrets map[string]vault.Secret
	fault   error // of every read
	// objects of the SecretProviderClass: name -> lines
	entries  []string
	params   map[string]string
	provider string
	syncs    map[string][]store.Mapping
	types    map[string]string
	secretOf map[string]map[string][]byte
	opt      review.Options
	// rejectUnknown is the connector's rejectUnknownRevocationStatus.
	rejectUnknown bool
	engine        *engine.Engine // in place of the one with all rules
}

func pem(kind string) func(testing.TB, *certtest.Key) []byte {
	return func(t testing.TB, k *certtest.Key) []byte {
		return certtest.Must(k.PEM(certtest.KeyForm(kind)))(t)
	}
}

func server(t testing.TB, o certtest.Options) *certtest.Cert {
	if o.CommonName == "" {
		o.CommonName = "server"
	}
	if o.Key == "" {
		o.Key = certtest.RSA2048
	}
	o.URIs = []string{"urn:plant:server"}
	return certtest.Must(certtest.SelfSigned(o))(t)
}

func authority(t testing.TB, o certtest.Options) *certtest.Cert {
	if o.CommonName == "" {
		o.CommonName = "Plant CA"
	}
	return certtest.Must(certtest.NewCA(o))(t)
}

const (
	trust  = "aio-opc-ua-broker-trust-list"
	issuer = "aio-opc-ua-broker-issuer-list"
	client = "aio-opc-ua-broker-client-certificate"
)

func healthy(t testing.TB) *plant {
	ca := authority(t, certtest.Options{})
	own := server(t, certtest.Options{CommonName: "aio-opc-opcuabroker"})
	p := &plant{t: t, secrets: map[string]vault.Secret{}, provider: "azure",
		params: map[string]string{"clientID": "00000000-0000-0000-0000-000000000001", "keyvaultName": "plant-kv", "tenantID": "00000000-0000-0000-0000-000000000002"},
		types:  map[string]string{}, secretOf: map[string]map[string][]byte{},
		syncs: map[string][]store.Mapping{
			trust:  {{SourcePath: "server-der", TargetKey: "server.der"}, {SourcePath: "issued-der", TargetKey: "issued.der"}},
			issuer: {{SourcePath: "ca-der", TargetKey: "ca.der"}, {SourcePath: "ca-crl", TargetKey: "ca.crl"}},
			client: {{SourcePath: "own-der", TargetKey: "own.der"}, {SourcePath: "own-pem", TargetKey: "own.pem"}},
		}}
	p.put("server-der", server(t, certtest.Options{}).DER, "application/pkix-cert")
	p.put("issued-der", certtest.Must(ca.Issue(certtest.Options{CommonName: "Issued", Key: certtest.RSA2048, URIs: []string{"urn:plant:issued"}}))(t).DER, "application/pkix-cert")
	p.put("ca-der", ca.DER, "application/pkix-cert")
	p.put("ca-crl", certtest.Must(ca.CRL(certtest.CRLOptions{}))(t).DER, "application/pkix-crl")
	p.put("own-der", own.DER, "application/pkix-cert")
	p.put("own-pem", pem("PRIVATE KEY")(t, own.Key), "application/x-pem-file")
	p.secrets["password"] = vault.Secret{Value: vault.NewValue("hunter2"), Enabled: true}
	for _, name := range []string{"server-der", "issued-der", "ca-der", "ca-crl", "own-der", "own-pem"} {
		p.entries = append(p.entries, "objectName: "+name+"\nobjectType: secret\nobjectEncoding: hex")
	}
	p.entries = append(p.entries, "objectName: password\nobjectType: secret")
	return p
}

// put stores a file as the az CLI uploads it.
func (p *plant) put(name string, content []byte, contentType string) {
	p.secrets[name] = vault.Secret{Value: vault.NewValue(hex.EncodeToString(content)), ContentType: contentType, Enabled: true, Tags: map[string]string{"file-encoding": "hex"}}
}

func (p *plant) raw(name, value string, tags map[string]string) {
	p.secrets[name] = vault.Secret{Value: vault.NewValue(value), Enabled: true, Tags: tags}
}

// Get makes a plant a vault.
func (p *plant) Get(_ context.Context, ref vault.Ref) (vault.Secret, error) {
	if p.fault != nil {
		return vault.Secret{}, p.fault
	}
	s, ok := p.secrets[ref.Name]
	switch {
	case !ok:
		return s, &vault.Error{Ref: ref, Reason: vault.NotFound, Message: "no such secret"}
	case !s.Enabled:
		return s, &vault.Error{Ref: ref, Reason: vault.Disabled, Message: "disabled"}
	}
	s.Ref = ref
	return s, nil
}

func (p *plant) objectsText() string {
	var b strings.Builder
	b.WriteString("array:\n")
	for _, e := range p.entries {
		if !strings.HasPrefix(e, "~") {
			b.WriteString("  - |\n    " + strings.ReplaceAll(e, "\n", "\n    ") + "\n")
		} else { // a map instead of a block of text
			b.WriteString("  - " + strings.ReplaceAll(e[1:], "\n", "\n    ") + "\n")
		}
	}
	return b.String()
}

// manifest writes the plant as YAML that is JSON.
func (p *plant) manifest() string {
	docs := []any{}
	params := map[string]string{}
	for k, v := range p.params {
		params[k] = v
	}
	if _, ok := params["objects"]; !ok {
		params["objects"] = p.objectsText()
	} else if params["objects"] == "" {
		delete(params, "objects")
	}
	object := func(api, kind, name string, rest map[string]any) {
		meta := map[string]any{"name": name, "namespace": namespace}
		if kind == store.KindSecret {
			meta["labels"] = map[string]string{store.SyncLabel: ""}
		}
		rest["apiVersion"], rest["kind"], rest["metadata"] = api, kind, meta
		docs = append(docs, rest)
	}
	object(store.SecretProviderClassAPI, store.KindSecretProviderClass, "spc-ops-1", map[string]any{"spec": map[string]any{"provider": p.provider, "parameters": params}})
	for name, mappings := range p.syncs {
		kind := p.types[name]
		if kind == "" {
			kind = "Opaque"
		}
		object(store.SecretSyncAPI, store.KindSecretSync, name, map[string]any{"spec": map[string]any{"secretProviderClassName": "spc-ops-1",
			"serviceAccountName": "aio-ssc-sa", "secretObject": map[string]any{"type": kind, "data": mappings}}})
	}
	for name, data := range p.secretOf {
		encoded := map[string]string{}
		for k, v := range data {
			encoded[k] = base64.StdEncoding.EncodeToString(v)
		}
		object(store.SecretAPI, store.KindSecret, name, map[string]any{"type": "Opaque", "data": encoded})
	}
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": docs})
	if err != nil {
		p.t.Fatal(err)
	}
	return string(raw)
}

// engines are compiled once for each of the two configurations that tests use.
var engines = map[bool]func() (*engine.Engine, error){
	false: sync.OnceValues(func() (*engine.Engine, error) { return compiled(false) }),
	true:  sync.OnceValues(func() (*engine.Engine, error) { return compiled(true) }),
}

func compiled(rejectUnknown bool) (*engine.Engine, error) {
	c := input.DefaultConfig()
	c.RejectUnknownRevocationStatus = rejectUnknown
	return engine.New(engine.Options{Config: c}, policies.Files)
}

func (p *plant) reviewer() *review.Reviewer {
	p.t.Helper()
	e, err := engines[p.rejectUnknown]()
	if err != nil {
		p.t.Fatal(err)
	}
	if p.engine != nil {
		e = p.engine
	}
	p.opt.Engine, p.opt.Inventory, p.opt.ExpiryWarning = e, store.Inventory{Namespaces: []string{namespace}}, 30*24*time.Hour
	if p.opt.Vault == nil {
		p.opt.Vault = warm.New(p, warm.Options{})
	}
	r, err := review.New(p.opt)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *plant) load() *manifest.Set {
	p.t.Helper()
	set, err := manifest.Load([]string{manifest.Stdin}, strings.NewReader(p.manifest()), manifest.Options{})
	if err != nil || len(set.Errors) > 0 {
		p.t.Fatal(err, set.Errors)
	}
	return set
}

// judge reviews every object and lists "severity code kind/entry", sorted.
func (p *plant) judge() []string {
	p.t.Helper()
	set, r := p.load(), p.reviewer()
	out := []string{}
	for _, o := range set.Objects {
		req := review.Request{Operation: review.Audit, Subject: o.Object, Peers: set, Now: certtest.Epoch()}
		v, err := r.Review(context.Background(), req)
		if err != nil {
			p.t.Fatal(err)
		}
		p.mergedAgrees(r, req)
		for _, f := range v.Findings {
			kind := map[string]string{trust: "trust", issuer: "issuer", client: "client"}[f.Object.Name]
			switch f.Object.Kind {
			case store.KindSecretProviderClass:
				kind = "spc"
			case store.KindSecret:
				kind += "-secret"
			}
			if f.Severity == verdict.Info && f.Code != "KV-00" {
				continue
			}
			entry := f.Entry
			if strings.HasPrefix(entry, "item ") {
				entry = "" // an item without a name goes by its digest
			}
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", f.Severity, f.Code, kind, entry)))
		}
	}
	slices.Sort(out)
	return out
}

// mergedAgrees compares the merged rules with the originals on a document.
func (p *plant) mergedAgrees(r *review.Reviewer, req review.Request) {
	p.t.Helper()
	doc, err := r.Document(context.Background(), req)
	if err != nil {
		p.t.Fatal(err)
	}
	var got [2][]string
	for i, evaluate := range []func(context.Context, *input.Document) ([]engine.Result, error){p.opt.Engine.Evaluate, p.opt.Engine.Reference} {
		results, err := evaluate(context.Background(), doc)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, res := range results {
			got[i] = append(got[i], fmt.Sprintf("%s %d %d %d %s %s %s %v", res.Rule.Code, res.Entry, res.Certificate, res.CRL, res.Field, res.Severity, res.Variant, res.Args))
		}
		slices.Sort(got[i])
	}
	if diff := cmp.Diff(got[1], got[0]); diff != "" {
		p.t.Errorf("merged rules differ from the originals on %s (-original +merged):\n%s", req.Subject.ID, diff)
	}
}

// verdictOf reviews one object of the plant.
func (p *plant) verdictOf(kind, name string) verdict.Verdict {
	p.t.Helper()
	set := p.load()
	o, err := set.Get(context.Background(), kind, namespace, name)
	if err != nil {
		p.t.Fatal(err)
	}
	v, err := p.reviewer().Review(context.Background(), review.Request{Operation: review.Audit, Subject: o, Peers: set, Now: certtest.Epoch()})
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// replace spoils one entry of the SecretProviderClass.
func (p *plant) replace(old, now string) {
	p.entries[0] = strings.ReplaceAll(p.entries[0], old, now)
}
