package rounds_test

import (
	"context"
	"net"
	"sync"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/storewarden/storewarden/test/certtest"
)

// A watch that is lost for good is told: what a round sees is not what there is.
func TestALostWatchIsTold(t *testing.T) {
	ns := srv.Namespace(t)
	as, err := srv.User("warden-" + ns)
	must(t, err)
	var mu sync.Mutex
	var conns []net.Conn
	as.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			conns = append(conns, c)
		}
		return c, err
	}
	meta := metav1.ObjectMeta{Namespace: ns, Name: "warden"}
	role := &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}}}
	must(t, srv.Client.Create(t.Context(), role))
	must(t, srv.Client.Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "warden"},
		Subjects: []rbacv1.Subject{{Kind: "User", Name: "warden-" + ns}}}))
	b := newBeatAs(t, ns, as)
	b.put(map[string][]byte{"press.der": press(t, certtest.Options{}).DER})
	await(t, "a report", func() bool { return b.report() != nil })
	if says(b.report(), "X-01", "fail") {
		t.Fatal("it has ended already")
	}
	role.Rules = []rbacv1.PolicyRule{{APIGroups: []string{"wgpolicyk8s.io"}, Resources: []string{"*"}, Verbs: []string{"*"}}}
	must(t, srv.Client.Update(t.Context(), role))
	mu.Lock()
	for _, c := range conns {
		_ = c.Close()
	}
	mu.Unlock()
	b.put(map[string][]byte{"press.der": press(t, longAgo).DER})
	await(t, "a round that says what it does not see", func() bool {
		b.again()
		return len(b.last.Load().Unread) > 0 || says(b.report(), "X-01", "fail")
	})
}
