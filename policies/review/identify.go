package review

import (
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
)

// Identify tells as whom, and in which cloud, the secrets of a SecretProviderClass
// are read for a SecretSync with a service account, "" where none is named. A nil
// Identify reads them as oneself.
type Identify func(namespace, serviceAccount string, p *store.SecretProviderClass) (cloud string, as vault.Identity)

// Refs are the vault secrets that a SecretProviderClass of a namespace refers to and
// that a judgement of it, or of a SecretSync with the service account, looks at, in
// the order of its entries.
func (i Identify) Refs(namespace, serviceAccount string, p *store.SecretProviderClass) []vault.Ref {
	if !vault.ValidVault(p.Vault.Value) {
		return nil
	}
	var refs []vault.Ref
	for _, e := range p.Objects.Entries {
		if !malformed(e) {
			refs = append(refs, i.Ref(namespace, serviceAccount, p, e))
		}
	}
	return refs
}

// Ref is the vault secret of one entry of a class.
func (i Identify) Ref(namespace, serviceAccount string, p *store.SecretProviderClass, e store.Entry) vault.Ref {
	ref := vault.Ref{Vault: p.Vault.Value, Name: e.Name, Version: e.Version}
	if i != nil {
		ref.Cloud, ref.As = i(namespace, serviceAccount, p)
	}
	return ref
}

// Account is the service account that the secrets of a class are fetched with: that
// of the first of its SecretSyncs, in the order given, that names one.
func Account(syncs []*store.Object) string {
	for _, s := range syncs {
		if s.Sync != nil && s.Sync.ServiceAccount != "" {
			return s.Sync.ServiceAccount
		}
	}
	return ""
}
