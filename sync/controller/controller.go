// Package controller fills connector stores: for each ConnectorStore it gathers what
// the sources ask for, has the one judge review the Secret that would result, plans,
// applies its own keys under its own field manager, and tells in the status what became
// of every entry. It never forces, never deletes a Secret, and never writes what the
// webhook would refuse.
package controller

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
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
	if o.early && wasReady(o.store) {
		// A process that has just begun knows less than the one before: what that one
		// told stands until the vault is listed.
		return c.opt.Now().Add(firstRetry), nil
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
	g := &gathering{Controller: c, ns: key.Namespace, declared: parsed.Declared}
	g.run(ctx)
	c.remember(ctx, key, g)
	if err := c.values(ctx, g, o.actual); err != nil {
		return nil, err
	}
	if err := c.judge(ctx, o, g); err != nil {
		return nil, err
	}
	c.describe(o, g)
	o.early = g.early
	return o, nil
}

// remember keeps what a store looks at for the background refresh.
func (c *Controller) remember(ctx context.Context, key client.ObjectKey, g *gathering) {
	var listed []vault.Ref
	if needsListing(g.declared) {
		if class, err := g.class(ctx, g.declared.Vault.ProviderClass); err == nil {
			listed = []vault.Ref{g.refIn(class, g.declared.Vault.ServiceAccount, "", "").InVault()}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(listed) > 0 && !slices.Equal(listed, c.listed[key]) {
		select {
		case c.soon <- struct{}{}:
		default: // it is asked for already
		}
	}
	c.wanted[key], c.listed[key] = g.refs, listed
}

// Soon asks for a refresh of the vault at once, since a listing is needed that was not
// before, for warm.RefreshOptions.
func (c *Controller) Soon() <-chan struct{} { return c.soon }

func needsListing(d *store.ConnectorStore) bool {
	return d.ChainPolicy == store.ChainFromVault || slices.ContainsFunc(d.Sources, func(s store.Source) bool { return s.VaultTags != nil })
}

func (c *Controller) forget(key client.ObjectKey) {
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

// actual reads the store's Secret, and says in the condition why it may not be written.
func (c *Controller) actual(ctx context.Context, o *Outlook, ns string, d *store.ConnectorStore) error {
	refuse := func(reason, format string, args ...any) error {
		o.Ready = Condition{Status: metav1.ConditionFalse, Reason: reason, Message: fmt.Sprintf(format, args...)}
		o.vault = Condition{Status: metav1.ConditionUnknown, Reason: "NotAsked"}
		return nil
	}
	if role, reserved := store.Reserved(d.SecretName); reserved && role != d.Role {
		return refuse(reasonNotAStore, "Secret %s is reserved for role %s: set spec.role to it in a new ConnectorStore", d.SecretName, role)
	}
	if twin, err := c.twin(ctx, o.store, d.SecretName); err != nil {
		return err
	} else if twin != "" {
		return refuse(reasonDuplicate, "ConnectorStore %s fills Secret %s already: delete one of the two", twin, d.SecretName)
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(secretKind)
	err := c.opt.Client.Get(ctx, client.ObjectKey{Namespace: ns, Name: d.SecretName}, u)
	switch {
	case apierrors.IsNotFound(err):
		return c.mayCreate(ctx, ns, d, refuse)
	case err != nil:
		return fmt.Errorf("read Secret %s/%s: %w", ns, d.SecretName, err)
	}
	_, reserved := store.Reserved(d.SecretName)
	label := u.GetLabels()[store.StoreLabel]
	immutable, _, _ := unstructured.NestedBool(u.Object, "immutable")
	kind, _, _ := unstructured.NestedString(u.Object, "type")
	switch {
	case !reserved && label != string(d.Role):
		return refuse(reasonNotAStore, "Secret %s is not a store: only Secrets that do not exist, or bear the label %s=%s, are filled", d.SecretName, store.StoreLabel, d.Role)
	case label != "" && label != string(d.Role):
		return refuse(reasonNotAStore, "Secret %s bears the label %s=%s, and not %s: correct the one that is wrong", d.SecretName, store.StoreLabel, label, d.Role)
	case immutable:
		return refuse(reasonNotAStore, "Secret %s is marked immutable and cannot be filled: delete it, and it is made anew", d.SecretName)
	case kind != "" && kind != "Opaque":
		return refuse(reasonNotAStore, "Secret %s has type %s, and a store is Opaque: delete it, and it is made anew", d.SecretName, kind)
	case u.GetDeletionTimestamp() != nil:
		return refuse(reasonWaiting, "Secret %s is being deleted; it is made anew afterwards", d.SecretName)
	}
	o.actual = plan.Actual{Exists: true, UID: string(u.GetUID()), Data: dataOf(u), Owners: ownersOf(u)}
	return nil
}

// mayCreate lets the sync controller go first where one is to make the Secret: one
// without its label would be refused by it for ever.
func (c *Controller) mayCreate(ctx context.Context, ns string, d *store.ConnectorStore, refuse func(reason, format string, args ...any) error) error {
	sync, err := c.opt.Peers.Get(ctx, store.KindSecretSync, ns, d.SecretName)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("read SecretSync %s/%s: %w", ns, d.SecretName, err)
	case sync.Deleting || slices.ContainsFunc(d.Sources, func(s store.Source) bool { return s.SecretSync != nil && s.SecretSync.Name == d.SecretName }):
		return nil
	}
	return refuse(reasonWaiting, "SecretSync %s is to make the Secret, and has not yet; where no sync controller runs, add a source secretSync with its name", d.SecretName)
}

// values reads what the store does not hold yet.
func (c *Controller) values(ctx context.Context, g *gathering, a plan.Actual) error {
	for i := range g.wishes {
		w := &g.wishes[i]
		if w.Digest == "" || w.Value != nil || a.Data[w.Key] != nil && plan.Digest(a.Data[w.Key]) == w.Digest {
			continue
		}
		if w.Value = wholeOf(w.bundle, w.Digest); w.Value != nil {
			continue
		}
		secret, err := c.opt.Values.Get(ctx, w.ref)
		if err != nil {
			var e *vault.Error
			if !errors.As(err, &e) {
				return fmt.Errorf("read vault secret %s: %w", w.ref, err)
			}
			g.note(err)
			w.Digest, w.Trouble, w.Message = "", string(e.Reason), fmt.Sprintf("vault secret %s: %s", w.ref, e.Message)
			continue
		}
		raw, err := decode.Outer(secret.Value.Reveal(), w.enc)
		if err != nil || plan.Digest(raw) != w.Digest {
			w.Digest, w.Trouble, w.Message = "", troubleUndecodable, fmt.Sprintf("vault secret %s is not what it was a moment ago; it is looked at again", w.ref)
			continue
		}
		w.Value = raw
	}
	return nil
}

// wholeOf is the value where a certificate or CRL in DER is all of it: facts hold those,
// and the vault need not be asked.
func wholeOf(b *certs.Bundle, digest string) store.Value {
	if b == nil {
		return nil
	}
	for _, c := range b.Certificates {
		if plan.Digest(c.Raw) == digest {
			return c.Raw
		}
	}
	for _, l := range b.CRLs {
		if plan.Digest(l.Raw) == digest {
			return l.Raw
		}
	}
	return nil
}

// judge plans, has the judge see what would result, and plans again without what it
// refuses, until nothing of ours is refused.
func (c *Controller) judge(ctx context.Context, o *Outlook, g *gathering) error {
	wishes := make([]plan.Wish, len(g.wishes))
	for i, w := range g.wishes {
		wishes[i] = w.Wish
	}
	opt := plan.Options{Role: o.role, Prune: g.declared.PrunePolicy == store.PruneDelete, AllowShrink: g.declared.AllowShrink,
		Needed: g.needed(ctx, o.actual), Refused: map[string][]string{}}
	if len(g.unseen) > 0 {
		opt.NoRemoval = g.unseen[0]
	}
	for {
		o.Ready = Condition{}
		o.Plan = plan.New(wishes, o.actual, opt)
		v, err := c.review(ctx, o, g, o.Plan.Proposed(o.actual))
		if err != nil {
			return err
		}
		effect := verdict.Enforce(v, verdict.Change{Door: verdict.Sync, Actor: verdict.Syncer, Mode: verdict.ModeQuarantine, Create: !o.actual.Exists})
		again := false
		for _, f := range append(effect.Hold, effect.Deny...) {
			switch {
			case f.Entry != "":
				if c.refuse(o, opt.Refused, f) {
					o.Held = append(o.Held, f)
					again = true
				}
			case o.Plan.Write:
				stood, err := c.stood(ctx, o, g, f)
				if err != nil {
					return err
				}
				if !stood {
					o.Ready = Condition{Status: metav1.ConditionFalse, Reason: reasonRefused, Message: fmt.Sprintf("%s: %s. Fix: %s", f.Code, f.Message, f.Remedy)}
				}
			}
		}
		if !again {
			c.learnVerdict(o, g, v)
			return nil
		}
	}
}

// refuse holds what a finding denies: the changed entries that change together with
// the one it is about, be that the key beside a new certificate. What stands there
// already stays, whatever is said of it.
func (c *Controller) refuse(o *Outlook, refused map[string][]string, f verdict.Finding) (any bool) {
	for _, key := range slices.Concat(o.Plan.Add, o.Plan.Change) {
		if plan.Unit(o.role, key) == plan.Unit(o.role, f.Entry) && !slices.Contains(refused[key], f.Code) {
			refused[key] = append(refused[key], f.Code)
			any = true
		}
	}
	return any
}

// stood reports whether what is said of the whole Secret is said of it as it stands:
// to write nothing would not mend it.
func (c *Controller) stood(ctx context.Context, o *Outlook, g *gathering, f verdict.Finding) (bool, error) {
	if !o.actual.Exists {
		return false, nil
	}
	v, err := c.review(ctx, o, g, o.actual.Data)
	return slices.ContainsFunc(v.Findings, func(old verdict.Finding) bool { return old.Code == f.Code && old.Entry == "" }), err
}

// review has the judge see the Secret with some data.
func (c *Controller) review(ctx context.Context, o *Outlook, g *gathering, data map[string]store.Value) (verdict.Verdict, error) {
	secret := &store.Secret{Type: "Opaque", Data: data}
	for key := range data {
		secret.Keys = append(secret.Keys, key)
	}
	slices.Sort(secret.Keys)
	subject := &store.Object{ID: store.ID{APIVersion: "v1", Kind: store.KindSecret, Namespace: g.ns, Name: g.declared.SecretName},
		Labels: map[string]string{store.StoreLabel: string(o.role)}, Secret: secret}
	req := review.Request{Operation: review.Create, Subject: subject, Peers: c.opt.Peers, Now: c.opt.Now()}
	if o.actual.Exists {
		req.Operation = review.Update
		old := &store.Secret{Type: "Opaque", Data: o.actual.Data}
		for key := range o.actual.Data {
			old.Keys = append(old.Keys, key)
		}
		slices.Sort(old.Keys)
		req.Old = &store.Object{ID: subject.ID, Labels: subject.Labels, Secret: old}
	}
	v, err := c.opt.Judge.Review(ctx, req)
	if err != nil {
		return v, fmt.Errorf("judge Secret %s/%s: %w", g.ns, g.declared.SecretName, err)
	}
	return v, nil
}

// dataOf are the values of a Secret.
func dataOf(u *unstructured.Unstructured) map[string]store.Value {
	out := map[string]store.Value{}
	data, _, _ := unstructured.NestedMap(u.Object, "data")
	for key, v := range data {
		text, _ := v.(string)
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			raw = nil // the API server takes nothing else
		}
		out[key] = append(store.Value{}, raw...)
	}
	return out
}

// ownersOf are the field managers of each key of a Secret's data.
func ownersOf(u *unstructured.Unstructured) map[string][]string {
	out := map[string][]string{}
	for _, m := range u.GetManagedFields() {
		if m.FieldsV1 == nil || m.Subresource != "" {
			continue
		}
		for _, key := range dataKeys(m.FieldsV1.GetRawBytes()) {
			name := m.Manager
			if name == plan.Manager && m.Operation != metav1.ManagedFieldsOperationApply {
				name += " (not by apply)"
			}
			if !slices.Contains(out[key], name) {
				out[key] = append(out[key], name)
			}
		}
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
