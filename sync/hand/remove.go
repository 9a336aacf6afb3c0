package hand

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/plan"
)

// removing is a plan to remove while it is made.
type removing struct {
	h     *Hand
	req   RemoveRequest
	v     *view
	s     *seen
	p     *Plan
	world *world
	class *store.Object     // of the store, nil for none
	notes map[string]string // of runs before, by store/key
	// sources are the source paths whose mappings go, or went in a run before.
	sources []string
	// secrets are the vault secrets behind the keys.
	secrets []vault.Ref
}

// PlanRemove plans to take keys out of a store; it writes nothing.
func (h *Hand) PlanRemove(ctx context.Context, req RemoveRequest) (*Plan, error) {
	switch {
	case len(req.Keys) == 0:
		return nil, errors.New("nothing is given to remove: name a key of the store")
	case req.Force && strings.TrimSpace(req.Reason) == "":
		return nil, errors.New("--force needs a --reason: it is kept with the change")
	case req.Purge && h.opt.Vault == nil:
		return nil, errors.New("no vault is given to purge secrets in: set vault.kind in the configuration, or --vault azure")
	}
	v, s, err := h.find(ctx, req.Namespace, req.Store)
	if err != nil {
		return nil, err
	}
	r := &removing{h: h, req: req, v: v, s: s, p: newPlan(), world: newWorld(v.peers)}
	if err := r.plan(ctx); err != nil {
		return nil, err
	}
	r.p.again = func(ctx context.Context) (*Plan, error) { return h.PlanRemove(ctx, req) }
	return r.p, nil
}

func (r *removing) plan(ctx context.Context) error {
	var err error
	if r.p.Store, err = r.h.describe(ctx, r.v, r.s); err != nil {
		return err
	}
	if err := r.classOf(ctx); err != nil {
		return err
	}
	r.p.Title = fmt.Sprintf("Remove %s from %s", strings.Join(r.req.Keys, ", "), r.p.Store.Title())
	for _, key := range r.req.Keys {
		if err := r.take(key); err != nil {
			return err
		}
	}
	for _, part := range []func(context.Context) error{r.unmap, r.undeclare, r.unhold, r.withdraw, r.purge, r.note, r.record, r.depend} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	if r.s.sync != nil {
		r.p.cloud(r.s, "with what is removed here", "remove", "--certificate-names "+strings.Join(r.req.Keys, " "), r.class, r.s.sync)
	}
	return r.h.rights(ctx, r.p, r.p.Steps, r.v.namespace)
}

// take finds what is behind a key. One that is not in the store any more may be left over
// from a run that was stopped: a note says so, or the class still offers what add names
// after the key. A secret is never guessed: it might be somebody else's.
func (r *removing) take(key string) error {
	it := Planned{Name: key, Key: key, Card: emptyCard(), Findings: []verdict.Finding{}}
	i := slices.IndexFunc(r.p.Store.Entries, func(e Entry) bool { return e.Key == key })
	leaving := i >= 0 && r.p.Store.Entries[i].State == Leaving
	if i >= 0 {
		e := r.p.Store.Entries[i]
		it.Secret, it.Card, it.Findings = e.Origin.VaultRef, e.Card, e.Findings
	}
	if ref, ok := r.s.refs[key]; ok {
		r.secrets = append(r.secrets, vault.Ref{Vault: ref.Vault, Name: ref.Name})
	}
	if i < 0 || leaving {
		name := r.leftOver(key)
		switch {
		case name != "":
			ref := vault.Ref{Vault: r.class.SPC.Vault.Value, Name: name}
			it.Secret = ref.String()
			if r.notes[r.noteKey(key)] != "" {
				r.secrets = append(r.secrets, ref)
			} else if r.req.Purge {
				r.p.warn("", ref.String(), "the secret stays in the vault: nothing shows that it was behind "+key, "To end it: az keyvault secret delete --vault-name "+ref.Vault+" --name "+ref.Name)
			}
		case !leaving:
			return r.unknown(key)
		}
	}
	if leaving {
		r.p.warn("", store.DataField(key), "nothing asks for it any more: it goes when the sync controller writes the Secret next", "")
	}
	r.p.Items = append(r.p.Items, it)
	return nil
}

// leftOver is the vault secret of a key whose mapping went in a run before, "" if that
// cannot be told.
func (r *removing) leftOver(key string) string {
	if r.class == nil {
		return ""
	}
	name := r.notes[r.noteKey(key)]
	if name == "" {
		derived, _ := secretNameOf(key)
		e, offered := sourceOf(r.class.SPC, derived)
		if !offered {
			return ""
		}
		name = e.Name
	}
	for _, e := range r.class.SPC.Objects.Entries {
		if e.Name == name && e.Trouble == "" {
			r.sources = append(r.sources, e.Output())
		}
	}
	return name
}

func (r *removing) unknown(key string) error {
	keys := make([]string, len(r.p.Store.Entries))
	for i, e := range r.p.Store.Entries {
		keys[i] = e.Key
	}
	if len(keys) == 0 {
		return fmt.Errorf("store %s has no key %s: it is empty", r.s.name, key)
	}
	return fmt.Errorf("store %s has no key %s; it has %s", r.s.name, key, strings.Join(keys, ", "))
}

// classOf finds the class of the store; after a SecretSync is gone, the one that an add
// would take. A store may do without one.
func (r *removing) classOf(ctx context.Context) error {
	class := r.s.class
	if class == nil {
		class, _ = r.v.pickClass(ctx, "")
	}
	if class == nil || class.SPC == nil {
		return nil
	}
	u, err := r.h.get(ctx, store.KindSecretProviderClass, r.v.namespace, class.ID.Name)
	if err != nil || u == nil {
		return err
	}
	r.class, r.notes = class, notesOf(u)
	return nil
}

// unmap takes the mappings out of the SecretSync. The last one takes the SecretSync with
// it, since it may not be empty.
func (r *removing) unmap(ctx context.Context) error {
	if r.s.sync == nil {
		return nil
	}
	goes := func(m store.Mapping) bool { return slices.Contains(r.req.Keys, m.TargetKey) }
	all := r.s.sync.Sync.Mappings
	var changes []string
	for _, m := range all {
		if goes(m) {
			r.sources = append(r.sources, m.SourcePath)
			changes = append(changes, fmt.Sprintf("- {sourcePath: %s, targetKey: %s}", m.SourcePath, m.TargetKey))
		}
	}
	if len(changes) == 0 {
		return nil
	}
	id := r.s.sync.ID
	step := Step{Kind: EditSync, Object: id.String(), What: "take the key out of the store", Why: "first nothing may use the secret any more", Changes: changes}
	if len(changes) == len(all) {
		step.Kind, step.What = DeleteSync, "delete the SecretSync of the store"
		with := ""
		if step.Why = "it may not be empty"; r.s.secret != nil && r.s.secret.Owned() {
			with, step.Why = ", and the Secret with it", "it may not be empty, and its Secret goes with it"
		}
		r.p.warn("SS-07", id.String(), "these are the last keys of the store: the SecretSync is deleted"+with, "")
		r.world.remove(store.KindSecretSync, id.Namespace, id.Name)
	}
	step.do = func(ctx context.Context) error {
		return r.h.unmapAll(ctx, id, slices.Clone(r.req.Keys), all, step.Kind == DeleteSync)
	}
	r.p.step(step)
	return r.imagine(ctx, store.KindSecretSync, id.Name, func(u *unstructured.Unstructured) error {
		return setMappings(u, slices.DeleteFunc(mappingsOf(u), goes))
	})
}

// unmapAll removes mappings from the SecretSync as it is, or deletes it with the last where
// that was shown. A key that another secret fills by now is somebody else's.
func (h *Hand) unmapAll(ctx context.Context, id store.ID, keys []string, shown []store.Mapping, last bool) error {
	stay := func(u *unstructured.Unstructured) ([]store.Mapping, error) {
		var out []store.Mapping
		for _, m := range mappingsOf(u) {
			switch {
			case !slices.Contains(keys, m.TargetKey):
				out = append(out, m)
			case !slices.Contains(shown, m):
				return nil, fmt.Errorf("key %s is filled from %s since the plan was made: plan again", m.TargetKey, m.SourcePath)
			}
		}
		return out, nil
	}
	u, err := h.get(ctx, store.KindSecretSync, id.Namespace, id.Name)
	if err != nil || u == nil {
		return err
	}
	left, err := stay(u)
	if err != nil {
		return err
	}
	if len(left) == 0 && last {
		uid, version := u.GetUID(), u.GetResourceVersion()
		return said(client.IgnoreNotFound(h.opt.Client.Delete(ctx, u, client.Preconditions{UID: &uid, ResourceVersion: &version})))
	}
	return h.edit(ctx, store.KindSecretSync, id.Namespace, id.Name, func(o *unstructured.Unstructured) (bool, error) {
		left, err := stay(o)
		switch {
		case err != nil, len(left) == len(mappingsOf(o)):
			return false, err
		case len(left) == 0:
			return false, fmt.Errorf("%s lost its other keys since the plan was made: plan again", id)
		}
		return true, setMappings(o, left)
	})
}

// undeclare takes the sources out of the ConnectorStore.
func (r *removing) undeclare(ctx context.Context) error {
	if r.s.declared == nil {
		return nil
	}
	var names []string
	secrets := map[string]string{} // behind each
	for _, key := range r.req.Keys {
		i := slices.IndexFunc(r.s.declared.Declared.Sources, func(src store.Source) bool { return src.Name == r.s.told[key] && src.Name != "" })
		if i < 0 {
			continue
		}
		switch src := r.s.declared.Declared.Sources[i]; src.Kind() {
		case "vaultSecret":
			names, secrets[src.Name] = append(names, src.Name), src.VaultSecret.Name
		case "secretSync":
		default:
			r.p.refuse("", r.s.declared.ID.String(), fmt.Sprintf("key %s comes from source %s (%s), and would come back", key, src.Name, src.Kind()),
				"Change the source in the ConnectorStore, or what it takes from.")
		}
	}
	if len(names) == 0 {
		return nil
	}
	id := r.s.declared.ID
	step := Step{Kind: EditStore, Object: id.String(), What: "take the source out", Why: "the sync loop would fill the key again"}
	for _, n := range names {
		step.Changes = append(step.Changes, "- source "+n)
	}
	drop := func(u *unstructured.Unstructured) (bool, error) {
		other := ""
		list, _, _ := unstructured.NestedSlice(u.Object, "spec", "sources")
		stay := slices.DeleteFunc(slices.Clone(list), func(s any) bool {
			m, _ := s.(map[string]any)
			name, _ := m["name"].(string)
			if !slices.Contains(names, name) {
				return false
			}
			if from, _, _ := unstructured.NestedString(m, "vaultSecret", "name"); from != secrets[name] {
				other = name
			}
			return true
		})
		if other != "" {
			return false, fmt.Errorf("source %s is another since the plan was made: plan again", other)
		}
		if len(stay) == len(list) {
			return false, nil
		}
		return true, unstructured.SetNestedSlice(u.Object, stay, "spec", "sources")
	}
	step.do = func(ctx context.Context) error {
		return r.h.edit(ctx, store.KindConnectorStore, id.Namespace, id.Name, drop)
	}
	r.p.step(step)
	return r.imagine(ctx, store.KindConnectorStore, id.Name, func(u *unstructured.Unstructured) error { _, err := drop(u); return err })
}

// unhold takes keys out of the Secret that nobody else takes out: what was written by
// hand, and what a ConnectorStore that keeps what it has would keep.
func (r *removing) unhold(context.Context) error {
	if r.s.secret == nil {
		return nil
	}
	after := *r.s.secret.Secret
	after.Data, after.Keys = map[string]store.Value{}, nil
	for _, key := range r.s.secret.Secret.Keys {
		if !slices.Contains(r.req.Keys, key) {
			after.Data[key], after.Keys = r.s.secret.Secret.Data[key], append(after.Keys, key)
		}
	}
	o := *r.s.secret
	o.Secret = &after
	if r.world.gone(store.KindSecretSync, r.v.namespace, r.s.name) && r.s.secret.Owned() {
		r.world.remove(store.KindSecret, r.v.namespace, r.s.name)
	} else {
		r.world.put(&o)
	}
	if r.world.gone(store.KindSecret, r.v.namespace, r.s.name) {
		return nil
	}
	// What the sync controller writes goes with its mapping. The sync loop of Storewarden
	// keeps what it has unless it is told to prune. Whoever else holds the key, such as a
	// backup that was restored, does not let it go.
	prunes := r.s.declared != nil && r.s.declared.Declared.PrunePolicy == store.PruneDelete
	letsGo := func(manager string) bool {
		return manager == syncManager && r.s.secret.Managed() || manager == plan.Manager && prunes
	}
	var ours []string
	for _, e := range r.p.Store.Entries {
		kept := len(e.Origin.Managers) == 0 || slices.ContainsFunc(e.Origin.Managers, func(m string) bool { return !letsGo(m) })
		if kept && slices.Contains(r.req.Keys, e.Key) && slices.Contains(r.s.secret.Secret.Keys, e.Key) {
			ours = append(ours, e.Key)
		}
	}
	if len(ours) == 0 {
		return nil
	}
	id := r.s.secret.ID
	step := Step{Kind: EditSecret, Object: id.String(), What: "take the key out of the Secret", Why: "nobody else takes it out"}
	for _, key := range ours {
		step.Changes = append(step.Changes, "- "+store.DataField(key))
	}
	step.do = func(ctx context.Context) error {
		return r.h.edit(ctx, store.KindSecret, id.Namespace, id.Name, func(u *unstructured.Unstructured) (bool, error) {
			changed := false
			for _, key := range ours {
				now, there, _ := unstructured.NestedString(u.Object, "data", key)
				if there && now != base64.StdEncoding.EncodeToString(r.s.secret.Secret.Data[key]) {
					return false, fmt.Errorf("%s has another value since the plan was made: plan again", store.DataField(key))
				}
				changed = changed || there
				unstructured.RemoveNestedField(u.Object, "data", key)
			}
			return changed, nil
		})
	}
	r.p.step(step)
	return nil
}

// imagine puts an object as it will be into the world, unless it is gone there.
func (r *removing) imagine(ctx context.Context, kind, name string, edit func(*unstructured.Unstructured) error) error {
	if r.world.gone(kind, r.v.namespace, name) {
		return nil
	}
	u, err := r.h.get(ctx, kind, r.v.namespace, name)
	if err != nil || u == nil {
		return err
	}
	if err := edit(u); err != nil {
		return err
	}
	o, err := parse(u)
	if err != nil {
		return err
	}
	r.world.put(o)
	return nil
}
