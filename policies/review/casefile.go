package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/verdict"
)

// casefile gathers what is known of one request. It lives for one Review.
type casefile struct {
	r       *Reviewer
	req     Request
	subject *store.Object
	role    store.Role
	filled  *store.Object // the Secret of a subject that is a SecretSync, nil where it was not seen

	items      []item // the subject's entries, then the sibling list's
	own        int    // how many of them are the subject's
	sync       input.Sync
	spc        input.ProviderClass
	secret     input.Secret
	removed    []input.Removed
	problems   []verdict.Problem
	endpoints  []input.Endpoint
	references []input.Reference
	referrers  []input.Referrer
	trust      sibling         // the trust list that the subject goes with
	issuers    sibling         // the issuer list that it goes with
	syncs      bool            // whether the namespace may have SecretSyncs
	using      []*store.Object // Devices and ConnectorTemplates, once listed
	listed     bool
	outputs    map[*store.SecretProviderClass]map[string]int // how many entries have an output
	certs      []certFact
	pool       chain.Pool // of them
	crls       []crlFact
	seen       time.Time // the oldest of what the vault said
}

// item is an entry on its way through: what it refers to, and what came of it.
type item struct {
	entry  input.Entry
	list   string // the store it is in, for naming it beside another
	ref    vault.Ref
	fetch  bool // ref names a secret to ask the vault for
	enc    decode.Encoding
	bundle *certs.Bundle      // set when decoded
	text   string             // digest of its own text
	source *store.VaultSecret // of a ConnectorStore, nil for all others
}

// place names an item beside those of other stores.
func (it *item) place() string { return it.list + "/" + it.entry.Key }

// The reasons beside the vault's own for which contents stay unseen.
const (
	classAbsent    = "ProviderClassAbsent"
	classUnseen    = "ProviderClassUnseen"
	classMalformed = "ProviderClassMalformed"
)

func (c *casefile) document(ctx context.Context) (*input.Document, error) {
	if n := c.size(); n > maxEntries && c.req.Operation != Delete { // what goes may be of any size
		return nil, fmt.Errorf("it has %d entries, more than the %d that are judged: split it", n, maxEntries)
	}
	if c.subject.Sync != nil && c.req.Operation != Delete {
		c.filled, _ = c.req.Peers.Get(ctx, store.KindSecret, c.subject.ID.Namespace, c.subject.ID.Name)
	}
	c.role = c.roleOf(ctx, c.subject)
	if c.role == store.RoleUnknown && c.req.Old != nil {
		// No store leaves the guard by the change that makes it bad.
		c.role = c.roleOf(ctx, c.req.Old)
	}
	if c.subject.Sync != nil || c.subject.Secret != nil {
		c.referrers = c.referrersOf(ctx, c.subject)
	}
	c.spc = input.ProviderClass{UsedBy: []string{}, Modes: []input.Mode{}, SecretObjects: []input.SecretObject{}}
	c.sync = emptySync()
	switch {
	case c.subject.SPC != nil:
		c.ofProviderClass(ctx)
	case c.req.Operation == Delete:
		// What goes needs no judgement of its contents.
		if c.subject.Secret != nil {
			c.aroundSecret(ctx)
		}
	case c.subject.Sync != nil:
		c.items = c.mappings(ctx, c.subject, c.role, true)
		c.aroundSync(ctx)
	case c.subject.Secret != nil:
		c.items = c.keys(c.subject, c.role)
		c.addReferences(ctx)
		c.aroundSecret(ctx)
	case c.subject.Declared != nil:
		c.items = c.declared(ctx)
	case c.subject.Consumer != nil:
		c.ofConsumer(ctx)
	case c.subject.Issuance != nil:
	default:
		return nil, fmt.Errorf("the kind %s is not judged", c.subject.ID.Kind)
	}
	c.own = len(c.items)
	c.addSiblings(ctx)
	c.addUsed(ctx)
	if err := c.lookIntoVault(ctx); err != nil {
		return nil, err
	}
	c.relate()
	c.pairUp()
	c.link()
	c.loseAnchors(ctx)
	c.concludeConsumer()
	return c.assemble(), nil
}

// maxEntries bounds the work of one review. A Secret of 1 MiB holds a thousand
// certificates of the usual size.
const maxEntries = 1000

func (c *casefile) size() int {
	switch o := c.subject; {
	case o.SPC != nil:
		return len(o.SPC.Objects.Entries)
	case o.Sync != nil:
		return len(o.Sync.Mappings)
	case o.Secret != nil:
		return len(o.Secret.Keys)
	case o.Declared != nil:
		return len(o.Declared.Sources)
	case o.Consumer != nil:
		return len(o.Consumer.References)
	}
	return 0
}

func (c *casefile) assemble() *input.Document {
	id := c.subject.ID
	if d := c.subject.Declared; d != nil {
		id.Kind, id.Name = store.KindSecretSync, d.SecretName
	}
	reserved, _ := store.Reserved(id.Name)
	doc := &input.Document{
		Operation: string(c.req.Operation), Now: c.req.Now.Unix(), VaultAsked: c.r.opt.Vault != nil,
		Subject: input.Subject{Kind: id.Kind, Namespace: id.Namespace, Name: id.Name,
			Projected: c.subject.Projected, Changed: c.subject.Projected && c.changed()},
		Store: input.Store{Role: string(c.role), Reserved: string(reserved), Title: title(c.role),
			Guarded: c.r.opt.Inventory.Guards(id.Namespace), Namespace: c.firstNamespace(), Near: store.NearReserved(id.Name), Syncs: c.syncs,
			Trust: c.trust.name, TrustState: c.trust.state, Issuers: c.issuers.name},
		SPC: c.spc, Sync: c.sync, Secret: c.secret, Removed: orEmpty(c.removed),
		Entries: make([]input.Entry, c.own), Unverified: c.unverified(),
		Certificates: make([]input.Certificate, 0, c.own), CRLs: []input.CRL{}, Keys: c.privateKeys(),
		Endpoints: orEmpty(c.endpoints), References: orEmpty(c.references), Referrers: orEmpty(c.referrers), Issuance: c.issuance(), Exceptions: c.exceptions(),
	}
	for i := range doc.Entries {
		c.items[i].entry.Suits = suits(&c.items[i].entry)
		doc.Entries[i] = c.items[i].entry
		if c.subject.Sync != nil || c.subject.Declared != nil {
			doc.Sync.Size += doc.Entries[i].Content.Size
		}
	}
	for _, f := range c.certs {
		if f.own {
			f.fact.ID = len(doc.Certificates)
			doc.Certificates = append(doc.Certificates, f.fact)
		}
	}
	for _, f := range c.crls {
		if f.own {
			f.fact.ID = len(doc.CRLs)
			doc.CRLs = append(doc.CRLs, f.fact)
		}
	}
	return doc
}

func (c *casefile) firstNamespace() string {
	if ns := c.r.opt.Inventory.Namespaces; len(ns) > 0 {
		return ns[0]
	}
	return ""
}

// lookIntoVault asks for all references at once and fills the items.
func (c *casefile) lookIntoVault(ctx context.Context) error {
	var refs, again []vault.Ref
	var asked, askedAgain []*item
	for i := range c.items {
		it := &c.items[i]
		switch {
		case !it.fetch || c.r.opt.Vault == nil:
		case c.r.opt.Allowed != nil && !c.r.opt.Allowed(c.subject.ID.Namespace, it.ref.Vault):
			c.unseen(it, string(vault.NotAllowed), "", fmt.Sprintf("the configuration does not allow namespace %s to have vault %s looked into", c.subject.ID.Namespace, it.ref.Vault))
		case slices.Contains(c.req.Again, it.ref.String()):
			again, askedAgain = append(again, it.ref), append(askedAgain, it)
		default:
			refs, asked = append(refs, it.ref), append(asked, it)
		}
	}
	var answers []warm.Answer
	if len(again) > 0 {
		answers = c.r.opt.Vault.LookAgain(ctx, again)
	}
	if len(refs) > 0 {
		answers = append(answers, c.r.opt.Vault.Look(ctx, refs)...)
	}
	for i, it := range append(askedAgain, asked...) {
		if err := c.learn(it, answers[i]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// learn takes the vault's answer into an item. Trouble of the vault is data; any
// other error is ours and ends the review.
func (c *casefile) learn(it *item, a warm.Answer) error {
	if a.Err != nil {
		var e *vault.Error
		if !errors.As(a.Err, &e) {
			return a.Err
		}
		c.unseen(it, string(e.Reason), e.Code, e.Message)
		it.entry.Vault.AsClass = it.ref.As != vault.Identity{}
		return nil
	}
	f := a.Facts
	if c.seen.IsZero() || f.Seen.Before(c.seen) {
		c.seen = f.Seen
	}
	v := &it.entry.Vault
	v.ContentType, v.FileEncoding, v.CertificateResource = f.ContentType, f.FileEncoding, f.CertificateResource
	v.Version, v.Looks = f.Version, string(f.Looks)
	v.Expires, v.NotBefore = seconds(f.Expires), seconds(f.NotBefore)
	if it.source != nil {
		it.enc = f.Encoding(it.source.Encoding)
		it.entry.Object.Encoding = string(it.enc)
	}
	d := f.As(it.enc)
	if d.Mismatch != "" {
		it.entry.State, v.Mismatch = input.Undecodable, d.Mismatch
		if w := d.Bundle.Wrapped; w != nil {
			it.entry.Content.Wrapped = w.Encodings[0]
		}
		return nil
	}
	it.decoded(&d.Bundle)
	if it.source != nil {
		it.setKey(it.source.Key)
	}
	return nil
}

// seconds are Unix seconds, 0 for no time.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func (it *item) decoded(b *certs.Bundle) {
	it.bundle = b
	it.entry.State = input.Decoded
	it.entry.Content = content(b)
}

// unseen marks an item whose contents could not be seen, and why.
func (c *casefile) unseen(it *item, reason, code, message string) {
	it.entry.State = input.Unseen
	it.entry.Vault.Problem, it.entry.Vault.Code, it.entry.Vault.Message = reason, code, message
}

// bundle decodes a Secret's value, once for each digest.
func (c *casefile) bundle(value []byte) (*certs.Bundle, string) {
	digest := sha256.Sum256(value)
	text := hex.EncodeToString(digest[:16])
	if b, ok := c.r.bundles.Get(digest); ok {
		return b, text
	}
	b := decode.Bytes(value)
	c.r.bundles.Add(digest, &b)
	return &b, text
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
