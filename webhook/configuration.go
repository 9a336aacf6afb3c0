package webhook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/verdict"
)

// BreakGlass is the group whose members bypass the webhook; it is reached by
// impersonation, which the API server's audit log records.
const BreakGlass = "storewarden:break-glass"

// Name is of the webhook configuration.
const Name = "storewarden"

// Registration is what the webhook configurations depend on.
type Registration struct {
	Inventory store.Inventory
	Profiles  []Profile
	// Client is how the API server reaches us; the path is set here.
	Client  admissionregistrationv1.WebhookClientConfig
	Timeout time.Duration
	// FailOpen lets changes of people and GitOps pass too while no webhook answers.
	FailOpen bool
	// Autofix has lines added that objects of SecretProviderClasses lack.
	Autofix bool
}

// Validating is the configuration of the webhook that refuses. Its matchConditions say
// in CEL what store.Inventory.Guarded says in Go, so that an unrelated object never
// costs a call and a bypassed request never reaches us.
//
// What sync controllers write into stores has an entry of its own that lets pass while
// no webhook answers: an outage of ours must not keep renewed certificates from a plant,
// and an audit finds what slipped by. What people and GitOps write can wait.
func (r Registration) Validating() *admissionregistrationv1.ValidatingWebhookConfiguration {
	policy := admissionregistrationv1.Fail
	if r.FailOpen {
		policy = admissionregistrationv1.Ignore
	}
	secrets, quarantined := guardedSecrets(r.Inventory), quarantined(r.Profiles)
	notLoops := but(r.Profiles, isLoop)
	neither := but(r.Profiles, func(p Profile) bool { return isLoop(p) || isQuarantined(p) })
	return &admissionregistrationv1.ValidatingWebhookConfiguration{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionregistrationv1.SchemeGroupVersion.String(), Kind: "ValidatingWebhookConfiguration"},
		ObjectMeta: metav1.ObjectMeta{Name: Name},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{
			r.validating("objects", policy, conditions(guardedObjects(r.Inventory), notLoops), objectRules()...),
			r.validating("secrets", policy, conditions(secrets, neither), rule("", "secrets")),
			r.validating("synced-secrets", admissionregistrationv1.Ignore, conditions(secrets, quarantined), rule("", "secrets")),
		},
	}
}

func (r Registration) validating(name string, policy admissionregistrationv1.FailurePolicyType, when []admissionregistrationv1.MatchCondition,
	rules ...admissionregistrationv1.RuleWithOperations,
) admissionregistrationv1.ValidatingWebhook {
	return admissionregistrationv1.ValidatingWebhook{
		Name: name + "." + Name + ".io", ClientConfig: r.client(Path), Rules: rules,
		FailurePolicy:     &policy,
		NamespaceSelector: r.elsewhere(),
		MatchPolicy:       new(admissionregistrationv1.Equivalent),
		// An Event tells of a change that is let through with findings; a dry run
		// raises none.
		SideEffects:             new(admissionregistrationv1.SideEffectClassNoneOnDryRun),
		TimeoutSeconds:          new(int32(r.Timeout / time.Second)),
		AdmissionReviewVersions: []string{"v1"},
		MatchConditions:         when,
	}
}

// Mutating is the configuration of the webhooks that hold bad entries of sync controllers
// back and, if that is wanted, add what objects lack. While none answers, what is written
// is only judged, if that.
func (r Registration) Mutating() *admissionregistrationv1.MutatingWebhookConfiguration {
	webhooks := []admissionregistrationv1.MutatingWebhook{
		r.mutating("quarantine", QuarantinePath, rule("", "secrets"), conditions(guardedSecrets(r.Inventory), quarantined(r.Profiles))),
	}
	if r.Autofix {
		class := rule("secrets-store.csi.x-k8s.io", "secretproviderclasses")
		webhooks = append(webhooks, r.mutating("autofix", AutofixPath, class, conditions("request.namespace in "+list(r.Inventory.Namespaces), "")))
	}
	return &admissionregistrationv1.MutatingWebhookConfiguration{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionregistrationv1.SchemeGroupVersion.String(), Kind: "MutatingWebhookConfiguration"},
		ObjectMeta: metav1.ObjectMeta{Name: Name},
		Webhooks:   webhooks,
	}
}

func (r Registration) mutating(name, path string, of admissionregistrationv1.RuleWithOperations, when []admissionregistrationv1.MatchCondition) admissionregistrationv1.MutatingWebhook {
	of.Operations = []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update}
	return admissionregistrationv1.MutatingWebhook{
		Name: name + "." + Name + ".io", ClientConfig: r.client(path), Rules: []admissionregistrationv1.RuleWithOperations{of},
		FailurePolicy:     new(admissionregistrationv1.Ignore),
		NamespaceSelector: r.elsewhere(),
		MatchPolicy:       new(admissionregistrationv1.Equivalent),
		SideEffects:       new(admissionregistrationv1.SideEffectClassNoneOnDryRun),
		// A second call would see the entries put back, and forget that they are held.
		ReinvocationPolicy:      new(admissionregistrationv1.NeverReinvocationPolicy),
		TimeoutSeconds:          new(int32(r.Timeout / time.Second)),
		AdmissionReviewVersions: []string{"v1"},
		MatchConditions:         when,
	}
}

// elsewhere keeps the webhook from what it and the cluster need to come up, whatever is
// configured: kube-system, and the namespace of its own Service.
func (r Registration) elsewhere() *metav1.LabelSelector {
	not := []string{metav1.NamespaceSystem}
	if r.Client.Service != nil {
		not = append(not, r.Client.Service.Namespace)
	}
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
		{Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpNotIn, Values: not}}}
}

func (r Registration) client(path string) admissionregistrationv1.WebhookClientConfig {
	c := *r.Client.DeepCopy()
	if c.Service != nil {
		c.Service.Path = &path
	}
	if c.URL != nil {
		c.URL = new(strings.TrimSuffix(*c.URL, "/") + path)
	}
	return c
}

// conditions are what a change must meet to be judged: guarded, not past the broken
// glass, and by those of whom writers is true, "" for anybody.
func conditions(guarded, writers string) []admissionregistrationv1.MatchCondition {
	out := []admissionregistrationv1.MatchCondition{
		{Name: "guarded", Expression: guarded},
		{Name: "not-break-glass", Expression: "!(" + brokenGlass + ")"},
	}
	if writers != "" {
		out = append(out, admissionregistrationv1.MatchCondition{Name: "writer", Expression: writers})
	}
	return out
}

// quarantined says in CEL of whom classify says in Go that their store Secrets are
// quarantined: the first profile that matches counts.
func quarantined(profiles []Profile) string { return whom(profiles, isQuarantined) }

func isQuarantined(p Profile) bool { return p.mode(store.KindSecret, false) == verdict.ModeQuarantine }

func isLoop(p Profile) bool { return p.Class == verdict.ControlLoop }

// but says in CEL who is left once those are out whose profile is like that, "" if
// nobody is out.
func but(profiles []Profile, is func(Profile) bool) string {
	if !slices.ContainsFunc(profiles, is) {
		return ""
	}
	return "!(" + whom(profiles, is) + ")"
}

// whom says in CEL of whose profile something is true.
func whom(profiles []Profile, is func(Profile) bool) string {
	var b strings.Builder
	for _, p := range profiles {
		var any []string
		if len(p.Users) > 0 {
			any = append(any, "request.userInfo.username.matches("+quote(expression(p.Users))+")")
		}
		if len(p.Groups) > 0 {
			any = append(any, "request.userInfo.?groups.orValue([]).exists(g, g.matches("+quote(expression(p.Groups))+"))")
		}
		if len(any) > 0 {
			fmt.Fprintf(&b, "%s ? %t : ", strings.Join(any, " || "), is(p))
		}
	}
	return b.String() + "false"
}

// expression is a regular expression of path.Match's patterns.
func expression(patterns []string) string {
	out := make([]string, len(patterns))
	for i, p := range patterns {
		out[i] = strings.NewReplacer(`\*`, "[^/]*", `\?`, "[^/]", `\[`, "[", `\]`, "]", `\^`, "^").Replace(regexp.QuoteMeta(p))
	}
	return "^(" + strings.Join(out, "|") + ")$"
}

var brokenGlass = quote(BreakGlass) + " in request.userInfo.?groups.orValue([])"

// objectRules are for the custom resources that are judged.
func objectRules() []admissionregistrationv1.RuleWithOperations {
	return []admissionregistrationv1.RuleWithOperations{
		rule("secrets-store.csi.x-k8s.io", "secretproviderclasses"), rule("secret-sync.x-k8s.io", "secretsyncs"),
		rule("namespaces.deviceregistry.microsoft.com", "devices"), rule("iotoperations.azure.com", "connectortemplates"),
		rule("akri.microsoft.com", "connectortemplates"), rule("cert-manager.io", "certificates"), rule("storewarden.io", "connectorstores"),
	}
}

func rule(group, resource string) admissionregistrationv1.RuleWithOperations {
	version := "*" // a newer version of a custom resource is judged too
	if group == "" {
		version = "v1"
	}
	return admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update, admissionregistrationv1.Delete},
		Rule: admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{version}, Resources: []string{resource},
			Scope: new(admissionregistrationv1.NamespacedScope)},
	}
}

// name is of the object or, on a delete, of the one that goes: request.name is
// not set when a whole collection is deleted.
const name = "(object != null ? object : oldObject).metadata.?name.orValue('')"

func guardedObjects(v store.Inventory) string {
	return "request.resource.resource == 'certificates' ? " + ownCertificates(v) + " : request.namespace in " + list(v.Namespaces) +
		" || (request.resource.resource == 'secretsyncs' && (" + name + " in " + list(store.ReservedNames()) + configured(v) + "))"
}

// ownCertificates matches what cert-manager is to put where a connector looks for
// its own certificate, or did.
func ownCertificates(v store.Inventory) string {
	var names []string
	namespaces := slices.Clone(v.Namespaces)
	for _, s := range v.Stores {
		namespaces = append(namespaces, s.Namespace)
	}
	slices.Sort(namespaces)
	for _, ns := range slices.Compact(namespaces) {
		for _, n := range v.OwnCertificates(ns) {
			names = append(names, ns+"/"+n)
		}
	}
	return "[dyn(object), dyn(oldObject)].exists(o, o != null && (request.namespace + '/' + o.spec.?secretName.orValue('')) in " + list(names) + ")"
}

// configured matches the stores that the configuration names beside the reserved
// ones.
func configured(v store.Inventory) string {
	if len(v.Stores) == 0 {
		return ""
	}
	names := make([]string, len(v.Stores))
	for i, s := range v.Stores {
		names[i] = s.Namespace + "/" + s.Name
	}
	return " || (request.namespace + '/' + " + name + ") in " + list(names)
}

// guardedSecrets also looks at the old object: a Secret must not leave the guard
// by losing its label or its owner.
func guardedSecrets(v store.Inventory) string {
	marked := fmt.Sprintf("[dyn(object), dyn(oldObject)].exists(o, o != null && (o.metadata.?labels[?%s].hasValue() || o.metadata.?labels[?%s].hasValue()"+
		" || o.metadata.?ownerReferences.orValue([]).exists(w, w.kind == 'SecretSync')))", quote(store.SyncLabel), quote(store.StoreLabel))
	return fmt.Sprintf("(request.namespace in %s && (%s in %s || %s))", list(v.Namespaces), name, list(store.ReservedNames()), marked) + configured(v)
}

func list(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	slices.Sort(quoted)
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote writes a CEL string; names of Kubernetes objects hold nothing to escape,
// and what does is made harmless.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// Trace is a policy that tells the user and the audit log of a bypass; the
// bypass itself would leave no trace of its own.
func Trace(v store.Inventory) (*admissionregistrationv1.ValidatingAdmissionPolicy, *admissionregistrationv1.ValidatingAdmissionPolicyBinding) {
	var guardedResources []admissionregistrationv1.NamedRuleWithOperations
	for _, r := range append(objectRules(), rule("", "secrets")) {
		guardedResources = append(guardedResources, admissionregistrationv1.NamedRuleWithOperations{RuleWithOperations: r})
	}
	const policyName = Name + "-break-glass-trace"
	guarded := "request.resource.resource == 'secrets' ? (" + guardedSecrets(v) + ") : (" + guardedObjects(v) + ")"
	said := "request.userInfo.username + ' bypassed Storewarden: ' + request.operation + ' ' + request.resource.resource + ' ' + request.namespace + '/' + " +
		"dyn(object != null ? object : oldObject).metadata.?name.orValue('')"
	version := admissionregistrationv1.SchemeGroupVersion.String()
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: version, Kind: "ValidatingAdmissionPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: policyName},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy:    new(admissionregistrationv1.Ignore),
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: guardedResources},
			MatchConditions: []admissionregistrationv1.MatchCondition{
				{Name: "break-glass", Expression: brokenGlass},
				{Name: "guarded", Expression: strings.ReplaceAll(guarded, "(object != null ? object : oldObject)", "dyn(object != null ? object : oldObject)")},
			},
			AuditAnnotations: []admissionregistrationv1.AuditAnnotation{{Key: "break-glass", ValueExpression: said}},
			Validations:      []admissionregistrationv1.Validation{{Expression: "false", MessageExpression: said}},
		},
	}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: version, Kind: "ValidatingAdmissionPolicyBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: policyName},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: policyName,
			ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Warn, admissionregistrationv1.Audit}},
	}
	return policy, binding
}
