package hand

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/plan"
)

// Stores tells of every store of the namespaces, by namespace, role and name. What cannot
// be seen is a problem of the store; an error means that the cluster did not answer.
func (h *Hand) Stores(ctx context.Context) ([]Store, error) {
	out := []Store{}
	for _, ns := range h.opt.Namespaces {
		v, err := h.look(ctx, ns)
		if err != nil {
			return nil, err
		}
		for _, s := range v.stores {
			st, err := h.describe(ctx, v, s)
			if err != nil {
				return nil, err
			}
			out = append(out, st)
		}
	}
	return out, nil
}

// Store tells of one store, by its Secret's name or by role; namespace "" is the first.
func (h *Hand) Store(ctx context.Context, namespace, nameOrRole string) (Store, error) {
	v, s, err := h.find(ctx, namespace, nameOrRole)
	if err != nil {
		return Store{}, err
	}
	return h.describe(ctx, v, s)
}

// find looks a store up.
func (h *Hand) find(ctx context.Context, namespace, nameOrRole string) (*view, *seen, error) {
	if namespace == "" {
		namespace = h.opt.Namespaces[0]
	}
	v, err := h.look(ctx, namespace)
	if err != nil {
		return nil, nil, err
	}
	name := nameOrRole
	if role, ok := roleOf(nameOrRole); ok {
		if name = h.opt.Inventory.NameOf(namespace, role); name == "" {
			return nil, nil, fmt.Errorf("no store of role %s is known by name in namespace %s: give the name of its Secret; %s", role, namespace, v.known())
		}
	}
	if i := slices.IndexFunc(v.stores, func(s *seen) bool { return s.name == name }); i >= 0 {
		return v, v.stores[i], nil
	}
	if _, reserved := store.Reserved(name); reserved {
		return nil, nil, fmt.Errorf("store %s is read by the connectors in namespace %s only", name, h.opt.Namespaces[0])
	}
	return nil, nil, fmt.Errorf("there is no store %q in namespace %s: give trust, issuer or client, or the name of a Secret; %s", nameOrRole, namespace, v.known())
}

func (v *view) known() string {
	names := make([]string, len(v.stores))
	for i, s := range v.stores {
		names[i] = s.name
	}
	return "known are " + strings.Join(names, ", ")
}

// describe judges a store and what fills it.
func (h *Hand) describe(ctx context.Context, v *view, s *seen) (Store, error) {
	st := Store{Namespace: v.namespace, Name: s.name, Role: s.role, Exists: s.secret != nil,
		Users: []User{}, Entries: []Entry{}, Findings: []verdict.Finding{}, Problems: []verdict.Problem{}}
	if s.sync != nil {
		st.SecretSync, st.ProviderClass, st.Projected = s.name, s.sync.Sync.ProviderClass, s.sync.Projected
	}
	if s.declared != nil {
		st.ConnectorStore = s.declared.ID.Name
	}
	if s.class != nil && s.class.SPC != nil {
		st.ProviderClass, st.Vault = s.class.ID.Name, s.class.SPC.Vault.Value
	}
	users, err := v.users(ctx, s.name)
	if err != nil {
		return st, err
	}
	st.Users = append(st.Users, users...)
	byKey, err := h.judge(ctx, v, s, &st)
	if err != nil {
		return st, err
	}
	for _, key := range s.keys() {
		e := Entry{Key: key, Origin: s.origin(key), Findings: orEmpty(byKey[key]), Chain: h.chainOf(v, s, key, whole)}
		if b := s.bundles[key]; b != nil {
			e.Card = CardOf(b)
		} else {
			e.Card = emptyCard()
		}
		e.Ends = e.Card.Ends()
		e.State = h.stateOf(s, e)
		st.Entries = append(st.Entries, e)
	}
	return st, nil
}

// users are the Devices and ConnectorTemplates that name a store.
func (v *view) users(ctx context.Context, name string) ([]User, error) {
	var out []User
	for _, kind := range []string{store.KindDevice, store.KindConnectorTemplate} {
		all, err := v.peers.List(ctx, kind, v.namespace)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind, err)
		}
		for _, o := range all {
			if o.Consumer == nil {
				continue
			}
			for _, r := range o.Consumer.References {
				if r.Secret == name {
					out = append(out, User{Kind: o.ID.Kind, Name: o.ID.Name, Field: r.Field, Key: r.Key})
				}
			}
		}
	}
	return out, nil
}

// judge asks the one judge about the Secret, the SecretSync, the class and the
// ConnectorStore, and gives each finding to the entry that it is about.
func (h *Hand) judge(ctx context.Context, v *view, s *seen, st *Store) (map[string][]verdict.Finding, error) {
	byKey := map[string][]verdict.Finding{}
	for _, o := range []*store.Object{s.secret, s.sync, s.class, s.declared} {
		if o == nil {
			continue
		}
		found, err := v.judge.Review(ctx, review.Request{Operation: review.Audit, Subject: o, Peers: v.peers, Now: h.opt.Now()})
		if err != nil {
			return nil, err
		}
		for _, p := range found.Problems {
			if !slices.Contains(st.Problems, p) {
				st.Problems = append(st.Problems, p)
			}
		}
		for _, f := range found.Findings {
			keys := s.keysOf(o, f.Entry)
			if f.Entry != "" && len(keys) == 0 {
				continue // another store's
			}
			if f.Entry == "" {
				st.Findings = addFinding(st.Findings, f)
			}
			for _, key := range keys {
				byKey[key] = addFinding(byKey[key], f)
			}
		}
	}
	for key := range byKey {
		slices.SortStableFunc(byKey[key], func(a, b verdict.Finding) int { return a.Severity.Rank() - b.Severity.Rank() })
	}
	return byKey, nil
}

// addFinding keeps one finding of a code: the same cause is found in the Secret, and in
// what makes it.
func addFinding(all []verdict.Finding, f verdict.Finding) []verdict.Finding {
	if slices.ContainsFunc(all, func(o verdict.Finding) bool { return o.Code == f.Code && (o.Entry == f.Entry || o.Object != f.Object) }) {
		return all
	}
	return append(all, f)
}

// keysOf are the keys that an entry of an object ends in.
func (s *seen) keysOf(o *store.Object, entry string) []string {
	switch {
	case entry == "":
		return nil
	case o.SPC == nil:
		if slices.Contains(s.keys(), entry) {
			return []string{entry}
		}
		return nil
	case s.sync == nil:
		return nil
	}
	var keys []string
	for _, m := range s.sync.Sync.Mappings {
		if e, ok := sourceOf(o.SPC, m.SourcePath); ok && (e.Name == entry || e.Output() == entry) {
			keys = append(keys, m.TargetKey)
		}
	}
	return keys
}

// origin is where a key came from: what is declared for it, else who wrote it.
func (s *seen) origin(key string) Origin {
	o := Origin{By: ByHand, Managers: orEmpty(slices.Clone(s.managers[key])), Source: s.told[key]}
	if ref, ok := s.refs[key]; ok {
		o.VaultRef = ref.String()
	}
	switch {
	case s.mapped(key), slices.Contains(o.Managers, syncManager) && s.secret.Managed():
		o.By = BySync
	case o.Source != "", slices.Contains(o.Managers, plan.Manager):
		o.By = ByStore
	}
	return o
}

// stateOf is the worst that is true of an entry. A CRL is not said to end soon: it lives
// for days or weeks, and its end is near all the time.
func (h *Hand) stateOf(s *seen, e Entry) State {
	now := h.opt.Now()
	inSecret := s.secret != nil && slices.Contains(s.secret.Secret.Keys, e.Key)
	wanted := s.inVault[e.Key]
	worst := verdict.Severity("")
	if len(e.Findings) > 0 {
		worst = e.Findings[0].Severity
	}
	switch {
	case !e.Ends.IsZero() && !now.Before(e.Ends):
		return Expired
	case worst == verdict.Deny:
		return Refused
	case !inSecret:
		return Missing
	case wanted != nil && wanted.SHA256 != "" && wanted.SHA256 != s.bundles[e.Key].SHA256:
		return Differs
	case e.Origin.By == BySync && !s.mapped(e.Key):
		return Leaving
	case len(e.Card.Certificates) > 0 && now.Add(h.opt.ExpiryWarning).After(e.Ends):
		return Expiring
	case worst == verdict.Warn:
		return Warned
	}
	return Good
}

// syncManager is the field manager of the sync controller.
const syncManager = "secrets-store-sync-controller"

// mapped reports whether the SecretSync asks for a key.
func (s *seen) mapped(key string) bool {
	return s.sync != nil && slices.ContainsFunc(s.sync.Sync.Mappings, func(m store.Mapping) bool { return m.TargetKey == key })
}
