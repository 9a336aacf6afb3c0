package hand

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// subject is an object as a plan changes it.
type subject struct {
	old, now *store.Object // old is nil for one that is made
}

// classFor is the SecretProviderClass through which a store gets vault secrets.
func (h *Hand) classFor(ctx context.Context, v *view, s *seen, named string) (*store.Object, error) {
	if s.class == nil && s.sync != nil {
		return nil, fmt.Errorf("SecretSync %s refers to SecretProviderClass %s, which is not there (storewarden explain SS-01)", s.name, s.sync.Sync.ProviderClass)
	}
	class := s.class
	if class != nil && named != "" && named != class.ID.Name {
		return nil, fmt.Errorf("store %s gets its secrets through SecretProviderClass %s already: leave --class out", s.name, class.ID.Name)
	}
	if class == nil {
		var err error
		if class, err = v.pickClass(ctx, named); err != nil {
			return nil, err
		}
	}
	if class.SPC == nil || class.SPC.Vault.Value == "" {
		return nil, fmt.Errorf("%s names no vault in spec.parameters.keyvaultName (storewarden explain SPC-03)", class.ID)
	}
	return class, nil
}

// pickClass is the class that Azure IoT Operations made for the instance, or the only one.
func (v *view) pickClass(ctx context.Context, named string) (*store.Object, error) {
	all, err := v.peers.List(ctx, store.KindSecretProviderClass, v.namespace)
	if err != nil {
		return nil, fmt.Errorf("list SecretProviderClass in namespace %s: %w", v.namespace, err)
	}
	var instance, azure []*store.Object
	var names []string
	for _, o := range all {
		switch {
		case o.ID.Name == named:
			return o, nil
		case o.SPC == nil || o.Deleting || o.SPC.Provider != "azure":
			continue
		case store.IsInstanceClass(o):
			instance = append(instance, o)
		}
		azure, names = append(azure, o), append(names, o.ID.Name)
	}
	switch {
	case named != "":
		return nil, fmt.Errorf("there is no SecretProviderClass %s in namespace %s; there are %s", named, v.namespace, strings.Join(names, ", "))
	case len(instance) == 1:
		return instance[0], nil
	case len(azure) == 1:
		return azure[0], nil
	case len(azure) == 0:
		return nil, fmt.Errorf("there is no SecretProviderClass for a vault in namespace %s: make one with \"az iot ops secretsync enable\"", v.namespace)
	}
	return nil, fmt.Errorf("there are several SecretProviderClasses in namespace %s: choose one of %s with --class", v.namespace, strings.Join(names, ", "))
}

// defaultAccount is the service account that "az iot ops secretsync enable" makes.
const defaultAccount = "aio-ssc-sa"

// newSync is a SecretSync as the az CLI makes it, with the service account of those that
// are there.
func (a *adding) newSync(ctx context.Context, mappings []store.Mapping) (*unstructured.Unstructured, error) {
	account := defaultAccount
	all, err := a.v.peers.List(ctx, store.KindSecretSync, a.v.namespace)
	if err != nil {
		return nil, fmt.Errorf("list SecretSync in namespace %s: %w", a.v.namespace, err)
	}
	for _, o := range all {
		if o.Sync != nil && o.Sync.ProviderClass == a.class.ID.Name && o.Sync.ServiceAccount != "" {
			account = o.Sync.ServiceAccount
		}
	}
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"secretProviderClassName": a.class.ID.Name, "serviceAccountName": account, "secretObject": map[string]any{"type": "Opaque"}}}}
	u.SetGroupVersionKind(apiOf(store.KindSecretSync))
	u.SetNamespace(a.v.namespace)
	u.SetName(a.s.name)
	return u, setMappings(u, mappings)
}

func accountOf(u *unstructured.Unstructured) string {
	name, _, _ := unstructured.NestedString(u.Object, "spec", "serviceAccountName")
	return name
}

// createSync makes the SecretSync, or adds to one that somebody made meanwhile.
func (h *Hand) createSync(u *unstructured.Unstructured, fresh []store.Mapping) write {
	return func(ctx context.Context) error {
		err := h.opt.Client.Create(ctx, u.DeepCopy(), client.FieldOwner(Manager))
		if !apierrors.IsAlreadyExists(err) {
			return said(err)
		}
		return h.edit(ctx, store.KindSecretSync, u.GetNamespace(), u.GetName(), func(o *unstructured.Unstructured) (bool, error) { return mapAll(o, fresh) })
	}
}

// declare adds the sources to the ConnectorStore.
func (a *adding) declare() error {
	d := a.s.declared
	var fresh []*item
	for _, it := range a.items {
		i := slices.IndexFunc(d.Declared.Sources, func(s store.Source) bool {
			return s.VaultSecret != nil && it.is(s.VaultSecret)
		})
		if i >= 0 {
			continue
		}
		if a.byHand(it) || slices.ContainsFunc(d.Declared.Sources, func(s store.Source) bool { return s.VaultSecret != nil && s.VaultSecret.Key == it.key }) {
			it.clash = true
			a.p.refuse("", store.DataField(it.key), "the store has this key from something else already", "Choose another with --key, or remove it first.")
			continue
		}
		if slices.ContainsFunc(d.Declared.Sources, func(s store.Source) bool { return s.Name == sourceName(it.key) }) {
			it.clash = true
			a.p.refuse("", d.ID.String(), fmt.Sprintf("it has a source %s already, which is another", sourceName(it.key)), "Choose another key with --key, or rename that source.")
			continue
		}
		fresh = append(fresh, it)
	}
	step := Step{Kind: EditStore, Object: d.ID.String(), What: "declare the secret as a source", Why: "the sync loop of Storewarden fills the store from its sources", Done: len(fresh) == 0}
	for _, it := range fresh {
		step.Changes = append(step.Changes, fmt.Sprintf("+ {name: %s, vaultSecret: {name: %s, key: %s}}", sourceName(it.key), it.ref.Name, it.key))
	}
	step.do = func(ctx context.Context) error {
		return a.h.edit(ctx, store.KindConnectorStore, d.ID.Namespace, d.ID.Name, func(o *unstructured.Unstructured) (bool, error) { return declareAll(o, fresh) })
	}
	a.p.step(step)
	return nil
}

// sourceName is a key as a name of a source: letters in lower case, digits and hyphens.
func sourceName(key string) string {
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, strings.ToLower(key))
	return strings.Trim(name[:min(len(name), 63)], "-")
}

// is reports whether a source puts the item under its key.
func (it *item) is(s *store.VaultSecret) bool {
	key := s.Key
	if key == "" {
		key = store.DerivedKey(s.Name, &it.bundle)
	}
	return strings.EqualFold(s.Name, it.ref.Name) && s.Version == "" && key == it.key
}

// declareAll adds those sources that are not there yet.
func declareAll(o *unstructured.Unstructured, fresh []*item) (bool, error) {
	list, _, err := unstructured.NestedSlice(o.Object, "spec", "sources")
	if err != nil {
		return false, fmt.Errorf("%s %s/%s: spec.sources is not a list", o.GetKind(), o.GetNamespace(), o.GetName())
	}
	changed := false
	for _, it := range fresh {
		name := sourceName(it.key)
		there := false
		for _, s := range list {
			m, _ := s.(map[string]any)
			from, _, _ := unstructured.NestedStringMap(m, "vaultSecret")
			switch {
			case it.is(&store.VaultSecret{Name: from["name"], Version: from["version"], Key: from["key"]}):
				there = true
			case m["name"] == name:
				return false, fmt.Errorf("source %s is another since the plan was made: plan again", name)
			}
		}
		if !there {
			list = append(list, map[string]any{"name": name, "vaultSecret": map[string]any{"name": it.ref.Name, "key": it.key}})
			changed = true
		}
	}
	if !changed {
		return false, nil
	}
	return true, unstructured.SetNestedSlice(o.Object, list, "spec", "sources")
}

// imagine makes the world as it will be, and names what is to be judged in it.
func (a *adding) imagine(ctx context.Context) ([]subject, error) {
	var out []subject
	sound := slices.DeleteFunc(slices.Clone(a.items), func(it *item) bool { return it.clash })
	change := func(kind, name string, old *store.Object, edit func(*unstructured.Unstructured) (bool, error)) error {
		u, err := a.h.get(ctx, kind, a.v.namespace, name)
		if err != nil || u == nil {
			return err
		}
		if _, err := edit(u); err != nil {
			return err
		}
		now, err := parse(u)
		if err != nil {
			return err
		}
		now = a.asStore(now)
		a.world.put(now)
		out = append(out, subject{a.asStore(old), now})
		return nil
	}
	if a.declares {
		err := change(store.KindConnectorStore, a.s.declared.ID.Name, a.s.declared, func(u *unstructured.Unstructured) (bool, error) { return declareAll(u, sound) })
		return out, err
	}
	if err := change(store.KindSecretProviderClass, a.class.ID.Name, a.class, func(u *unstructured.Unstructured) (bool, error) { return offerAll(u, sound) }); err != nil {
		return nil, err
	}
	mappings := make([]store.Mapping, len(sound))
	for i, it := range sound {
		mappings[i] = store.Mapping{SourcePath: it.output, TargetKey: it.key}
	}
	if a.s.sync != nil {
		err := change(store.KindSecretSync, a.s.name, a.s.sync, func(u *unstructured.Unstructured) (bool, error) { return mapAll(u, mappings) })
		return out, err
	}
	u, err := a.newSync(ctx, mappings)
	if err != nil {
		return nil, err
	}
	now, err := parse(u)
	if err != nil {
		return nil, err
	}
	now = a.asStore(now)
	a.world.put(now)
	return append(out, subject{nil, now}), nil
}

// asStore is a SecretSync that is judged by the role of its store, where only the Secret's
// label or a ConnectorStore says it.
func (a *adding) asStore(o *store.Object) *store.Object {
	if o.Sync == nil || a.s.role == store.RoleUnknown || a.h.opt.Inventory.RoleOf(o) == a.s.role {
		return o
	}
	labelled := *o
	if labelled.Labels = maps.Clone(o.Labels); labelled.Labels == nil {
		labelled.Labels = map[string]string{}
	}
	labelled.Labels[store.StoreLabel] = string(a.s.role)
	return &labelled
}

// effect is what a person's change of an object would be answered, as the webhook does.
func (h *Hand) effect(ctx context.Context, judge *review.Reviewer, s subject, peers review.Peers) (verdict.Effect, error) {
	change := verdict.Change{Door: verdict.Webhook, Actor: verdict.Person, Create: s.old == nil, Strict: h.opt.Strict, Last: true}
	req := review.Request{Operation: review.Update, Subject: s.now, Old: s.old, Peers: peers, Now: h.opt.Now()}
	if s.old == nil {
		req.Operation = review.Create
	}
	v, err := judge.Review(ctx, req)
	if err != nil {
		return verdict.Effect{}, err
	}
	if s.old != nil {
		req.Operation, req.Subject, req.Old = review.Audit, s.old, nil
		old, err := judge.Review(ctx, req)
		if err != nil {
			return verdict.Effect{}, err
		}
		change.Old = &old
	}
	return verdict.Enforce(v, change), nil
}

// newly are the findings about an object that stand in one world and not in another.
func (h *Hand) newly(ctx context.Context, before, after *review.Reviewer, o *store.Object, was, will review.Peers) ([]verdict.Finding, error) {
	ask := func(judge *review.Reviewer, peers review.Peers) (verdict.Verdict, error) {
		now, err := peers.Get(ctx, o.ID.Kind, o.ID.Namespace, o.ID.Name)
		if errors.Is(err, store.ErrNotFound) {
			return verdict.Verdict{}, nil
		}
		if err != nil {
			return verdict.Verdict{}, err
		}
		return judge.Review(ctx, review.Request{Operation: review.Audit, Subject: now, Peers: peers, Now: h.opt.Now()})
	}
	old, err := ask(before, was)
	if err != nil {
		return nil, err
	}
	now, err := ask(after, will)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(now.Findings, func(f verdict.Finding) bool {
		return f.Severity == verdict.Info || slices.ContainsFunc(old.Findings, func(o verdict.Finding) bool {
			return o.Code == f.Code && o.Entry == f.Entry && o.Severity.Rank() <= f.Severity.Rank()
		})
	}), nil
}
