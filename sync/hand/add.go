package hand

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// adding is a plan to add while it is made.
type adding struct {
	h     *Hand
	req   AddRequest
	v     *view
	s     *seen
	class *store.Object
	items []*item
	p     *Plan
	world *world
	// declares is whether the entries become sources of the ConnectorStore; otherwise
	// they become mappings of the SecretSync.
	declares bool
}

// PlanAdd plans to put items into a store; it writes nothing. An error means that no plan
// can be made: what speaks against one that can be made is in its Refusals.
func (h *Hand) PlanAdd(ctx context.Context, req AddRequest) (*Plan, error) {
	if len(req.Items) == 0 {
		return nil, errors.New("nothing is given to add: name a file, or a secret of the vault")
	}
	if h.opt.Vault == nil {
		return nil, errors.New("no vault is given: connectors get certificates from one, so set vault.kind in the configuration, or --vault azure")
	}
	v, s, err := h.find(ctx, req.Namespace, req.Store)
	if err != nil {
		return nil, err
	}
	p, err := h.planAdd(ctx, v, s, req)
	if err == nil {
		p.again = func(ctx context.Context) (*Plan, error) { return h.PlanAdd(ctx, req) }
	}
	return p, err
}

func (h *Hand) planAdd(ctx context.Context, v *view, s *seen, req AddRequest) (*Plan, error) {
	a := &adding{h: h, req: req, v: v, s: s, p: newPlan(), world: newWorld(v.peers)}
	var err error
	if a.class, err = h.classFor(ctx, v, s, req.ProviderClass); err != nil {
		return nil, err
	}
	// A SecretSync that is there goes on filling the store. Without one, a ConnectorStore
	// does, unless it does what a SecretSync of the name says.
	a.declares = s.sync == nil && s.declared != nil && !slices.ContainsFunc(s.declared.Declared.Sources, func(src store.Source) bool {
		return src.SecretSync != nil && src.SecretSync.Name == s.name
	})
	if err := a.plan(ctx); err != nil {
		return nil, err
	}
	return a.p, nil
}

func (a *adding) plan(ctx context.Context) error {
	for _, in := range a.req.Items {
		take := a.fromFile
		if in.File == "" {
			take = a.fromVault
		}
		if err := take(ctx, in); err != nil {
			return err
		}
	}
	var err error
	if a.p.Store, err = a.h.describe(ctx, a.v, a.s); err != nil {
		return err
	}
	a.p.Title = fmt.Sprintf("Add %s to %s", a.names(), a.p.Store.Title())
	a.uploads()
	if a.declares {
		err = a.declare()
	} else if err = a.offer(); err == nil {
		err = a.mapKeys(ctx)
	}
	if err != nil {
		return err
	}
	if err := a.judge(ctx); err != nil {
		return err
	}
	if !a.declares {
		a.p.settings(a.s)
		a.p.cloud(a.s, "without what is added here", "add", "--certificate-file FILE", a.class, a.s.sync)
	}
	return a.h.rights(ctx, a.p, a.p.Steps, a.v.namespace)
}

func (a *adding) names() string {
	keys := make([]string, len(a.items))
	for i, it := range a.items {
		keys[i] = it.key
	}
	return strings.Join(keys, ", ")
}

// uploads are the first steps: nothing that is there uses a new secret.
func (a *adding) uploads() {
	for _, it := range a.items {
		step := Step{Kind: SetSecret, Object: "vault secret " + it.ref.String(), What: "upload " + it.name, Why: "connectors get certificates from the vault alone",
			Done: it.draft == nil}
		if d := it.draft; d != nil {
			step.Changes = []string{fmt.Sprintf("+ value: the %d bytes of the file in hex (%d digits, not shown)", len(it.raw), 2*len(it.raw)),
				"+ content type: " + d.ContentType, "+ tag: file-encoding=hex"}
			if !d.Expires.IsZero() {
				step.Changes = append(step.Changes, "+ expires: "+d.Expires.Format("2006-01-02"))
			}
			if it.replaces || it.takeBack {
				step.What, step.Why = "add a version with "+it.name, "the name is taken, and is to be used all the same; the version before stays in the vault"
			}
			step.do = a.h.upload(it)
		} else {
			step.What = it.name + " is there"
		}
		a.p.step(step)
	}
}

// offer adds the entries to the SecretProviderClass.
func (a *adding) offer() error {
	u := a.class
	text := u.SPC.Objects
	var fresh []*item
	for _, it := range a.items {
		i := slices.IndexFunc(text.Entries, it.fits)
		if i >= 0 {
			it.output = text.Entries[i].Output()
			continue
		}
		it.output = it.ref.Name
		if e, taken := sourceOf(u.SPC, it.output); taken {
			it.clash = true
			a.p.refuse("SPC-31", u.ID.String(), fmt.Sprintf("it offers %s already, and otherwise (%s)", it.output, strings.ReplaceAll(e.Text, "\n", ", ")),
				"Mend that entry, or upload the file under another name with --secret-name.")
			continue
		}
		fresh = append(fresh, it)
	}
	step := Step{Kind: EditClass, Object: u.ID.String(), What: "offer the secret to SecretSyncs", Why: "a SecretSync can only take what its SecretProviderClass lists", Done: len(fresh) == 0}
	for _, it := range fresh {
		for _, line := range strings.Split(strings.TrimSuffix(itemText(it), "\n"), "\n") {
			step.Changes = append(step.Changes, "+ "+line)
		}
	}
	step.do = func(ctx context.Context) error {
		return a.h.edit(ctx, store.KindSecretProviderClass, u.ID.Namespace, u.ID.Name, func(o *unstructured.Unstructured) (bool, error) { return offerAll(o, fresh) })
	}
	a.p.step(step)
	return nil
}

func itemText(it *item) string { return store.EntryText(0, store.EntryLines(it.ref.Name, it.encoding)) }

// offerAll adds those entries that are not there yet.
func offerAll(o *unstructured.Unstructured, fresh []*item) (bool, error) {
	text, changed := objectsText(o), false
	for _, it := range fresh {
		if has, err := offers(text, it); err != nil {
			return false, fmt.Errorf("%s %s/%s %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		} else if has {
			continue
		}
		var err error
		if text, err = store.WithEntry(text, store.EntryLines(it.ref.Name, it.encoding)); err != nil {
			return false, fmt.Errorf("%s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		}
		changed = true
	}
	if !changed {
		return false, nil
	}
	return true, setObjectsText(o, text)
}

// offers reports whether the text of a class offers an item; one that is offered
// otherwise is an error.
func offers(text string, it *item) (bool, error) {
	for _, e := range store.ParseObjects(text).Entries {
		switch {
		case !e.Produces(it.output):
		case it.fits(e):
			return true, nil
		default:
			return false, fmt.Errorf("offers %s otherwise since the plan was made: plan again", it.output)
		}
	}
	return false, nil
}

// fits reports whether an entry carries the item.
func (it *item) fits(e store.Entry) bool {
	return strings.EqualFold(e.Name, it.ref.Name) && e.Version == "" && sameEncoding(e.Encoding, it.encoding) && e.Type == "secret" && e.History < 2 && e.Trouble == ""
}

// stillOffered asks the class before a mapping comes to rest on it.
func (a *adding) stillOffered(ctx context.Context) error {
	u, err := a.h.get(ctx, store.KindSecretProviderClass, a.v.namespace, a.class.ID.Name)
	if err != nil {
		return err
	}
	for _, it := range a.items {
		has := false
		if u != nil {
			if has, err = offers(objectsText(u), it); err != nil {
				return fmt.Errorf("%s %w", a.class.ID, err)
			}
		}
		if !has {
			return fmt.Errorf("%s does not offer %s any more since the plan was made: plan again", a.class.ID, it.output)
		}
	}
	return nil
}

func sameEncoding(a, b string) bool {
	plain := func(s string) bool { return s == "" || strings.EqualFold(s, "utf-8") }
	return strings.EqualFold(a, b) || plain(a) && plain(b)
}

// mapKeys adds the mappings to the SecretSync, or makes one.
func (a *adding) mapKeys(ctx context.Context) error {
	var fresh []store.Mapping
	for _, it := range a.items {
		m := store.Mapping{SourcePath: it.output, TargetKey: it.key}
		there := a.mappingOf(it.key)
		switch {
		case there == nil:
			if a.byHand(it) {
				it.clash = true
				a.p.refuse("", store.DataField(it.key), "the store has this key from somebody else, with another value", "Choose another with --key, or remove it first.")
			}
			fresh = append(fresh, m)
		case there.SourcePath != m.SourcePath:
			it.clash = true
			a.p.refuse("SS-04", store.DataField(it.key), fmt.Sprintf("the store fills this key from %s already", there.SourcePath),
				fmt.Sprintf("Choose another with --key; or remove it first: storewarden remove %s --store %s", it.key, a.s.name))
		}
	}
	object := store.ID{Kind: store.KindSecretSync, Namespace: a.v.namespace, Name: a.s.name}.String()
	step := Step{Kind: EditSync, Object: object, What: "take the secret into the store", Why: "the sync controller writes what is mapped here into the Secret", Done: len(fresh) == 0}
	for _, m := range fresh {
		step.Changes = append(step.Changes, fmt.Sprintf("+ {sourcePath: %s, targetKey: %s}", m.SourcePath, m.TargetKey))
	}
	if a.s.sync == nil {
		made, err := a.newSync(ctx, fresh)
		if err != nil {
			return err
		}
		step.Kind, step.What = CreateSync, "make the SecretSync of the store"
		step.Changes = append([]string{"+ secretProviderClassName: " + a.class.ID.Name, "+ serviceAccountName: " + accountOf(made)}, step.Changes...)
		step.do = a.h.createSync(made, fresh)
	} else {
		step.do = func(ctx context.Context) error {
			return a.h.edit(ctx, store.KindSecretSync, a.v.namespace, a.s.name, func(o *unstructured.Unstructured) (bool, error) { return mapAll(o, fresh) })
		}
	}
	do := step.do
	step.do = func(ctx context.Context) error {
		if err := a.stillOffered(ctx); err != nil {
			return err
		}
		return do(ctx)
	}
	a.p.step(step)
	return nil
}

// mapAll adds those mappings that are not there yet.
func mapAll(o *unstructured.Unstructured, fresh []store.Mapping) (bool, error) {
	all, changed := mappingsOf(o), false
	for _, m := range fresh {
		i := slices.IndexFunc(all, func(x store.Mapping) bool { return x.TargetKey == m.TargetKey })
		switch {
		case i < 0:
			all, changed = append(all, m), true
		case all[i].SourcePath != m.SourcePath:
			return false, fmt.Errorf("key %s is filled from %s since the plan was made: plan again", m.TargetKey, all[i].SourcePath)
		}
	}
	if !changed {
		return false, nil
	}
	return true, setMappings(o, all)
}

func (a *adding) mappingOf(key string) *store.Mapping {
	if a.s.sync == nil {
		return nil
	}
	for i, m := range a.s.sync.Sync.Mappings {
		if m.TargetKey == key {
			return &a.s.sync.Sync.Mappings[i]
		}
	}
	return nil
}

// byHand reports whether the Secret has the key with other bytes.
func (a *adding) byHand(it *item) bool {
	if a.s.secret == nil {
		return false
	}
	value, there := a.s.secret.Secret.Data[it.key]
	return there && string(value) != string(it.raw)
}

// judge asks what will be said of the class and of the store, and refuses what a person's
// change would be refused for.
func (a *adding) judge(ctx context.Context) error {
	later := pending{a.v.reader, map[string]vault.Secret{}}
	replaced := false
	for _, it := range a.items {
		if it.draft != nil {
			later.secrets[secretID(it.ref)] = it.secret(a.h.opt.Now())
			replaced = replaced || it.replaces || it.takeBack
		}
	}
	judge, err := a.h.opt.Judge(later)
	if err != nil {
		return err
	}
	subjects, err := a.imagine(ctx)
	if err != nil {
		return err
	}
	for _, it := range a.items {
		a.p.Items = append(a.p.Items, Planned{Name: it.name, Key: it.key, Secret: it.ref.String(), Card: CardOf(&it.bundle), Findings: []verdict.Finding{}})
	}
	for _, s := range subjects {
		effect, err := a.h.effect(ctx, judge, s, a.world)
		if err != nil {
			return err
		}
		a.hear(effect)
	}
	if replaced {
		return a.others(ctx, judge)
	}
	return nil
}

// others asks about every other SecretSync and ConnectorStore that a replaced secret
// reaches too.
func (a *adding) others(ctx context.Context, judge *review.Reviewer) error {
	for _, ns := range a.h.opt.Namespaces {
		for _, kind := range []string{store.KindSecretSync, store.KindConnectorStore} {
			all, err := a.world.List(ctx, kind, ns)
			if err != nil {
				return fmt.Errorf("list %s in namespace %s: %w", kind, ns, err)
			}
			for _, o := range all {
				if a.mine(o) {
					continue
				}
				if reached, err := a.reaches(ctx, o); err != nil {
					return err
				} else if !reached {
					continue
				}
				a.p.warn("", o.ID.String(), o.ID.Name+" takes the same vault secret, and gets the new version too", "")
				broken, err := a.h.newly(ctx, a.v.judge, judge, o, a.v.peers, a.world)
				if err != nil {
					return err
				}
				for _, f := range broken {
					if f.Severity == verdict.Deny {
						a.p.refuse(f.Code, o.ID.String()+" "+f.Field, f.Message, f.Remedy)
					}
				}
			}
		}
	}
	return nil
}

// mine reports whether an object is the one that the plan changes: it is judged anyway.
func (a *adding) mine(o *store.Object) bool {
	if o.ID.Namespace != a.v.namespace {
		return false
	}
	return o.Sync != nil && o.ID.Name == a.s.name || a.declares && o.Declared != nil && o.ID.Name == a.s.declared.ID.Name
}

// reaches reports whether an object takes one of the secrets that get a version.
func (a *adding) reaches(ctx context.Context, o *store.Object) (bool, error) {
	name := ""
	switch {
	case o.Sync != nil:
		name = o.Sync.ProviderClass
	case o.Declared != nil:
		name = o.Declared.Vault.ProviderClass
	}
	class, err := optional(a.world.Get(ctx, store.KindSecretProviderClass, o.ID.Namespace, name))
	if err != nil || class == nil || class.SPC == nil || !strings.EqualFold(class.SPC.Vault.Value, a.class.SPC.Vault.Value) {
		return false, err
	}
	fresh := func(secret, version string) bool {
		return version == "" && slices.ContainsFunc(a.items, func(it *item) bool { return it.draft != nil && strings.EqualFold(secret, it.ref.Name) })
	}
	if o.Sync == nil {
		return slices.ContainsFunc(o.Declared.Sources, func(s store.Source) bool {
			return s.VaultSecret != nil && fresh(s.VaultSecret.Name, s.VaultSecret.Version)
		}), nil
	}
	return slices.ContainsFunc(o.Sync.Mappings, func(m store.Mapping) bool {
		e, ok := sourceOf(class.SPC, m.SourcePath)
		return ok && fresh(e.Name, e.Version)
	}), nil
}

// hear takes an effect into the plan: what denies refuses it, and what is said of an
// entry of ours is shown with it.
func (a *adding) hear(e verdict.Effect) {
	for _, f := range e.Deny {
		a.p.refuse(f.Code, f.Field, f.Message, f.Remedy)
	}
	for _, f := range slices.Concat(e.Deny, e.Warn, e.Info) {
		if i := a.itemOf(f.Entry); i >= 0 {
			a.p.Items[i].Findings = addFinding(a.p.Items[i].Findings, f)
		}
	}
	for _, f := range e.Warn {
		if f.Entry == "" || a.itemOf(f.Entry) >= 0 {
			a.p.warn(f.Code, f.Field, f.Message, f.Remedy)
		}
	}
}

// itemOf is the place of the item that an entry of a finding is, -1 for none.
func (a *adding) itemOf(entry string) int {
	return slices.IndexFunc(a.items, func(it *item) bool {
		return entry != "" && (entry == it.key || entry == it.ref.Name || entry == it.output)
	})
}
