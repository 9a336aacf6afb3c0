package hand

import (
	"time"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Store is one store of the cluster, with what it holds and what it should hold.
type Store struct {
	Namespace string     `json:"namespace"`
	Name      string     `json:"name"` // of the Secret
	Role      store.Role `json:"role"` // "" if unknown
	// Exists is whether the Secret is there.
	Exists bool `json:"exists"`
	// SecretSync, ProviderClass and ConnectorStore name what fills it, each "" if there
	// is none; Vault is the vault of the SecretProviderClass.
	SecretSync     string `json:"secretSync"`
	ProviderClass  string `json:"providerClass"`
	Vault          string `json:"vault"`
	ConnectorStore string `json:"connectorStore"`
	// Projected is whether Azure keeps the SecretSync and writes it anew.
	Projected bool `json:"projected"`
	// Users are the Devices and ConnectorTemplates that name the store.
	Users   []User  `json:"users"`
	Entries []Entry `json:"entries"` // by key
	// Findings are about the store and the objects that fill it, not about one entry.
	Findings []verdict.Finding `json:"findings"`
	// Problems are parts of the world that could not be seen.
	Problems []verdict.Problem `json:"problems"`
}

// User is an object that uses a store.
type User struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Field string `json:"field"`
	Key   string `json:"key"` // "" for the whole Secret
}

// Entry is one key of a store: what the Secret holds under it, or what is to come there.
type Entry struct {
	Key string `json:"key"`
	// Card is of the Secret's value, or of the vault's where the Secret has none yet; its
	// Kind is "" where neither could be seen.
	Card   Card   `json:"card"`
	Origin Origin `json:"origin"`
	State  State  `json:"state"`
	// Ends is when the first certificate or CRL of it ends, zero where nothing does.
	Ends     time.Time         `json:"ends,omitzero"`
	Chain    Chain             `json:"chain"`
	Findings []verdict.Finding `json:"findings"` // most severe first
}

// State is how an entry stands, the worst that is true of it.
type State string

// The closed list of states, worst first.
const (
	Expired  State = "expired"  // its end has passed
	Refused  State = "refused"  // the judge denies it
	Missing  State = "missing"  // the Secret does not hold it yet
	Differs  State = "differs"  // the vault has another value than the Secret
	Leaving  State = "leaving"  // nothing asks for it any more; the sync controller takes it out when it writes next
	Expiring State = "expiring" // its end is near
	Warned   State = "warning"  // the judge warns of it
	Good     State = "good"
)

// States lists them, worst first.
func States() []State {
	return []State{Expired, Refused, Missing, Differs, Leaving, Expiring, Warned, Good}
}

// By is who brought an entry.
type By string

// The closed list of who brings entries.
const (
	BySync  By = "secretsync"     // the SecretSync of the store, from the vault
	ByStore By = "connectorstore" // a source of a ConnectorStore
	ByHand  By = "hand"           // a person, or another program, wrote the Secret
)

// Origin is where an entry came from.
type Origin struct {
	By By `json:"by"`
	// VaultRef is vault/secret[/version] where the entry comes from a vault, else "".
	VaultRef string `json:"vaultRef"`
	// Source is the ConnectorStore's name for it, "" where none asks for it.
	Source string `json:"source"`
	// Managers are the field managers that own the key in the Secret.
	Managers []string `json:"managers"`
}

// Text is the origin in few words.
func (o Origin) Text() string {
	switch {
	case o.VaultRef != "":
		return "vault " + o.VaultRef
	case o.By == BySync:
		return "sync controller"
	case o.By == ByStore:
		return "source " + o.Source
	case len(o.Managers) > 0:
		return "by hand (" + o.Managers[0] + ")"
	}
	return "by hand"
}

// Chain is how an entry's first certificate stands among those of its namespace's OPC UA
// stores, or a CRL to its issuer.
type Chain struct {
	// Above are the certificates above it, nearest first.
	Above []Place `json:"above"`
	// Complete is whether the line ends in a self-signed certificate, or is one.
	Complete bool `json:"complete"`
	// Missing is the subject of the issuer that no store holds, "" where none is missed.
	Missing string `json:"missing"`
	// CRLs are those of the issuer of each certificate in the line. NoCRL names the
	// authorities in it that no store has a CRL of.
	CRLs  []Place  `json:"crls"`
	NoCRL []string `json:"noCRL"`
}

// Place is an entry of a store.
type Place struct {
	Store   string `json:"store"`
	Key     string `json:"key"`
	Subject string `json:"subject"`
	SHA256  string `json:"sha256"`
}
