package webhook_test

import (
	"context"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	installation "github.com/storewarden/storewarden/manifests"
	"github.com/storewarden/storewarden/webhook"
)

// bind gives a user a role of a kind.
func bind(t *testing.T, user, kind, role string) {
	t.Helper()
	meta := metav1.ObjectMeta{Name: user + "-" + role, Namespace: ns}
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: role}
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}}
	var o client.Object = &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects}
	if kind == "ClusterRole" {
		meta.Namespace = ""
		o = &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects}
	}
	grant(t, o)
}

func grant(t *testing.T, o client.Object) {
	t.Helper()
	must(t, srv.Client.Create(t.Context(), o))
	t.Cleanup(func() { must(t, srv.Client.Delete(context.Background(), o)) })
}

// The glass is broken by whoever is bound to the role of the installation, as themselves,
// and within their own rights; by nobody else, a cluster's administrator included.
func TestBreakGlassByRole(t *testing.T) {
	open(t, setup{})
	raw, err := installation.Files.ReadFile("base/webhook/break-glass-role.yaml")
	must(t, err)
	grant(t, object(t, string(raw)))
	grant(t, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "stores", Namespace: ns}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"create"}}}})
	for _, user := range []string{"ana", "bob"} {
		bind(t, user, "Role", "stores")
		grant(t, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "self-" + user}, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"users"}, ResourceNames: []string{user}, Verbs: []string{"impersonate"}}}})
		bind(t, user, "ClusterRole", "self-"+user)
	}
	bind(t, "ana", "ClusterRole", "storewarden-break-glass")
	write := func(namespace, user, as string, groups ...string) error {
		var own []string
		if user == "root" {
			own = []string{"system:masters"}
		}
		cfg, err := srv.User(user, own...)
		must(t, err)
		cfg.WarningHandler = rest.NoWarnings{}
		if as != "" {
			cfg.Impersonate = rest.ImpersonationConfig{UserName: as, Groups: groups}
		}
		c, err := client.New(cfg, client.Options{})
		must(t, err)
		o := secret(trust, map[string][]byte{"m.der": expired(t, "m")})
		o.Namespace = namespace
		return c.Create(t.Context(), o, client.DryRunAll)
	}
	await(t, "the role is in force", func() bool { return write(ns, "ana", "ana", webhook.BreakGlass) == nil })
	for what, err := range map[string]error{
		"ana without it":                     write(ns, "ana", ""),
		"bob, who is not bound":              write(ns, "bob", "bob", webhook.BreakGlass),
		"ana as somebody else":               write(ns, "ana", "bob", webhook.BreakGlass),
		"ana with the masters' rights":       write(ns, "ana", "ana", webhook.BreakGlass, "system:masters"),
		"the administrator, who did not":     write(ns, "root", ""),
		"ana, of a group of a like name":     write(ns, "ana", "ana", webhook.BreakGlass+"2"),
		"ana, where she has no right at all": write("default", "ana", "ana", webhook.BreakGlass),
	} {
		if !apierrors.IsForbidden(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
