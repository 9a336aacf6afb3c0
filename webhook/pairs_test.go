package webhook_test

import (
	"encoding/hex"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/webhook"
)

// tlsPair is a server's certificate and key under the usual names.
func tlsPair(t testing.TB, key string) map[string][]byte {
	t.Helper()
	c := machine(t, "broker", certtest.Options{KeyName: key})
	return map[string][]byte{"tls.crt": c.PEM(), "tls.key": certtest.Must(c.Key.PEM(certtest.PKCS8))(t), "ca.crt": c.PEM()}
}

// Of a Secret of unknown role, tls.crt and tls.key are held together.
func TestPairOfUnknownRole(t *testing.T) {
	open(t, setup{profiles: writers})
	sse := newApplier(t, sseUser, "sse")
	first, second := tlsPair(t, "1"), tlsPair(t, "2")
	must(t, sse.apply(t, "broker-server-cert", first))
	second["tls.crt"] = []byte(hex.EncodeToString(second["tls.crt"])) // objectEncoding forgotten
	must(t, sse.apply(t, "broker-server-cert", second))
	s := stored(t, "broker-server-cert")
	newKey := string(s.Data["tls.key"]) == string(second["tls.key"])
	oldCert := string(s.Data["tls.crt"]) == string(first["tls.crt"])
	if newKey && oldCert {
		t.Errorf("the pair is split: the old tls.crt stands beside the new tls.key; held %v, warned %v", held(t, s), sse.seen.texts)
	}
}

// An old pair that is bad does not freeze the Secret.
func TestBadPairFreezes(t *testing.T) {
	open(t, setup{profiles: writers})
	first, second := tlsPair(t, "1"), tlsPair(t, "2")
	first["tls.crt"] = []byte(hex.EncodeToString(first["tls.crt"]))
	second["tls.crt"] = []byte(hex.EncodeToString(second["tls.crt"]))
	glass, _ := as(t, "admin", "system:masters", webhook.BreakGlass)
	bad := secret("broker-server-cert", first)
	bad.Labels = map[string]string{store.SyncLabel: ""}
	must(t, glass.Create(t.Context(), bad))
	sse := newApplier(t, sseUser, "sse")
	if err := sse.apply(t, "broker-server-cert", second); err != nil {
		t.Errorf("the write of a sync controller is refused whole: %v", err)
	}
}

// A Secret of type kubernetes.io/tls whose pair is bad is refused with the finding, not
// with the API server's 422 on what the webhook took away.
func TestTypeTLS(t *testing.T) {
	open(t, setup{profiles: writers})
	robot, _ := as(t, sseUser)
	data := tlsPair(t, "1")
	data["tls.crt"] = expired(t, "broker")
	s := corev1ac.Secret(own, ns).WithType(corev1.SecretTypeTLS).WithData(data).WithLabels(map[string]string{store.SyncLabel: ""})
	err := robot.Apply(t.Context(), s, client.FieldOwner("sse"), client.ForceOwnership)
	if err == nil {
		t.Fatal("let through")
	}
	if !apierrors.IsForbidden(err) || strings.Contains(err.Error(), "Required value") {
		t.Errorf("told: %v", err)
	}
}

// What another writer wrote well is not held any more.
func TestHeldByAnAccountThatIsGone(t *testing.T) {
	open(t, setup{profiles: writers})
	old := newApplier(t, sseUser, "sse")
	good, renewed := machine(t, "a", certtest.Options{}).DER, machine(t, "a", certtest.Options{KeyName: "2"}).DER
	must(t, old.apply(t, trust, map[string][]byte{"a.der": good, "b.der": good}))
	must(t, old.apply(t, trust, map[string][]byte{"a.der": expired(t, "a"), "b.der": good}))
	next := newApplier(t, "system:serviceaccount:azure-secret-store:sse-v2", "sse") // an upgrade renamed the account
	must(t, next.apply(t, trust, map[string][]byte{"a.der": renewed, "b.der": good}))
	if s := stored(t, trust); string(s.Data["a.der"]) != string(renewed) || len(held(t, s)) != 0 {
		t.Errorf("renewed %t, held %v", string(s.Data["a.der"]) == string(renewed), held(t, s))
	}
	must(t, next.apply(t, trust, map[string][]byte{"b.der": good}))
	if s := stored(t, trust); len(held(t, s)) != 0 {
		t.Errorf("keys %v, held %v", len(s.Data), held(t, s))
	}
}
