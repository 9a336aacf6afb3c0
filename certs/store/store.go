// Package store turns a Kubernetes object into what Storewarden judges: a
// SecretProviderClass parsed exactly as the Azure provider parses it (with what
// the provider silently drops), a SecretSync, or a store Secret; its entries
// with their field paths; the role of the store an entry ends in; and the
// objects that use stores, with where they name them. It knows the few fields it
// needs of a few kinds, whose upstream Go modules cannot be had here, and it is
// the one place that knows them.
package store

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// The kinds that are judged.
const (
	KindSecretProviderClass = "SecretProviderClass"
	KindSecretSync          = "SecretSync"
	KindSecret              = "Secret"
)

// API groups and versions of the kinds, as facts.md section a has them.
const (
	SecretProviderClassAPI = "secrets-store.csi.x-k8s.io/v1"
	SecretSyncAPI          = "secret-sync.x-k8s.io/v1alpha1"
	SecretAPI              = "v1"
	DeviceAPI              = deviceGroup + "/v1"
	ConnectorTemplateAPI   = templateGroup + "/v1"
	OldTemplateAPI         = oldTemplateGroup + "/v1beta1"
	CertificateAPI         = certificateGroup + "/v1"
)

// SyncLabel is the label that the sync controller puts on the Secrets it writes.
const SyncLabel = "secrets-store.sync.x-k8s.io"

// StoreLabel marks a Secret as a store whatever its name is; its value is a role.
const StoreLabel = "storewarden.io/store"

// ErrNotFound is returned for a peer object that is known not to exist.
var ErrNotFound = errors.New("not found")

// ID names an object.
type ID struct {
	APIVersion, Kind, Namespace, Name string
}

// String is kind namespace/name.
func (id ID) String() string {
	if id.Namespace == "" {
		return id.Kind + " " + id.Name
	}
	return id.Kind + " " + id.Namespace + "/" + id.Name
}

// Object is one judged object; exactly one of the last six fields is set.
// It is read-only after Parse.
type Object struct {
	ID       ID
	Labels   map[string]string
	Owners   []Owner
	Deleting bool
	// Projected is whether Azure keeps the object and writes it anew.
	Projected bool
	// UID tells an object from one of the same name before or after it; "" in a file.
	UID string
	// Held are the keys of a Secret that HeldAnnotation names, sorted.
	Held []string

	SPC      *SecretProviderClass
	Sync     *SecretSync
	Secret   *Secret
	Consumer *Consumer // a Device or a ConnectorTemplate
	Issuance *Issuance // a cert-manager Certificate
	Declared *ConnectorStore
}

// Format prints the ID whatever the verb. Without it, a verb that does not fit
// (%s) makes package fmt skip the methods of what an Object points to and print
// the values of a Secret as bytes.
func (o Object) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, o.ID.String()) }

// Owner is the part of an owner reference that tells who makes the object.
type Owner struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

// SecretSync says which outputs of a SecretProviderClass become which keys of
// the Secret of its own name.
type SecretSync struct {
	ProviderClass  string
	ServiceAccount string
	SecretType     string // "" means Opaque
	Force          string // forceSynchronization
	Mappings       []Mapping
	// Marks are labels and annotations for the Secret that the API does not take.
	Marks []Mark
}

// Mark is a label or annotation that the API does not take; Key is "" where
// they are no mapping at all.
type Mark struct {
	Field string // spec.secretObject.labels
	Key   string
}

// Mapping is one item of spec.secretObject.data.
type Mapping struct {
	SourcePath string `json:"sourcePath"`
	TargetKey  string `json:"targetKey"`
}

// MappingField is the field path of mapping i.
func MappingField(i int) string { return fmt.Sprintf("spec.secretObject.data[%d]", i) }

// Secret is a Kubernetes Secret with stringData folded into data.
type Secret struct {
	Type      string
	Immutable bool
	Keys      []string // sorted
	Data      map[string]Value
}

// Format prints the keys, whatever the verb; see [Object.Format].
func (s Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%s %v", redacted, s.Keys) }

// DataField is the field path of a Secret's key.
func DataField(key string) string { return "data[" + key + "]" }

// Value is the value of a Secret's key; it prints REDACTED in every format.
type Value []byte

const redacted = "REDACTED"

func (Value) String() string               { return redacted }
func (Value) GoString() string             { return redacted }
func (Value) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (Value) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
func (Value) LogValue() slog.Value         { return slog.StringValue(redacted) }

// Key is a key of a Secret taken apart.
type Key struct {
	Name string
	Stem string // without the extension
	Ext  string // with its dot, as written; "" without one
}

// SplitKey takes a key apart at its last dot, as the connector does with the
// file that the key becomes.
func SplitKey(name string) Key {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return Key{Name: name, Stem: name}
	}
	return Key{Name: name, Stem: name[:i], Ext: name[i:]}
}

// UploadType is the content type that a file of the extension is uploaded with.
func (k Key) UploadType() string {
	switch strings.ToLower(k.Ext) {
	case ".der":
		return "application/pkix-cert"
	case ".crl":
		return "application/pkix-crl"
	case ".crt", ".pem":
		return "application/x-pem-file"
	}
	return "text/plain"
}

// Role is what a store is for.
type Role string

// The closed list of roles; RoleUnknown is judged for structure and decoding
// alone.
const (
	RoleUnknown          Role = ""
	RoleTrust            Role = "opcua-trust"
	RoleIssuer           Role = "opcua-issuer"
	RoleClient           Role = "opcua-client"
	RoleTLSTrust         Role = "tls-trust"
	RoleDeviceCredential Role = "device-credential"
)

// Roles lists the known roles.
func Roles() []Role {
	return []Role{RoleTrust, RoleIssuer, RoleClient, RoleTLSTrust, RoleDeviceCredential}
}

// Unit names what a key of a Secret changes together with: tls.crt and tls.key, a user
// name and its password, in a client store a certificate and its key of one stem. Any
// other key of a list, or of a Secret of unknown role, stands alone.
func (r Role) Unit(key string) string {
	switch key {
	case "username", "password":
		return "username"
	case "certificate", "privateKey", "intermediateCerts":
		return "certificate"
	}
	switch {
	case r == RoleClient, r == RoleDeviceCredential:
		return SplitKey(key).Stem
	case key == "tls.key":
		return "tls.crt"
	}
	return key
}

// Named is one store known by name.
type Named struct {
	Namespace string `json:"namespace" yaml:"namespace"`
	Name      string `json:"name" yaml:"name"`
	Role      Role   `json:"role" yaml:"role"`
}

var builtin = map[string]Role{
	"aio-opc-ua-broker-trust-list":         RoleTrust,
	"aio-opc-ua-broker-issuer-list":        RoleIssuer,
	"aio-opc-ua-broker-client-certificate": RoleClient,
}

// ReservedNames lists the built-in store names, sorted.
func ReservedNames() []string {
	names := make([]string, 0, len(builtin))
	for n := range builtin {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Inventory tells which objects are stores, and of which role.
type Inventory struct {
	Namespaces []string // where the connectors run
	Stores     []Named  // beside the built-in names
}

// Reserved tells the role that a name stands for by itself, in any namespace.
func Reserved(name string) (Role, bool) {
	r, ok := builtin[name]
	return r, ok
}

// Guards reports whether connectors run in the namespace.
func (v Inventory) Guards(namespace string) bool { return slices.Contains(v.Namespaces, namespace) }

// RoleOf tells the role of a SecretSync or Secret: by its name, by what the
// configuration says, by label, or by keys that only one role has.
func (v Inventory) RoleOf(o *Object) Role {
	if o.Sync == nil && o.Secret == nil {
		return RoleUnknown
	}
	if r := v.RoleByName(o.ID); r != RoleUnknown {
		return r
	}
	if r := Role(o.Labels[StoreLabel]); slices.Contains(Roles(), r) {
		return r
	}
	return roleOfKeys(o)
}

// RoleByName tells the role that a Secret or SecretSync has whatever it holds.
func (v Inventory) RoleByName(id ID) Role {
	for _, s := range v.Stores {
		if s.Name == id.Name && s.Namespace == id.Namespace {
			return s.Role
		}
	}
	return builtin[id.Name]
}

// NameOf is the name of the store of a role in a namespace, "" if none is known.
func (v Inventory) NameOf(namespace string, role Role) string {
	for _, s := range v.Stores {
		if s.Namespace == namespace && s.Role == role {
			return s.Name
		}
	}
	for name, r := range builtin {
		if r == role {
			return name
		}
	}
	return ""
}

// roleOfKeys recognises the two shapes that AIO's own documentation uses for
// stores of any name: a TLS trust list with ca.crt and nothing but certificates,
// and a device's credentials. A key pair beside ca.crt is somebody's mTLS.
func roleOfKeys(o *Object) Role {
	keys := o.keys()
	certificates := func(k string) bool { return slices.Contains([]string{".crt", ".pem", ".cer"}, SplitKey(k).Ext) }
	switch {
	case slices.Contains(keys, "privateKey"), slices.Contains(keys, "intermediateCerts"):
		return RoleDeviceCredential
	case slices.Contains(keys, "ca.crt") && !slices.Contains(keys, "tls.crt") &&
		!slices.ContainsFunc(keys, func(k string) bool { return !certificates(k) }):
		return RoleTLSTrust
	}
	return RoleUnknown
}

func (o *Object) keys() []string {
	if o.Secret != nil {
		return o.Secret.Keys
	}
	keys := make([]string, len(o.Sync.Mappings))
	for i, m := range o.Sync.Mappings {
		keys[i] = m.TargetKey
	}
	return keys
}

// Guarded reports whether an object is one that Storewarden judges (design
// decision 10). The webhook's matchConditions say the same in CEL.
func (v Inventory) Guarded(o *Object) bool {
	_, reserved := builtin[o.ID.Name]
	switch {
	case o.SPC != nil, o.Consumer != nil, o.Declared != nil:
		return v.Guards(o.ID.Namespace)
	case o.Issuance != nil:
		return slices.Contains(v.OwnCertificates(o.ID.Namespace), o.Issuance.SecretName)
	case o.Sync != nil:
		return v.Guards(o.ID.Namespace) || reserved || v.named(o)
	case !v.Guards(o.ID.Namespace):
		return v.named(o)
	}
	return reserved || v.named(o) || o.isSynced() || o.Labels[StoreLabel] != ""
}

func (v Inventory) named(o *Object) bool {
	return slices.ContainsFunc(v.Stores, func(s Named) bool {
		return s.Name == o.ID.Name && s.Namespace == o.ID.Namespace
	})
}

// Managed reports whether a sync controller wrote the Secret, by its label, by a
// label of the same family, which some versions use, or by its owner.
func (o *Object) Managed() bool { return o.Labelled() || o.Owned() }

// Labelled reports whether the Secret bears the sync controller's label.
func (o *Object) Labelled() bool {
	for label := range o.Labels {
		if label == SyncLabel || strings.HasPrefix(label, SyncLabel+"/") {
			return true
		}
	}
	return false
}

// Owned reports whether a SecretSync owns the object.
func (o *Object) Owned() bool {
	return slices.ContainsFunc(o.Owners, func(w Owner) bool { return w.Kind == KindSecretSync })
}

func (o *Object) isSynced() bool {
	if _, ok := o.Labels[SyncLabel]; ok {
		return true
	}
	return o.Owned()
}
