package hand

import (
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/storewarden/storewarden/certs/store"
)

func newPlan() *Plan {
	return &Plan{Items: []Planned{}, Steps: []Step{}, Refusals: []Notice{}, Warnings: []Notice{}, Rights: []Right{}}
}

func (p *Plan) step(s Step) {
	s.Changes = orEmpty(s.Changes)
	p.Steps = append(p.Steps, s)
}

func (p *Plan) refuse(code, about, text, remedy string) {
	p.Refusals = addNotice(p.Refusals, Notice{code, about, text, remedy})
}

func (p *Plan) warn(code, about, text, remedy string) {
	p.Warnings = addNotice(p.Warnings, Notice{code, about, text, remedy})
}

// addNotice says each thing once: the class and the SecretSync tell much the same.
func addNotice(all []Notice, n Notice) []Notice {
	if slices.ContainsFunc(all, func(o Notice) bool { return o.Code == n.Code && o.Text == n.Text }) {
		return all
	}
	return append(all, n)
}

// Title is the store in words.
func (s Store) Title() string {
	switch s.Role {
	case store.RoleTrust:
		return "the trust list (" + s.Name + ")"
	case store.RoleIssuer:
		return "the issuer list (" + s.Name + ")"
	case store.RoleClient:
		return "the client store (" + s.Name + ")"
	}
	return "store " + s.Name
}

// access is a right in the cluster that a step needs.
type access struct{ verb, group, resource, name string }

// resources of the kinds that steps write.
var resources = map[StepKind]access{
	EditClass:  {"patch", "secrets-store.csi.x-k8s.io", "secretproviderclasses", ""},
	EditSync:   {"patch", "secret-sync.x-k8s.io", "secretsyncs", ""},
	CreateSync: {"create", "secret-sync.x-k8s.io", "secretsyncs", ""},
	DeleteSync: {"delete", "secret-sync.x-k8s.io", "secretsyncs", ""},
	EditStore:  {"patch", "storewarden.io", "connectorstores", ""},
	EditSecret: {"patch", "", "secrets", ""},
	Record:     {"create", "", "events", ""},
}

// vaultActions are what Key Vault calls the rights.
var vaultActions = map[StepKind]string{SetSecret: "setSecret", DeleteSecret: "delete", PurgeSecret: "purge"}

// rights asks the API server whether the person may do what is left to do, and names what
// the vault will ask for: a vault does not tell before it is tried.
func (h *Hand) rights(ctx context.Context, p *Plan, steps []Step, namespace string) error {
	asked := map[access]bool{}
	vaults := map[string]bool{}
	for _, s := range steps {
		if s.Done {
			continue
		}
		if action, ok := vaultActions[s.Kind]; ok {
			name, _, _ := strings.Cut(strings.TrimPrefix(s.Object, "vault secret "), "/")
			if id := name + " " + action; !vaults[id] {
				vaults[id] = true
				p.Rights = append(p.Rights, Right{Where: "vault", Action: action + " in vault " + name, Allowed: Unknown, Remedy: grant(name)})
			}
			continue
		}
		a, ok := resources[s.Kind]
		if !ok {
			continue
		}
		if a.verb != "create" {
			a.name = s.Object[strings.LastIndexByte(s.Object, '/')+1:]
		}
		if asked[a] {
			continue
		}
		asked[a] = true
		if err := h.ask(ctx, p, a, namespace); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hand) ask(ctx context.Context, p *Plan, a access, namespace string) error {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: a.verb, Group: a.group, Resource: a.resource, Name: a.name}}}
	if err := h.opt.Client.Create(ctx, review); err != nil {
		return fmt.Errorf("ask the API server what you may do: %w", err)
	}
	resource := a.resource
	if a.group != "" {
		resource += "." + a.group
	}
	r := Right{Where: "cluster", Action: strings.TrimSpace(a.verb+" "+resource+" "+a.name) + " in namespace " + namespace, Allowed: Yes,
		Remedy: fmt.Sprintf("Have it granted: kubectl -n %s create role storewarden-hand --verb=get,list,%s --resource=%s; kubectl -n %s create rolebinding storewarden-hand --role=storewarden-hand --user=YOUR-NAME",
			namespace, a.verb, resource, namespace)}
	if !review.Status.Allowed {
		r.Allowed = No
		p.refuse("", r.Action, "you may not "+r.Action, r.Remedy)
	}
	p.Rights = append(p.Rights, r)
	return nil
}
