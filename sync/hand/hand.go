// Package hand manages stores by hand, with the rights of the person who asks: what the
// stores hold, what it takes to add a certificate to one or to take it out, and doing
// that. It serves commands and a console alike: it prints nothing and asks nothing.
//
// A change is a Plan first. A plan is data: the steps in their order, each with what it
// changes and why, what the judge says of the result, and the rights that are missing.
// Making one writes nothing. Apply runs it and tells of each step. The order is such that
// a stop after any step leaves a cluster that works: the vault secret comes before the
// entry that names it, the entry before the mapping that uses it, and they go the other
// way round. A plan is made from what is there, so that planning the same request again
// after a stop gives the steps that are left.
package hand

import (
	"errors"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/chain"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/review"
)

// Manager is the field manager of what is written here.
const Manager = "storewarden-cli"

// Vault is a vault that is read, listed and written.
type Vault interface {
	vault.Reader
	vault.Lister
	vault.Writer
}

// Options are what New needs. Vault may be nil, all else is required.
type Options struct {
	// Client reads and writes with the person's rights; it must not read from a cache.
	Client client.Client
	// Peers reads the same cluster, at the moment it is asked.
	Peers review.Peers
	// Vault is nil where none is given: stores are shown as far as the cluster knows
	// them, and nothing that needs the vault can be planned.
	Vault Vault
	// Judge makes the one judge over a vault as it is, or as it will be; nil is no vault.
	// It must read vault secrets as the person.
	Judge      func(vault.Reader) (*review.Reviewer, error)
	Inventory  store.Inventory
	Namespaces []string // the first is meant where a request names none
	// ExpiryWarning is how long before its end an entry counts as expiring.
	ExpiryWarning time.Duration
	// Strict is whether the strict profile is in force, which forgives nothing that stood
	// before a change.
	Strict bool
	Now    func() time.Time
}

// Hand manages the stores of one cluster. It is safe for concurrent use.
type Hand struct {
	opt   Options
	chain *chain.Checker
}

// rememberedSignatures bounds the pairs of certificates whose signatures are known.
const rememberedSignatures = 4096

// New checks the options; it makes no call.
func New(opt Options) (*Hand, error) {
	switch {
	case opt.Client == nil, opt.Peers == nil, opt.Judge == nil, opt.Now == nil:
		return nil, errors.New("hand: Client, Peers, Judge and Now are required")
	case len(opt.Namespaces) == 0:
		return nil, errors.New("hand: at least one namespace is required")
	}
	return &Hand{opt: opt, chain: chain.New(rememberedSignatures)}, nil
}
