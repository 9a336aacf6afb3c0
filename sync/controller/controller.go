// Package controller fills connector stores: for each ConnectorStore it gathers what
// the sources ask for, has the one judge review the Secret that would result, plans,
// applies its own keys under its own field manager, and tells in the status what became
// of every entry. It never forces, never deletes a Secret, and never writes what the
// webhook would refuse.
package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/plan"
)

var (
	storeKind  = schema.GroupVersionKind{Group: "storewarden.io", Version: "v1alpha1", Kind: store.KindConnectorStore}
	secretKind = schema.GroupVersionKind{Version: "v1", Kind: store.KindSecret}
)

// Judge is what reviews the Secret that would result.
type Judge interface {
	Review(ctx context.Context, req review.Request) (verdict.Verdict, error)
}

// Listings tells what a vault holds.
type Listings interface {
	List(ctx context.Context, of vault.Ref) ([]vault.Properties, error)
}

// Options are what New needs.
type Options struct {
	// Client reads and writes past any cache: a plan rests on what is there now.
	Client    client.Client
	Peers     review.Peers
	Judge     Judge
	Inventory store.Inventory
	// Vault answers from memory; Values reads the values of what changed; Listings
	// tells what tags name. All nil where there is no vault.
	Vault    review.Vault
	Values   vault.Reader
	Listings Listings
	Identify review.Identify
	// Allowed tells which vaults a namespace may use; nil allows all.
	Allowed func(namespace, vault string) bool
	// AllowTaggedTrust lets vaultTags fill trust lists.
	AllowTaggedTrust bool
	// ClusterResources is the namespace where cert-manager keeps the Secrets of
	// ClusterIssuers, cert-manager if empty.
	ClusterResources string
	// ExpiryWarning is how long before its end an entry counts as expiring soon.
	ExpiryWarning time.Duration
	// Poll is the longest time between two passes over a store.
	Poll  time.Duration
	Now   func() time.Time
	Log   *slog.Logger
	Event func(o *unstructured.Unstructured, warning bool, reason, message string)
	// Observe is told of each pass; nil tells nobody.
	Observe func(Pass)
	// Gone is told of a store that is not there any more, for the same.
	Gone func(client.ObjectKey)
}

// Pass is one pass over one store, for metrics.
type Pass struct {
	Namespace, Name string
	Outcome         string // the reason of the condition Ready
	Wrote           bool
	Entries         map[plan.State]int
	NextExpiry      time.Time // zero for none
	Took            time.Duration
}

// Controller makes passes over stores.
type Controller struct {
	opt Options

	mu     sync.Mutex
	wanted map[client.ObjectKey][]vault.Ref // what the last pass over a store looked at
	listed map[client.ObjectKey][]vault.Ref // likewise, of vaults
	fills  map[client.ObjectKey]string      // the Secret that each store fills
	kick   func()                           // of the Run under way
	soon   chan struct{}
	rivals map[string]rivals // by namespace
}

// New checks the options.
func New(o Options) (*Controller, error) {
	if o.Client == nil || o.Peers == nil || o.Judge == nil || o.Now == nil {
		return nil, errors.New("sync: a client, peers, a judge and a clock are needed")
	}
	if o.Vault == nil {
		o.Vault, o.Values, o.Listings = noVault{}, noVault{}, noVault{}
	}
	if o.ClusterResources == "" {
		o.ClusterResources = "cert-manager"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Event == nil {
		o.Event = func(*unstructured.Unstructured, bool, string, string) {}
	}
	if o.Observe == nil {
		o.Observe = func(Pass) {}
	}
	if o.Gone == nil {
		o.Gone = func(client.ObjectKey) {}
	}
	return &Controller{opt: o, wanted: map[client.ObjectKey][]vault.Ref{}, listed: map[client.ObjectKey][]vault.Ref{}, fills: map[client.ObjectKey]string{}, soon: make(chan struct{}, 1), rivals: map[string]rivals{}}, nil
}

// Outlook is what a pass decided; Next is when the next one is due.
type Outlook struct {
	Plan    plan.Plan
	Ready   Condition
	Held    []verdict.Finding // what holds entries, or the whole store
	Entries []EntryStatus
	Next    time.Time
	early   bool // the first listing of the vault is still to come
	store   *unstructured.Unstructured
	actual  plan.Actual
	role    store.Role
	vault   Condition
	summary Summary
	version string // of the Secret that was seen
}

// Sync makes one pass: it decides, writes, and tells.
func (c *Controller) Sync(ctx context.Context, key client.ObjectKey) (next time.Time, err error) {
	started := c.opt.Now()
	o, err := c.Decide(ctx, key)
	if err != nil || o == nil {
		return time.Time{}, err
	}
	wrote := false
	if o.Plan.Write && o.Ready.Reason != reasonRefused {
		if err := c.apply(ctx, o); err != nil {
			c.failed(o, err)
		} else {
			wrote = true
			c.tell(o)
		}
	}
	if o.Plan.Write && !wrote {
		c.unwritten(o)
	}
	if o.early && wasReady(o.store) {
		// A process that has just begun knows less than the one before: what that one
		// told stands until the vault is listed.
		return o.Next, o.Ready.retry // Kick comes before, when it is
	}
	if err := c.report(ctx, o); err != nil {
		return time.Time{}, err
	}
	states := map[plan.State]int{}
	for _, e := range o.Plan.Entries {
		states[e.State]++
	}
	var ends time.Time
	if o.summary.NextExpiry != nil {
		ends = o.summary.NextExpiry.Time
	}
	c.opt.Observe(Pass{NextExpiry: ends, Namespace: key.Namespace, Name: key.Name, Outcome: o.Ready.Reason, Wrote: wrote, Entries: states, Took: c.opt.Now().Sub(started)})
	if o.Ready.retry != nil {
		return time.Time{}, o.Ready.retry
	}
	return o.Next, nil
}

// Decide makes the plan of one store without writing anything; nil for a store that is
// not there, or going.
func (c *Controller) Decide(ctx context.Context, key client.ObjectKey) (*Outlook, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(storeKind)
	if err := c.opt.Client.Get(ctx, key, u); apierrors.IsNotFound(err) {
		c.forget(key)
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read ConnectorStore %s: %w", key, err)
	}
	if u.GetDeletionTimestamp() != nil {
		c.forget(key)
		return nil, nil
	}
	raw, err := u.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("read ConnectorStore %s: %w", key, err)
	}
	parsed, err := store.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("read ConnectorStore %s: %w", key, err)
	}
	c.mu.Lock()
	c.fills[key] = parsed.Declared.SecretName
	c.mu.Unlock()
	o := &Outlook{store: u, role: parsed.Declared.Role, Next: c.opt.Now().Add(c.opt.Poll)}
	if err := c.actual(ctx, o, key.Namespace, parsed.Declared); err != nil {
		return nil, err
	}
	if o.Ready.Reason != "" {
		return o, nil
	}
	g := &gathering{Controller: c, ns: key.Namespace, declared: parsed.Declared, ahead: map[vault.Ref]warm.Answer{}, waiting: ctx}
	if until, ok := ctx.Deadline(); ok { // the other half is for what is to be judged, written and told
		var cancel context.CancelFunc
		g.waiting, cancel = context.WithTimeout(ctx, time.Until(until)/2)
		defer cancel()
	}
	g.run(ctx)
	c.remember(ctx, key, g)
	if err := c.values(g, o.actual); err != nil {
		return nil, err
	}
	if err := c.judge(ctx, o, g); err != nil {
		return nil, err
	}
	c.describe(o, g)
	o.early = g.early
	return o, nil
}

// remember keeps what a store looks at for the background refresh, which forgets what
// nobody looks at: what a blind pass did not come to stands as it was.
func (c *Controller) remember(ctx context.Context, key client.ObjectKey, g *gathering) {
	var listed []vault.Ref
	if needsListing(g.declared) {
		if class, err := g.class(ctx, g.declared.Vault.ProviderClass); err == nil {
			listed = []vault.Ref{g.refIn(class, g.declared.Vault.ServiceAccount, "", "").InVault()}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	refs := g.refs
	if g.blind {
		for _, ref := range c.wanted[key] {
			if !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
		if len(listed) == 0 {
			listed = c.listed[key]
		}
	}
	if len(listed) > 0 && !slices.Equal(listed, c.listed[key]) {
		select {
		case c.soon <- struct{}{}:
		default: // it is asked for already
		}
	}
	c.wanted[key], c.listed[key] = refs, listed
}

// Soon asks for a refresh of the vault at once, since a listing is needed that was not
// before, for warm.RefreshOptions.
func (c *Controller) Soon() <-chan struct{} { return c.soon }

func needsListing(d *store.ConnectorStore) bool {
	return d.ChainPolicy == store.ChainFromVault || slices.ContainsFunc(d.Sources, func(s store.Source) bool { return s.VaultTags != nil })
}

func (c *Controller) forget(key client.ObjectKey) {
	c.opt.Gone(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.wanted, key)
	delete(c.listed, key)
	delete(c.fills, key)
}

// secretOf is the Secret that a store fills, "" where no pass was made over it.
func (c *Controller) secretOf(key client.ObjectKey) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fills[key]
}

// Wanted are the vault secrets that stores look at, for warm.RefreshOptions.
func (c *Controller) Wanted() []vault.Ref { return c.union(c.wanted) }

// Listed are the vaults whose listings stores need, likewise.
func (c *Controller) Listed() []vault.Ref { return c.union(c.listed) }

func (c *Controller) union(of map[client.ObjectKey][]vault.Ref) []vault.Ref {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []vault.Ref
	for _, refs := range of {
		out = append(out, refs...)
	}
	return out
}

// noVault is where there is none.
type noVault struct{}

func none(ref vault.Ref) error {
	return &vault.Error{Ref: ref, Reason: vault.NotAllowed, Message: "no vault is configured: set vault.kind"}
}

func (noVault) Get(_ context.Context, ref vault.Ref) (vault.Secret, error) {
	return vault.Secret{}, none(ref)
}

func (noVault) List(_ context.Context, of vault.Ref) ([]vault.Properties, error) {
	return nil, none(of)
}

func (n noVault) Look(_ context.Context, refs []vault.Ref) []warm.Answer {
	out := make([]warm.Answer, len(refs))
	for i, ref := range refs {
		out[i].Err = none(ref)
	}
	return out
}

func (n noVault) LookAgain(ctx context.Context, refs []vault.Ref) []warm.Answer {
	return n.Look(ctx, refs)
}

// few is a list for a message.
func few(all []string) string {
	if len(all) > 5 {
		return strings.Join(all[:5], ", ") + fmt.Sprintf(" and %d more", len(all)-5)
	}
	return strings.Join(all, ", ")
}
