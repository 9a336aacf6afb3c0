package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// roles are the kinds of stores, in the order in which a file is tried.
var roles = []store.Role{store.RoleTrust, store.RoleIssuer, store.RoleClient, store.RoleTLSTrust, store.RoleDeviceCredential}

// unsuited is a store that a file does not suit by its form.
type unsuited struct {
	Store string `json:"store"`
	Why   string `json:"why"`
}

// suits lists the roles of the stores that could hold a blob by its form alone,
// and why not the others: kind and format, against the extension of a key where
// one is given, and being a CA or not. Never expiry, strength or usage.
func suits(b *certs.Bundle, key string) (yes []string, no []unsuited) {
	yes, no = []string{}, []unsuited{}
	for _, role := range roles {
		if why := unfit(role, b, key); why != "" {
			no = append(no, unsuited{string(role), why})
		} else {
			yes = append(yes, string(role))
		}
	}
	return yes, no
}

// unfit says why a blob does not suit a store, "" if it does.
func unfit(role store.Role, b *certs.Bundle, key string) string {
	pem := b.Format == certs.FormatPEM
	named := func(exts ...string) string {
		if ext := strings.ToLower(store.SplitKey(key).Ext); key == "" || slices.Contains(exts, ext) {
			return ""
		}
		return "the key of such a file ends in " + exts[0]
	}
	certificate := b.Kind == certs.KindCertificate
	bundle := certificate || b.Kind == certs.KindCertificateBundle
	usable := b.Kind == certs.KindPrivateKey && pem && len(b.Keys) == 1 && !b.Keys[0].Encrypted
	switch {
	case role == store.RoleClient && usable:
		return named(".pem")
	case role == store.RoleDeviceCredential && usable:
		return named(".key", ".pem", "")
	case b.Kind == certs.KindPrivateKey && (role == store.RoleClient || role == store.RoleDeviceCredential):
		return "it takes a single private key in PEM, without a password"
	}
	switch role {
	case store.RoleTrust, store.RoleIssuer:
		switch {
		case b.Kind == certs.KindCRL && pem:
			return "it takes a CRL in DER only"
		case b.Kind == certs.KindCRL:
			return named(".crl")
		case !certificate:
			return "it takes one certificate or one CRL a file"
		case role == store.RoleIssuer && !b.Certificates[0].IsCA:
			return "it is no CA certificate"
		case pem:
			return named(".crt")
		}
		return named(".der")
	case store.RoleClient:
		switch {
		case !certificate || pem:
			return "it takes a certificate in DER, and the private key of it in PEM"
		case b.Certificates[0].IsCA:
			return "it is a CA certificate"
		}
		return named(".der")
	case store.RoleTLSTrust:
		if !bundle || !pem {
			return "it takes certificates in PEM"
		}
		return named(".crt", ".pem", ".cer", "")
	}
	switch {
	case b.Kind == certs.KindText && (key == "username" || key == "password"):
		return ""
	case !bundle || !pem:
		return "it takes a certificate and a private key in PEM, or the text of a username and a password"
	}
	return named(".crt", ".pem", "")
}

// secretName is the name under which an inspected file is judged.
const inspectedSecret = "inspected"

// one is a vault with a single secret: the file, as an upload would store it.
type one struct{ secret vault.Secret }

func (o one) Get(_ context.Context, ref vault.Ref) (vault.Secret, error) {
	s := o.secret
	s.Ref = ref
	return s, nil
}

// world is the SecretProviderClass and the SecretSync around an inspected file.
type world map[string]*store.Object

func (w world) Get(_ context.Context, kind, _, name string) (*store.Object, error) {
	if o, ok := w[kind]; ok && o.ID.Name == name {
		return o, nil
	}
	return nil, store.ErrNotFound
}

func (w world) List(_ context.Context, kind, _ string) ([]*store.Object, error) {
	if o, ok := w[kind]; ok {
		return []*store.Object{o}, nil
	}
	return nil, nil
}

// wholeStore are findings about what stands beside an entry, which a single
// file cannot have.
var wholeStore = []string{"SS-06", "SS-14", "X-13"}

// findings judges a file as the one entry of the first store it suits, so that
// the same judge speaks here too.
func (f *inspectFlags) findings(ctx context.Context, c config.Config, src source, raw []byte, b *certs.Bundle, roles []string, now time.Time) ([]verdict.Finding, error) {
	role, key := store.RoleTrust, f.key
	if len(roles) > 0 {
		role = store.Role(roles[0])
	} else if b.Kind == certs.KindEmpty || b.Kind == certs.KindText && b.Wrapped == nil && len(b.Problems) == 0 {
		role = store.RoleDeviceCredential
	}
	if key == "" {
		key = stemOf(src.name) + extension(b)
	}
	ns := c.Namespaces[0]
	c.Stores = append([]store.Named{{Namespace: ns, Name: inspectedSecret, Role: role}}, c.Stores...)
	encoded := hex.EncodeToString(raw)
	e, err := readEngine(c)
	if err != nil {
		return nil, err
	}
	reader := one{vault.Secret{Value: vault.NewValue(encoded), ContentType: src.contentType, Enabled: true}}
	r, err := newReviewer(c, e, newMemory(reader, patient(c.Vault)), false)
	if err != nil {
		return nil, err
	}
	peers := world{}
	for _, text := range []string{
		fmt.Sprintf(`{"apiVersion":%q,"kind":"SecretProviderClass","metadata":{"name":%q,"namespace":%q},"spec":{"provider":"azure","parameters":{"keyvaultName":%q,"objects":%q}}}`,
			store.SecretProviderClassAPI, inspectedSecret, ns, src.ref.Vault, "array:\n  - |\n    objectName: \""+src.ref.Name+"\"\n    objectAlias: inspected\n    objectType: secret\n    objectEncoding: hex\n"),
		fmt.Sprintf(`{"apiVersion":%q,"kind":"SecretSync","metadata":{"name":%q,"namespace":%q},"spec":{"secretProviderClassName":%q,"secretObject":{"data":[{"sourcePath":"inspected","targetKey":%q}]}}}`,
			store.SecretSyncAPI, inspectedSecret, ns, inspectedSecret, key),
	} {
		o, err := store.Parse([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("inspect: %w", err)
		}
		peers[o.ID.Kind] = o
	}
	v, err := r.Review(ctx, review.Request{Operation: review.Audit, Subject: peers[store.KindSecretSync], Peers: peers, Now: now})
	if err != nil {
		return nil, err
	}
	kept := slices.DeleteFunc(v.Findings, func(x verdict.Finding) bool {
		return x.Entry == "" || slices.Contains(wholeStore, x.Code)
	})
	for i := range kept { // the objects around the file are ours, not the user's
		kept[i].Object, kept[i].Field, kept[i].VaultRef = verdict.Object{}, "", ""
	}
	return kept, nil
}

// stemOf is a file's name without its extension, where it can be a key's.
func stemOf(path string) string {
	stem := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if len(stem) < 2 || strings.Trim(stem, "-._") != stem {
		return inspectedSecret
	}
	return stem
}

// extension is the one that a connector would read a blob under.
func extension(b *certs.Bundle) string {
	switch {
	case b.Kind == certs.KindCRL:
		return ".crl"
	case b.Kind == certs.KindPrivateKey:
		return ".pem"
	case b.Format == certs.FormatPEM:
		return ".crt"
	}
	return ".der"
}
