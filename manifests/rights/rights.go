// Package rights is what each part of Storewarden may do in a cluster, line by line with
// the reason. The files rights.yaml of the manifests, those of the chart and
// manifests/RIGHTS.md are made from it, and a test runs both parts with these rights alone and fails for one that is missing
// and for one that is not used.
package rights

import (
	"fmt"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs/store"
)

// Namespace is where Storewarden runs.
const Namespace = "storewarden"

// Scope is where a right holds.
type Scope string

// The closed list of scopes.
const (
	Cluster Scope = "cluster"
	Stores  Scope = "stores" // every guarded namespace
	Own     Scope = "own"    // Storewarden's namespace
)

// Right is one rule of a role.
type Right struct {
	Scope     Scope
	Group     string
	Resources []string
	Names     []string // empty for all
	Verbs     []string
	Why       string
}

// Part is what one part of Storewarden, or one thing that it does on wish, needs.
type Part struct {
	Name    string // of the roles
	Account string // the service account that has them
	Rights  []Right
}

const (
	webhook = Namespace + "-webhook"
	sync    = Namespace + "-sync"
)

const (
	registration = "admissionregistration.k8s.io"
	devices      = "namespaces.deviceregistry.microsoft.com"
	templates    = "iotoperations.azure.com"
	oldTemplates = "akri.microsoft.com"
)

// Webhook is what the admission webhook may do. It writes nothing but its own
// registration, and Events.
func Webhook() Part {
	return Part{webhook, webhook, []Right{
		{Cluster, registration, []string{"validatingwebhookconfigurations"}, []string{Namespace}, []string{"get", "create", "patch"},
			"it registers itself, under its own name only, and keeps the CAs that are trusted; \"create\" with a name lets a server-side apply make it, and nothing else"},
		{Cluster, registration, []string{"mutatingwebhookconfigurations"}, []string{Namespace}, []string{"create", "patch"}, "the same, for the quarantine"},
		{Cluster, registration, []string{"validatingadmissionpolicies", "validatingadmissionpolicybindings"}, []string{Namespace + "-break-glass-trace"},
			[]string{"create", "patch"}, "the policy that tells of every use of the break-glass group"},
		{Cluster, "rbac.authorization.k8s.io", []string{"clusterroles"}, []string{webhook}, []string{"get"},
			"what is registered is owned by this role, so that it goes with it"},
		{Stores, "", []string{"secrets"}, store.ReservedNames(), []string{"get", "list", "watch"},
			"the stores, by name: a change is judged with what stands in them; \"list\" where the API server cannot stream one, \"get\" before a person is refused for what another object lacks"},
		{Stores, "secrets-store.csi.x-k8s.io", []string{"secretproviderclasses"}, nil, []string{"get", "list", "watch"}, "which vault secrets the stores are made of"},
		{Stores, "secret-sync.x-k8s.io", []string{"secretsyncs"}, nil, []string{"get", "list", "watch"}, "which vault secret becomes which key of which store"},
		{Stores, "storewarden.io", []string{"connectorstores"}, nil, []string{"list", "watch"}, "what is declared of the stores"},
		{Stores, devices, []string{"devices"}, nil, []string{"list", "watch"}, "who refers to a store or to a key of it"},
		{Stores, templates, []string{"connectortemplates"}, nil, []string{"list", "watch"}, "who refers to a store"},
		{Stores, oldTemplates, []string{"connectortemplates"}, nil, []string{"list", "watch"}, "the same, of the older group"},
		{Stores, "", []string{"events"}, nil, []string{"create", "patch"}, "controllers read no warnings: an Event tells of what was admitted or held; \"patch\" counts equal ones"},
		{Own, "discovery.k8s.io", []string{"endpointslices"}, nil, []string{"list"}, "whether a replica is ready, before it registers itself"},
		{Own, "", []string{"events"}, nil, []string{"create", "patch"}, "whether rules of your own could be loaded, told on its pod"},
	}}
}

// Certificate is what the webhook needs beside where it makes its serving certificate
// itself (webhook.selfSigned).
func Certificate() Part {
	return Part{webhook + "-certificate", webhook, []Right{
		{Own, "", []string{"secrets"}, []string{webhook + "-tls"}, []string{"get", "create", "patch"}, "its serving certificate, which it renews itself"},
	}}
}

// Explain is what the webhook needs beside where it explains verdicts (webhook.debug).
func Explain() Part {
	return Part{webhook + "-explain", webhook, []Right{
		{Cluster, "authentication.k8s.io", []string{"tokenreviews"}, nil, []string{"create"}, "it asks the API server whose a caller's token is"},
		{Cluster, "authorization.k8s.io", []string{"subjectaccessreviews"}, nil, []string{"create"}, "and whether the caller may see the object"},
	}}
}

// Sync is what the sync loop may do. It writes the stores, the status of ConnectorStores and
// reports, and deletes nothing but reports; the policy storewarden-sync-fence binds its
// account even where somebody grants it more.
func Sync() Part {
	return Part{sync, sync, []Right{
		{Stores, "", []string{"secrets"}, store.ReservedNames(), []string{"get", "list", "watch", "patch", "create"},
			"the stores, by name; \"create\" with names lets a server-side apply make them, and nothing else; \"list\" where the API server cannot stream one"},
		{Stores, "storewarden.io", []string{"connectorstores"}, nil, []string{"get", "list", "watch"}, "what the stores shall hold"},
		{Stores, "storewarden.io", []string{"connectorstores/status"}, nil, []string{"patch"}, "what became of it"},
		{Stores, "secrets-store.csi.x-k8s.io", []string{"secretproviderclasses"}, nil, []string{"get", "list", "watch"}, "which vault sources are in; judged in the background too"},
		{Stores, "secret-sync.x-k8s.io", []string{"secretsyncs"}, nil, []string{"get", "list", "watch"}, "sources that are SecretSyncs, and who makes the Secrets beside us; judged in the background too"},
		{Stores, devices, []string{"devices"}, nil, []string{"list", "watch"}, "who refers to a store: the judge asks"},
		{Stores, templates, []string{"connectortemplates"}, nil, []string{"list", "watch"}, "the same"},
		{Stores, oldTemplates, []string{"connectortemplates"}, nil, []string{"list", "watch"}, "the same, of the older group"},
		{Stores, "wgpolicyk8s.io", []string{"policyreports"}, nil, []string{"list", "create", "patch", "delete"},
			"one report a store, where the cluster knows them, and none for what is gone; `rounds.reports: false` needs none of it"},
		{Stores, "", []string{"events"}, nil, []string{"create", "patch"}, "it tells of what changed on the ConnectorStore"},
		{Own, "", []string{"events"}, nil, []string{"create", "patch"}, "whether rules of your own could be loaded, told on its pod"},
		{Own, "coordination.k8s.io", []string{"leases"}, nil, []string{"create"}, "one replica writes at a time; a Lease cannot be created by name"},
		{Own, "coordination.k8s.io", []string{"leases"}, []string{sync}, []string{"get", "update"}, "the same"},
	}}
}

// namespace is where the roles of a scope stand; in the manifests, the default one.
func (s Scope) namespace() string {
	switch s {
	case Stores:
		return "azure-iot-operations"
	case Own:
		return Namespace
	}
	return ""
}

// YAML are the roles of a part, and their bindings to its account.
func (p Part) YAML() string {
	var docs []string
	for _, scope := range []Scope{Cluster, Stores, Own} {
		docs = append(docs, p.roles(scope, scope.namespace(), "")...)
	}
	return strings.Join(docs, "---\n")
}

// roles are the role of one scope and its binding, none where the part has no right there.
// What further is goes behind the names of a rule: the text of more names.
func (p Part) roles(scope Scope, namespace, further string) []string {
	var rules strings.Builder
	for _, r := range p.Rights {
		if r.Scope == scope {
			rules.WriteString(r.yaml(further))
		}
	}
	if rules.Len() == 0 {
		return nil
	}
	kind, at := "Role", "\n  namespace: "+namespace
	if scope == Cluster {
		kind, at = "ClusterRole", ""
	}
	const api = "apiVersion: rbac.authorization.k8s.io/v1\nkind: "
	return []string{api + kind + "\nmetadata:\n  name: " + p.Name + at + "\nrules:\n" + rules.String(),
		api + kind + "Binding\nmetadata:\n  name: " + p.Name + at + "\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: " + kind + ", name: " + p.Name + "}\n" +
			"subjects:\n- {kind: ServiceAccount, name: " + p.Account + ", namespace: " + Namespace + "}\n"}
}

func (r Right) yaml(further string) string {
	var b strings.Builder
	for _, line := range wrapped(r.Why, 88) {
		b.WriteString("# " + line + "\n")
	}
	fmt.Fprintf(&b, "- apiGroups: [%s]\n  resources: [%s]\n", orEmpty(r.Group), strings.Join(r.Resources, ", "))
	if len(r.Names) > 0 {
		fmt.Fprintf(&b, "  resourceNames: [%s%s]\n", strings.Join(slices.Sorted(slices.Values(r.Names)), ", "), further)
	}
	fmt.Fprintf(&b, "  verbs: [%s]\n", strings.Join(r.Verbs, ", "))
	return b.String()
}

func orEmpty(group string) string {
	if group == "" {
		return `""`
	}
	return group
}

// wrapped breaks a text into lines of at most so many characters.
func wrapped(text string, width int) []string {
	var out []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			out, line = append(out, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(out, line)
}

// Table is the part's rights in Markdown, for a review.
func (p Part) Table() string {
	var b strings.Builder
	b.WriteString("| where | resource | names | verbs | why |\n| --- | --- | --- | --- | --- |\n")
	where := map[Scope]string{Cluster: "the cluster", Stores: "each guarded namespace", Own: "`" + Namespace + "`"}
	for _, r := range p.Rights {
		names := "all"
		if len(r.Names) > 0 {
			names = "`" + strings.Join(r.Names, "`, `") + "`"
		}
		var resources []string
		for _, name := range r.Resources {
			if r.Group != "" {
				name += "." + r.Group
			}
			resources = append(resources, name)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", where[r.Scope], strings.Join(resources, ", "), names, strings.Join(r.Verbs, ", "), r.Why)
	}
	return b.String()
}
