package store

import (
	"fmt"
	"strings"

	"github.com/storewarden/storewarden/certs"
)

// KindConnectorStore is the kind that declares what a store holds.
const KindConnectorStore = "ConnectorStore"

// ConnectorStoreAPI is the API version of the kind, whose definition stands in
// manifests/base/sync.
const ConnectorStoreAPI = connectorStoreGroup + "/v1alpha1"

const connectorStoreGroup = "storewarden.io"

// ConnectorStore is the declaration of one store.
type ConnectorStore struct {
	Role       Role   `json:"role"`
	SecretName string `json:"secretName"`
	Vault      struct {
		ProviderClass  string `json:"secretProviderClassName"`
		ServiceAccount string `json:"serviceAccountName"`
	} `json:"vault"`
	Sources     []Source `json:"sources"`
	ChainPolicy string   `json:"chainPolicy"` // None or FromVault
	PrunePolicy string   `json:"prunePolicy"` // Retain or Delete
	// AllowShrink is the annotation of the name, not a part of the spec.
	AllowShrink string `json:"-"`
}

// The policies of a ConnectorStore; the other values are their defaults.
const (
	ChainFromVault = "FromVault"
	PruneDelete    = "Delete"
)

// AllowShrinkAnnotation lets one plan that removes much of a list through.
const AllowShrinkAnnotation = "storewarden.io/allow-shrink"

// Source is where entries of a store come from; exactly one member is set.
type Source struct {
	Name string `json:"name"`
	// Adopt owns keys beside another field manager that wrote the same bytes.
	Adopt       bool         `json:"adopt"`
	VaultSecret *VaultSecret `json:"vaultSecret"`
	VaultTags   *VaultTags   `json:"vaultTags"`
	SecretSync  *LocalName   `json:"secretSync"`
	CertManager *Issuer      `json:"certManager"`
	ConfigMap   *BundleKey   `json:"configMap"`
	Secret      *BundleKey   `json:"secret"`
}

// VaultSecret is one vault secret under one key.
type VaultSecret struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Encoding string `json:"encoding"` // "" is what the tag file-encoding says, or what the value looks like
	Key      string `json:"key"`      // "" derives it from the name and the content
}

// VaultTags are all vault secrets that bear the tags.
type VaultTags struct {
	Match map[string]string `json:"match"`
}

// Take reports whether a vault secret of these tags is one of them.
func (v *VaultTags) Take(tags map[string]string) bool {
	for k, want := range v.Match {
		if have, ok := tags[k]; !ok || have != want {
			return false
		}
	}
	return true
}

// LocalName names an object of the same namespace.
type LocalName struct {
	Name string `json:"name"`
}

// Issuer is a cert-manager Issuer, ClusterIssuer or Certificate.
type Issuer struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// BundleKey is a key of a ConfigMap or a Secret that holds certificates in PEM.
type BundleKey struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// SourceField is the field path of source i.
func SourceField(i int) string { return fmt.Sprintf("spec.sources[%d]", i) }

// DerivedKey is the key of a vault secret that none is given for: its name without
// what the az CLI made of the file's extension, and the extension that its content
// asks for, so that a CA and its CRL come to share a stem. Nil is content unseen.
func DerivedKey(secret string, content *certs.Bundle) string {
	stem, ext := secret, ".der"
	switch {
	case content == nil:
	case len(content.Keys) > 0 && content.Keys[0].Private:
		ext = ".pem"
	case len(content.CRLs) > 0 && len(content.Certificates) == 0:
		ext = ".crl"
	case content.Format == certs.FormatPEM:
		ext = ".crt"
	}
	for _, suffix := range []string{"-der", "-crt", "-cer", "-pem", "-crl"} {
		if s, ok := strings.CutSuffix(strings.ToLower(secret), suffix); ok && s != "" {
			stem = secret[:len(s)]
			break
		}
	}
	return stem + ext
}

// Kind tells which member is set, "" for none.
func (s Source) Kind() string {
	switch {
	case s.VaultSecret != nil:
		return "vaultSecret"
	case s.VaultTags != nil:
		return "vaultTags"
	case s.SecretSync != nil:
		return "secretSync"
	case s.CertManager != nil:
		return "certManager"
	case s.ConfigMap != nil:
		return "configMap"
	case s.Secret != nil:
		return "secret"
	}
	return ""
}
