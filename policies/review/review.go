// Package review is the spine: the only place where the store, its peers, the
// vault and the rules meet. Review takes one object to one verdict: it follows
// the references, asks the vault once for all of them, decodes, relates
// certificates to CRLs and keys, builds the document and has the engine judge
// it. It knows no door.
package review

import (
	"context"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Operation is what happens to the subject.
type Operation string

// The closed list of operations. An audit finds an object as it stands.
const (
	Create Operation = "create"
	Update Operation = "update"
	Delete Operation = "delete"
	Audit  Operation = "audit"
)

// Peers answers for the other objects that a judgement needs. Get returns
// store.ErrNotFound for an object that is known not to exist; any other error
// means that the question could not be answered.
type Peers interface {
	Get(ctx context.Context, kind, namespace, name string) (*store.Object, error)
	List(ctx context.Context, kind, namespace string) ([]*store.Object, error)
}

// Vault answers for vault secrets, in the order of the references.
type Vault interface {
	Look(ctx context.Context, refs []vault.Ref) []warm.Answer
	// LookAgain answers with what the vault says now.
	LookAgain(ctx context.Context, refs []vault.Ref) []warm.Answer
}

// Request is one object to judge at one moment.
type Request struct {
	Operation Operation
	// Subject is the object as it will be; for Delete, as it was.
	Subject *store.Object
	// Old is the object before an update, nil otherwise.
	Old   *store.Object
	Peers Peers
	Now   time.Time
	// Again names the vault secrets, each as vault/secret[/version], to ask the
	// vault for even if they are known: a change is about to be refused for them.
	Again []string
}

// Options are what New needs. Engine is required.
type Options struct {
	Engine    *engine.Engine
	Inventory store.Inventory
	// Vault is nil where none was given: contents are then unseen by choice.
	Vault Vault
	// Allowed tells which vaults a namespace may have looked into; nil allows
	// all, for a person who audits with their own rights.
	Allowed func(namespace, vault string) bool
	// Identify tells as whom vault secrets are read; nil reads them as oneself.
	Identify Identify
	Profile  engine.Profile // "" is standard
	// Severities overrides by code, or by code/role for one kind of store.
	Severities map[string]verdict.Severity
	Exceptions []Exception
	// ExpiryWarning is when a certificate's approaching end changes a verdict.
	ExpiryWarning time.Duration
	// Evaluating is called as the rules begin, and what it returns as they have ended;
	// nil for nobody. There is no clock in here.
	Evaluating func() (done func())
}

// Reviewer judges objects. It is safe for concurrent use.
type Reviewer struct {
	opt     Options
	chain   *chain.Checker
	bundles *lru.Cache[[32]byte, *certs.Bundle]
}

// rememberedBundles bounds decoded values of Secrets kept by digest: 200 stores
// of 20 keys.
const rememberedBundles = 4096

// New makes a reviewer.
func New(opt Options) (*Reviewer, error) {
	if opt.Engine == nil {
		return nil, fmt.Errorf("review: an engine is required")
	}
	if opt.Profile == "" {
		opt.Profile = engine.Standard
	}
	if opt.Evaluating == nil {
		opt.Evaluating = func() func() { return func() {} }
	}
	bundles, err := lru.New[[32]byte, *certs.Bundle](rememberedBundles)
	if err != nil {
		return nil, fmt.Errorf("review: %w", err)
	}
	return &Reviewer{opt: opt, chain: chain.New(4 * rememberedBundles), bundles: bundles}, nil
}

// Review judges one object. An error means that no judgement was possible; it
// never means that the object is fine.
func (r *Reviewer) Review(ctx context.Context, req Request) (verdict.Verdict, error) {
	c := &casefile{r: r, req: req, subject: req.Subject}
	doc, err := c.document(ctx)
	if err != nil {
		return verdict.Verdict{}, fmt.Errorf("review %s: %w", req.Subject.ID, err)
	}
	done := r.opt.Evaluating()
	results, err := r.opt.Engine.Evaluate(ctx, doc)
	done()
	if err != nil {
		return verdict.Verdict{}, fmt.Errorf("review %s: %w", req.Subject.ID, err)
	}
	v, err := c.verdict(doc, results)
	if err != nil {
		return verdict.Verdict{}, fmt.Errorf("review %s: %w", req.Subject.ID, err)
	}
	return v, nil
}

// Document is what the rules see of a request, for those who write rules.
func (r *Reviewer) Document(ctx context.Context, req Request) (*input.Document, error) {
	c := &casefile{r: r, req: req, subject: req.Subject}
	return c.document(ctx)
}
