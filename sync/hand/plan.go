package hand

import (
	"context"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/verdict"
)

// AddRequest asks for files, or for secrets of the vault, to be put into a store.
type AddRequest struct {
	Namespace string // "" is the first one
	// Store is a Secret's name, a role, or the last word of a role: trust, issuer, client.
	Store string
	Items []Item
	// ProviderClass is the SecretProviderClass to use where the store has none yet and
	// there are several; "" where that need not be said.
	ProviderClass string
	// Overwrite lets a vault secret that holds something else get a new version.
	Overwrite bool
}

// Item is one file, or one secret that the vault has.
type Item struct {
	// File is the file's name without its folder, and Data its bytes; or else Secret is
	// the name of a vault secret.
	File string
	Data store.Value
	// Secret is the name of the vault secret. For a file "" derives it from the file's
	// name as the az CLI does.
	Secret string
	// Key is the key of the store; "" is the file's name, or what the secret's name and
	// content ask for.
	Key string
}

// RemoveRequest asks for keys to be taken out of a store, in the cluster.
type RemoveRequest struct {
	Namespace, Store string // as in AddRequest
	Keys             []string
	// Force goes on although something depends on a key; Reason says why, and is kept in
	// an event.
	Force  bool
	Reason string
	// Purge also deletes and purges the vault secrets that nothing refers to any more.
	Purge bool
}

// Plan is a change that can be shown, and then applied with Apply. It holds no value that
// can be printed.
type Plan struct {
	Title string `json:"title"` // what will be so afterwards, one line
	Store Store  `json:"store"` // as it is now
	// Items are what is added or removed.
	Items []Planned `json:"items"`
	// Steps are all that is to be done, in order, with those that are done already.
	Steps []Step `json:"steps"`
	// Refusals are why it must not be applied; Apply refuses while there are any.
	Refusals []Notice `json:"refusals"`
	// Warnings are what a person should know before.
	Warnings []Notice `json:"warnings"`
	// Rights are those that the steps need.
	Rights []Right `json:"rights"`

	// again plans the same request from what is there by then.
	again func(context.Context) (*Plan, error)
}

// Planned is one item of a plan.
type Planned struct {
	Name   string `json:"name"` // of the file or of the vault secret
	Key    string `json:"key"`
	Secret string `json:"secret"` // vault/secret, "" if none
	Card   Card   `json:"card"`
	// Findings are what the judge will say of the entry.
	Findings []verdict.Finding `json:"findings"`
}

// Notice is one refusal or warning, with the next step.
type Notice struct {
	Code   string `json:"code"` // of a finding, "" if it is none
	About  string `json:"about"`
	Text   string `json:"text"`
	Remedy string `json:"remedy"`
}

// StepKind is what a step does.
type StepKind string

// The closed list of steps, in the order in which an add has them; a remove goes the other
// way round.
const (
	SetSecret    StepKind = "vault-set"
	EditClass    StepKind = "class-edit"
	EditSync     StepKind = "sync-edit"
	CreateSync   StepKind = "sync-create"
	EditStore    StepKind = "store-edit"
	DeleteSync   StepKind = "sync-delete"
	EditSecret   StepKind = "secret-edit"
	DeleteSecret StepKind = "vault-delete"
	PurgeSecret  StepKind = "vault-purge"
	Record       StepKind = "event"
)

// Step is one write.
type Step struct {
	Kind   StepKind `json:"kind"`
	Object string   `json:"object"` // what is written: SecretSync azure-iot-operations/…, vault secret plant-kv/…
	What   string   `json:"what"`
	Why    string   `json:"why"`
	// Changes are the lines that come (+) and go (-); a value is described, never shown.
	Changes []string `json:"changes"`
	// Done is whether it is so already.
	Done bool `json:"done"`
	// Irreversible is whether it cannot be undone, so that a person must say yes again.
	Irreversible bool `json:"irreversible"`

	do write
}

// Right is one right that a plan needs.
type Right struct {
	Where  string `json:"where"` // cluster or vault
	Action string `json:"action"`
	// Allowed is yes, no, or unknown: a vault does not tell before it is tried.
	Allowed string `json:"allowed"`
	Remedy  string `json:"remedy"` // what to do if it is missing
}

// The answers of Right.Allowed.
const (
	Yes     = "yes"
	No      = "no"
	Unknown = "unknown"
)

// Refused reports whether the plan must not be applied.
func (p *Plan) Refused() bool { return len(p.Refusals) > 0 }

// Pending counts the steps that are not done yet.
func (p *Plan) Pending() int {
	n := 0
	for _, s := range p.Steps {
		if !s.Done {
			n++
		}
	}
	return n
}

// Irreversible reports whether a step that is not done cannot be undone.
func (p *Plan) Irreversible() bool {
	for _, s := range p.Steps {
		if s.Irreversible && !s.Done {
			return true
		}
	}
	return false
}

// Progress is told of each step before it begins and after it ended.
type Progress struct {
	Step  int // its place in Plan.Steps
	Ended bool
	Err   error // why it failed, nil until then
}
