package hand

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/review"
)

// view is a namespace at one moment.
type view struct {
	namespace string
	peers     *recall
	reader    vault.Reader // remembers what it read; nil for no vault
	judge     *review.Reviewer
	stores    []*seen // by role and name
}

// seen is one store with the objects behind it, each nil if it is not there.
type seen struct {
	name                          string
	role                          store.Role
	secret, sync, class, declared *store.Object
	managers                      map[string][]string
	// told is what the sync loop says of each key: its source.
	told    map[string]string
	bundles map[string]*certs.Bundle // of the Secret's values, or of the vault's
	inVault map[string]*certs.Bundle
	refs    map[string]vault.Ref // where a key comes from a vault secret
	trouble []string
}

// look reads a namespace.
func (h *Hand) look(ctx context.Context, namespace string) (*view, error) {
	v := &view{namespace: namespace, peers: newRecall(h.opt.Peers)}
	if h.opt.Vault != nil {
		v.reader = newReading(h.opt.Vault)
	}
	var err error
	if v.judge, err = h.opt.Judge(v.reader); err != nil {
		return nil, err
	}
	names, err := h.storeNames(ctx, v)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		s, err := h.see(ctx, v, name)
		if err != nil {
			return nil, err
		}
		v.stores = append(v.stores, s)
	}
	order := store.Roles()
	place := func(r store.Role) int {
		if i := slices.Index(order, r); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(v.stores, func(a, b *seen) int { return place(a.role) - place(b.role) })
	return v, nil
}

// storeNames are the Secrets that are stores, sorted: the reserved ones where connectors
// run, the configured ones, those that a SecretSync or a ConnectorStore fills, those that
// are labelled, and those that a connector uses.
func (h *Hand) storeNames(ctx context.Context, v *view) ([]string, error) {
	var names []string
	if v.namespace == h.opt.Namespaces[0] {
		names = store.ReservedNames()
	}
	for _, s := range h.opt.Inventory.Stores {
		if s.Namespace == v.namespace {
			names = append(names, s.Name)
		}
	}
	for _, kind := range []string{store.KindSecretSync, store.KindConnectorStore, store.KindSecret, store.KindDevice, store.KindConnectorTemplate} {
		all, err := v.peers.List(ctx, kind, v.namespace)
		if err != nil {
			return nil, fmt.Errorf("list %s in namespace %s: %w", kind, v.namespace, err)
		}
		for _, o := range all {
			switch {
			case o.Declared != nil:
				names = append(names, o.Declared.SecretName)
			case o.Consumer != nil:
				for _, r := range o.Consumer.References {
					if r.WellFormed() {
						names = append(names, r.Secret)
					}
				}
			default:
				names = append(names, o.ID.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// see reads one store and what fills it.
func (h *Hand) see(ctx context.Context, v *view, name string) (*seen, error) {
	s := &seen{name: name, told: map[string]string{}, bundles: map[string]*certs.Bundle{}, inVault: map[string]*certs.Bundle{}, refs: map[string]vault.Ref{}}
	u, err := h.get(ctx, store.KindSecret, v.namespace, name)
	if err != nil {
		return nil, err
	}
	if u != nil {
		s.managers = managersOf(u)
		if s.secret, err = parse(u); err != nil {
			return nil, err
		}
		for key, value := range s.secret.Secret.Data {
			s.bundles[key] = new(decode.Bytes(value))
		}
	}
	if s.sync, err = optional(v.peers.Get(ctx, store.KindSecretSync, v.namespace, name)); err != nil {
		return nil, err
	}
	all, err := v.peers.List(ctx, store.KindConnectorStore, v.namespace)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if o.Declared != nil && o.Declared.SecretName == name && s.declared == nil && !o.Deleting {
			s.declared = o
		}
	}
	class := ""
	switch {
	case s.sync != nil:
		class = s.sync.Sync.ProviderClass
	case s.declared != nil:
		class = s.declared.Declared.Vault.ProviderClass
	}
	if class != "" {
		if s.class, err = optional(v.peers.Get(ctx, store.KindSecretProviderClass, v.namespace, class)); err != nil {
			return nil, err
		}
	}
	if err := h.hear(ctx, v, s); err != nil {
		return nil, err
	}
	s.role = h.roleOf(s)
	s.follow(ctx, v)
	return s, nil
}

// optional turns "it is known not to exist" into nil.
func optional(o *store.Object, err error) (*store.Object, error) {
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return o, err
}

// hear takes in what the sync loop says in a ConnectorStore's status.
func (h *Hand) hear(ctx context.Context, v *view, s *seen) error {
	if s.declared == nil {
		return nil
	}
	u, err := h.get(ctx, store.KindConnectorStore, v.namespace, s.declared.ID.Name)
	if err != nil || u == nil {
		return err
	}
	entries, _, _ := unstructured.NestedSlice(u.Object, "status", "entries")
	for _, e := range entries {
		m, _ := e.(map[string]any)
		key, _ := m["key"].(string)
		if source, _ := m["source"].(string); key != "" && source != "" {
			s.told[key] = source
		}
	}
	return nil
}

func (h *Hand) roleOf(s *seen) store.Role {
	for _, o := range []*store.Object{s.secret, s.sync} {
		if o != nil {
			if r := h.opt.Inventory.RoleOf(o); r != store.RoleUnknown {
				return r
			}
		}
	}
	if s.declared != nil {
		return s.declared.Declared.Role
	}
	r, _ := store.Reserved(s.name)
	return r
}

// follow asks the vault for what is to be under each key.
func (s *seen) follow(ctx context.Context, v *view) {
	ask := func(key string, ref vault.Ref, encoding string) {
		s.refs[key] = ref
		if v.reader == nil || ref.Vault == "" {
			return
		}
		secret, err := v.reader.Get(ctx, ref)
		if err != nil {
			s.trouble = append(s.trouble, err.Error())
			return
		}
		var b certs.Bundle
		if enc, ok := decode.ParseEncoding(encoding); encoding != "" && ok {
			raw, err := decode.Outer(secret.Value.Reveal(), enc)
			if err != nil {
				return // a finding says it
			}
			b = decode.Bytes(raw)
		} else if c, err := contentOf(secret); err == nil {
			b = c.bundle
		}
		s.inVault[key] = &b
		if s.bundles[key] == nil {
			s.bundles[key] = &b
		}
	}
	if s.sync != nil && s.class != nil && s.class.SPC != nil {
		for _, m := range s.sync.Sync.Mappings {
			if e, ok := sourceOf(s.class.SPC, m.SourcePath); ok && m.TargetKey != "" {
				enc := e.Encoding
				if enc == "" {
					enc = string(decode.UTF8)
				}
				ask(m.TargetKey, refOf(s.class.SPC, e), enc)
			}
		}
	}
	if s.declared != nil && s.class != nil && s.class.SPC != nil {
		for _, src := range s.declared.Declared.Sources {
			if src.VaultSecret != nil {
				ref := vault.Ref{Vault: s.class.SPC.Vault.Value, Name: src.VaultSecret.Name, Version: src.VaultSecret.Version}
				key := src.VaultSecret.Key
				if key == "" {
					key = s.keyTold(src.Name)
				}
				if key != "" {
					ask(key, ref, src.VaultSecret.Encoding)
					s.told[key] = src.Name
				}
			}
		}
	}
}

// keyTold is the key that the sync loop derived for a source, "" where it has not yet.
func (s *seen) keyTold(source string) string {
	for key, of := range s.told {
		if of == source {
			return key
		}
	}
	return ""
}

// keys are what the store holds or is to hold, sorted.
func (s *seen) keys() []string {
	var keys []string
	if s.secret != nil {
		keys = append(keys, s.secret.Secret.Keys...)
	}
	if s.sync != nil {
		for _, m := range s.sync.Sync.Mappings {
			keys = append(keys, m.TargetKey)
		}
	}
	for key := range s.refs {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return slices.DeleteFunc(slices.Compact(keys), func(k string) bool { return k == "" })
}
