package controller

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/sync/plan"
)

// gathering collects what the sources of one store ask for. It lives for one pass.
type gathering struct {
	*Controller
	ns       string
	declared *store.ConnectorStore

	wishes []wish
	// refs is every vault reference that was looked at, for the background refresh.
	refs []vault.Ref
	// unseen says why a source could not tell what it names; nothing is removed then.
	unseen []string
	// vault is the last trouble of the vault as a whole, nil if it answered.
	vault *vault.Error
	asked bool // whether the vault was asked at all
	// blind is whether something could not be read that says which vault secrets are
	// asked for: refs is not all of them.
	blind bool
	// early is whether the first listing of the vault is still to come.
	early bool
	// waiting is for how long the vault is waited for, and ahead what it said already.
	waiting context.Context //nolint:containedctx // of one pass
	ahead   map[vault.Ref]warm.Answer
}

// wish is a plan's, with what it takes to get its value.
type wish struct {
	plan.Wish
	ref    vault.Ref // of a vault secret, at the version that was judged
	enc    decode.Encoding
	bundle *certs.Bundle // what it decodes to, nil where unseen
	// guessed is whether the key is not known, since what is under it was not seen.
	guessed bool
}

// The troubles of an entry beside the vault's own reasons.
const (
	troubleUndecodable = "Undecodable"
	troubleSource      = "SourceUnseen"
)

func (g *gathering) run(ctx context.Context) {
	class, classErr := g.class(ctx, g.declared.Vault.ProviderClass)
	if classErr == nil {
		var refs []vault.Ref
		for _, s := range g.declared.Sources {
			if v := s.VaultSecret; v != nil {
				refs = append(refs, g.refIn(class, g.declared.Vault.ServiceAccount, v.Name, v.Version))
			}
		}
		g.ask(refs)
	}
	for _, s := range g.declared.Sources {
		switch s.Kind() {
		case "vaultSecret":
			v := s.VaultSecret
			if classErr != nil {
				g.missing(s, g.keyOf(*v, nil), troubleSource, classErr.Error())
				continue
			}
			g.vaultWish(s, class, *v)
		case "vaultTags":
			if classErr != nil {
				g.cannotTell(s, classErr)
				continue
			}
			g.tagged(ctx, s, class)
		case "secretSync":
			g.asSecretSync(ctx, s)
		case "certManager":
			g.issuer(ctx, s)
		case "configMap", "secret":
			g.bundle(ctx, s)
		}
	}
	switch {
	case g.declared.ChainPolicy != store.ChainFromVault:
	case classErr != nil:
		g.unseen = append(g.unseen, fmt.Sprintf("chainPolicy: %v", classErr))
	default:
		g.chain(ctx, class)
	}
	g.yieldGuesses()
	g.findTwins()
}

// cannotTell notes a source that does not say what it names.
func (g *gathering) cannotTell(s store.Source, err error) {
	g.unseen = append(g.unseen, fmt.Sprintf("source %s: %v", s.Name, err))
}

func (g *gathering) missing(s store.Source, key, trouble, message string) {
	g.wishes = append(g.wishes, wish{Wish: plan.Wish{Key: key, Source: s.Name, Adopt: s.Adopt, Trouble: trouble, Message: message}})
}

// class is the SecretProviderClass of the name, if its vault may be looked into.
func (g *gathering) class(ctx context.Context, name string) (*store.SecretProviderClass, error) {
	if name == "" {
		return nil, errors.New("spec.vault names no SecretProviderClass")
	}
	o, err := g.opt.Peers.Get(ctx, store.KindSecretProviderClass, g.ns, name)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && o.SPC == nil:
		return nil, fmt.Errorf("SecretProviderClass %s does not exist in namespace %s", name, g.ns)
	case err != nil:
		g.blind = true
		return nil, fmt.Errorf("SecretProviderClass %s could not be read", name)
	case !vault.ValidVault(o.SPC.Vault.Value):
		return nil, fmt.Errorf("SecretProviderClass %s names no vault", name)
	case g.opt.Allowed != nil && !g.opt.Allowed(g.ns, o.SPC.Vault.Value):
		return nil, fmt.Errorf("the configuration does not allow namespace %s to use vault %s: add it to vault.allowed", g.ns, o.SPC.Vault.Value)
	}
	return o.SPC, nil
}

func (g *gathering) refIn(class *store.SecretProviderClass, account, name, version string) vault.Ref {
	ref := vault.Ref{Vault: class.Vault.Value, Name: name, Version: version}
	if g.opt.Identify != nil {
		ref.Cloud, ref.As = g.opt.Identify(g.ns, account, class)
	}
	return ref
}

// look asks the memory.
func (g *gathering) look(refs []vault.Ref) []warm.Answer {
	g.asked = g.asked || len(refs) > 0
	g.refs = append(g.refs, refs...)
	g.ask(refs)
	answers := make([]warm.Answer, len(refs))
	for i, ref := range refs {
		answers[i] = g.ahead[ref]
		g.note(answers[i].Err)
		g.note(answers[i].Late)
	}
	return answers
}

// ask looks at what was not looked at in this pass, all at once: one after another a
// vault that does not answer would take the time of the whole pass.
func (g *gathering) ask(refs []vault.Ref) {
	var ask []vault.Ref
	for _, ref := range refs {
		if _, known := g.ahead[ref]; !known {
			ask = append(ask, ref)
		}
	}
	if len(ask) == 0 {
		return
	}
	for i, a := range g.opt.Vault.Look(g.waiting, ask) {
		g.ahead[ask[i]] = a
	}
}

// note keeps trouble that is the vault's and not a single secret's.
func (g *gathering) note(err error) {
	var e *vault.Error
	if !errors.As(err, &e) {
		return
	}
	switch e.Reason {
	case vault.NotFound, vault.SoftDeleted, vault.Disabled:
	default:
		g.vault = e
	}
}

func (g *gathering) vaultWish(s store.Source, class *store.SecretProviderClass, v store.VaultSecret) {
	ref := g.refIn(class, g.declared.Vault.ServiceAccount, v.Name, v.Version)
	a := g.look([]vault.Ref{ref})[0]
	g.answered(s, ref, v, a)
}

// answered makes a wish of what the vault said of one secret.
func (g *gathering) answered(s store.Source, ref vault.Ref, v store.VaultSecret, a warm.Answer) {
	if a.Err != nil {
		reason, message := "Defect", "storewarden met a defect of its own"
		var e *vault.Error
		if errors.As(a.Err, &e) {
			reason, message = string(e.Reason), e.Message
		}
		g.missing(s, g.keyOf(v, nil), reason, fmt.Sprintf("vault secret %s: %s", ref, message))
		if v.Key == "" { // which key it has what is in it tells
			g.wishes[len(g.wishes)-1].guessed = true
			g.cannotTell(s, fmt.Errorf("vault secret %s: %s", ref, message))
		}
		return
	}
	enc := a.Facts.Encoding(v.Encoding)
	d := a.Facts.As(enc)
	key := g.keyOf(v, &d.Bundle)
	if d.Mismatch != "" || d.Bundle.SHA256 == "" {
		g.missing(s, key, troubleUndecodable, fmt.Sprintf("vault secret %s is nothing a store can hold, read as %s", ref, enc))
		return
	}
	ref.Version = a.Facts.Version
	g.wishes = append(g.wishes, wish{Wish: plan.Wish{Key: key, Source: s.Name, Adopt: s.Adopt, Digest: d.Bundle.SHA256, VaultVersion: a.Facts.Version},
		ref: ref, enc: enc, bundle: &d.Bundle})
}

// keyOf is the key of a vault secret.
func (g *gathering) keyOf(v store.VaultSecret, b *certs.Bundle) string {
	if v.Key != "" {
		return v.Key
	}
	return store.DerivedKey(v.Name, b)
}

// tagged takes every secret of the vault that bears the tags.
func (g *gathering) tagged(ctx context.Context, s store.Source, class *store.SecretProviderClass) {
	if (g.declared.Role == store.RoleTrust || g.declared.Role == store.RoleTLSTrust) && !g.opt.AllowTaggedTrust {
		g.cannotTell(s, errors.New("vaultTags may not fill a trust list: whoever tags a vault secret would grant trust; sync.allowTaggedTrust in the configuration allows it"))
		return
	}
	all, err := g.list(ctx, class)
	if err != nil {
		g.cannotTell(s, err)
		return
	}
	var refs []vault.Ref
	var named []store.VaultSecret
	for _, p := range all {
		if p.Enabled && s.VaultTags.Take(p.Tags) {
			named = append(named, store.VaultSecret{Name: p.Name})
			refs = append(refs, g.refIn(class, g.declared.Vault.ServiceAccount, p.Name, ""))
		}
	}
	for i, a := range g.look(refs) {
		g.answered(s, refs[i], named[i], a)
	}
}

// list is what the vault holds, as its last listing told.
func (g *gathering) list(ctx context.Context, class *store.SecretProviderClass) ([]vault.Properties, error) {
	g.asked = true
	all, err := g.opt.Listings.List(ctx, g.refIn(class, g.declared.Vault.ServiceAccount, "", "").InVault())
	if errors.Is(err, warm.ErrNotListed) {
		g.early = true
		return nil, err
	}
	g.note(err)
	g.blind = g.blind || err != nil
	return all, err
}

// asSecretSync does what a SecretSync says.
func (g *gathering) asSecretSync(ctx context.Context, s store.Source) {
	o, err := g.opt.Peers.Get(ctx, store.KindSecretSync, g.ns, s.SecretSync.Name)
	if err != nil || o.Sync == nil {
		g.blind = g.blind || !errors.Is(err, store.ErrNotFound)
		g.cannotTell(s, fmt.Errorf("SecretSync %s could not be read, or does not exist", s.SecretSync.Name))
		return
	}
	class, err := g.class(ctx, o.Sync.ProviderClass)
	for _, m := range o.Sync.Mappings {
		if err != nil {
			g.missing(s, m.TargetKey, troubleSource, err.Error())
			continue
		}
		i := slices.IndexFunc(class.Objects.Entries, func(e store.Entry) bool { return e.Produces(m.SourcePath) })
		if i < 0 || class.Objects.Entries[i].Type != "secret" || !vault.ValidSecret(class.Objects.Entries[i].Name) {
			g.missing(s, m.TargetKey, troubleSource, fmt.Sprintf("SecretProviderClass %s offers no secret as %s", o.Sync.ProviderClass, m.SourcePath))
			continue
		}
		e := class.Objects.Entries[i]
		enc := e.Encoding
		if enc == "" {
			enc = string(decode.UTF8) // what the provider does, whatever the tag says
		}
		ref := g.refIn(class, o.Sync.ServiceAccount, e.Name, e.Version)
		g.answered(s, ref, store.VaultSecret{Name: e.Name, Version: e.Version, Encoding: enc, Key: m.TargetKey}, g.look([]vault.Ref{ref})[0])
	}
}

// yieldGuesses drops wishes whose key is only guessed where another source asks for it.
func (g *gathering) yieldGuesses() {
	sure := map[string]bool{}
	for _, w := range g.wishes {
		sure[w.Key] = sure[w.Key] || !w.guessed
	}
	g.wishes = slices.DeleteFunc(g.wishes, func(w wish) bool { return w.guessed && sure[w.Key] })
}

// issuer takes the CA of a cert-manager object.
func (g *gathering) issuer(ctx context.Context, s store.Source) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.GroupVersionKind{Group: "cert-manager.io", Version: "v1", Kind: s.CertManager.Kind})
	ns, path := g.ns, []string{"spec", "ca", "secretName"}
	switch s.CertManager.Kind {
	case "ClusterIssuer":
		ns = ""
	case "Certificate":
		path = []string{"spec", "secretName"}
	}
	if err := g.opt.Client.Get(ctx, client.ObjectKey{Namespace: ns, Name: s.CertManager.Name}, u); err != nil {
		g.cannotTell(s, fmt.Errorf("%s %s: %s", s.CertManager.Kind, s.CertManager.Name, reasonOf(err)))
		return
	}
	name, _, _ := unstructured.NestedString(u.Object, path...)
	if name == "" {
		g.cannotTell(s, fmt.Errorf("%s %s names no Secret with a CA (spec.%s)", s.CertManager.Kind, s.CertManager.Name, strings.Join(path[1:], ".")))
		return
	}
	if ns == "" {
		ns = g.opt.ClusterResources
	}
	secret, err := g.secret(ctx, ns, name)
	if err != nil {
		g.cannotTell(s, err)
		return
	}
	isCA, _, _ := unstructured.NestedBool(u.Object, "spec", "isCA")
	value := secret["ca.crt"]
	if s.CertManager.Kind != "Certificate" || isCA {
		value = secret["tls.crt"]
	}
	g.certificates(s, value, fmt.Sprintf("Secret %s/%s", ns, name))
}

// bundle takes the certificates of a ConfigMap or Secret.
func (g *gathering) bundle(ctx context.Context, s store.Source) {
	if s.Secret != nil {
		secret, err := g.secret(ctx, g.ns, s.Secret.Name)
		if err != nil {
			g.cannotTell(s, err)
			return
		}
		g.certificates(s, secret[s.Secret.Key], fmt.Sprintf("key %s of Secret %s", s.Secret.Key, s.Secret.Name))
		return
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"})
	if err := g.opt.Client.Get(ctx, client.ObjectKey{Namespace: g.ns, Name: s.ConfigMap.Name}, u); err != nil {
		g.cannotTell(s, fmt.Errorf("ConfigMap %s: %s", s.ConfigMap.Name, reasonOf(err)))
		return
	}
	text, _, _ := unstructured.NestedString(u.Object, "data", s.ConfigMap.Key)
	g.certificates(s, []byte(text), fmt.Sprintf("key %s of ConfigMap %s", s.ConfigMap.Key, s.ConfigMap.Name))
}

func (g *gathering) secret(ctx context.Context, ns, name string) (map[string][]byte, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(secretKind)
	if err := g.opt.Client.Get(ctx, client.ObjectKey{Namespace: ns, Name: name}, u); err != nil {
		return nil, fmt.Errorf("Secret %s/%s: %s", ns, name, reasonOf(err))
	}
	out := map[string][]byte{}
	for key, v := range dataOf(u) {
		out[key] = v
	}
	return out, nil
}

// reasonOf tells an API error in a few words, with the next step.
func reasonOf(err error) string {
	switch {
	case apierrors.IsNotFound(err):
		return "it does not exist"
	case apierrors.IsForbidden(err):
		return "it may not be read: grant Storewarden's sync \"get\" on it by name"
	case meta.IsNoMatchError(err):
		return "its kind is not installed"
	}
	return "it could not be read"
}

// certificates makes a wish of each certificate of a bundle. Its key carries its
// thumbprint, so that a renewed CA stands beside the one before.
func (g *gathering) certificates(s store.Source, raw []byte, where string) {
	b := decode.Bytes(raw)
	if len(b.Certificates) == 0 {
		g.cannotTell(s, fmt.Errorf("there is no certificate in %s", where))
		return
	}
	for _, c := range b.Certificates {
		value, ext := c.Raw, ".der"
		if g.declared.Role == store.RoleTLSTrust {
			value, ext = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), ".crt"
		}
		one := decode.Bytes(value)
		g.wishes = append(g.wishes, wish{Wish: plan.Wish{Key: s.Name + "-" + c.SHA256[:8] + ext, Source: s.Name, Adopt: s.Adopt,
			Digest: plan.Digest(value), Value: value}, bundle: &one})
	}
	for _, reason := range []certs.Reason{certs.ReasonBadCertificate, certs.ReasonBadPKCS7, certs.ReasonBadPKCS12, certs.ReasonReplacementChars, certs.ReasonTooMany} {
		if b.Has(reason) { // what is damaged may be what the store holds
			g.cannotTell(s, fmt.Errorf("not all of %s can be read (%s)", where, reason))
			return
		}
	}
}

// findTwins tells of keys that two sources ask for in different ways: the first
// counts, and the second must not vanish without a word.
func (g *gathering) findTwins() {
	first := map[string]wish{}
	for _, w := range g.wishes {
		f, twice := first[w.Key]
		if !twice {
			first[w.Key] = w
			continue
		}
		if f.Digest != w.Digest {
			g.unseen = append(g.unseen, fmt.Sprintf("sources %s and %s both ask for key %s, with different contents; the first counts", f.Source, w.Source, w.Key))
		}
	}
}
