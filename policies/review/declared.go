package review

import (
	"context"
	"errors"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/input"
)

// declared takes the entries of a ConnectorStore that are named one by one. To the
// rules it is a SecretSync, which says the same of a store: this vault secret becomes
// that key. What tags, issuers and bundles name is judged when it is written.
func (c *casefile) declared(ctx context.Context) []item {
	d, ns := c.subject.Declared, c.subject.ID.Namespace
	c.sync.ProviderClass, c.sync.SecretType, c.sync.ServiceAccount, c.sync.Found = d.Vault.ProviderClass, "Opaque", d.Vault.ServiceAccount, true
	c.spc.Name = d.Vault.ProviderClass
	class, err := (*store.Object)(nil), store.ErrNotFound
	if d.Vault.ProviderClass != "" {
		class, err = c.req.Peers.Get(ctx, store.KindSecretProviderClass, ns, d.Vault.ProviderClass)
		if err == nil && class.SPC == nil {
			err = store.ErrNotFound
		}
		if err == nil {
			c.describeClass(class, class.SPC)
		} else if !errors.Is(err, store.ErrNotFound) {
			c.peerProblem("SecretProviderClass "+d.Vault.ProviderClass, err)
		}
	}
	var items []item
	for i, s := range d.Sources {
		v := s.VaultSecret
		if v == nil {
			continue
		}
		it := item{entry: emptyEntry(), list: d.SecretName, text: digest(v.Name, v.Version, v.Encoding, v.Key, d.Vault.ProviderClass), source: v}
		e := &it.entry
		e.ID, e.Field, e.SourcePath, e.Role, e.SameKey = len(items), store.SourceField(i), v.Name, string(d.Role), 1
		it.setKey(v.Key)
		switch {
		case errors.Is(err, store.ErrNotFound):
			c.unseen(&it, classAbsent, "", "SecretProviderClass "+d.Vault.ProviderClass+" was not found")
		case err != nil:
			c.unseen(&it, classUnseen, "", "SecretProviderClass "+d.Vault.ProviderClass+" could not be read")
		case !vault.ValidVault(class.SPC.Vault.Value) || !vault.ValidSecret(v.Name):
			c.unseen(&it, classMalformed, "", "the vault's or the secret's name cannot be used as it is written")
		default:
			it.ref = c.r.opt.Identify.Ref(ns, d.Vault.ServiceAccount, class.SPC, store.Entry{Name: v.Name, Version: v.Version})
			e.State, it.fetch = input.Unseen, true
			e.Vault.Ref, e.Vault.Name, e.Vault.Secret = it.ref.String(), class.SPC.Vault.Value, v.Name
			e.Object.Name, e.Object.Version, e.Object.Type, e.Object.Encoding, e.Object.Output = v.Name, v.Version, "secret", v.Encoding, v.Name
		}
		items = append(items, it)
	}
	return items
}

// setKey gives an item of a ConnectorStore its key, or the one that its name and
// content make.
func (it *item) setKey(key string) {
	if key == "" {
		key = store.DerivedKey(it.source.Name, it.bundle)
	}
	k := store.SplitKey(key)
	e := &it.entry
	e.Name, e.Key, e.Stem, e.Ext = key, k.Name, k.Stem, k.Ext
}
