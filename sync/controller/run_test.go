package controller_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/metadata"

	"github.com/storewarden/storewarden/sync/controller"
	"github.com/storewarden/storewarden/test/certtest"
)

// patience is how long a thing may take: after an outage of some seconds the loop waits
// as long once more.
const patience = time.Minute

// running is a plant whose loop runs by itself.
func running(t *testing.T) *plant {
	t.Helper()
	p := newPlant(t)
	watch, err := metadata.NewForConfig(srv.Config)
	must(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- p.sync.Run(ctx, controller.RunOptions{Watch: watch, Namespaces: []string{p.ns}}) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			must(t, err)
		case <-time.After(patience):
			t.Error("the loop does not end")
		}
	})
	return p
}

func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// Everything that a store rests on begins a pass: its declaration, its Secret, the
// SecretProviderClass and SecretSync, and a refresh of the vault.
func TestRun(t *testing.T) {
	p := running(t)
	press, next := leaf(t, "press", certtest.Options{}), leaf(t, "press", certtest.Options{KeyName: "next"})
	p.put("press-der", press.DER)
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	holds := func(want string, key string) func() bool {
		return func() bool { s := p.secret(trust); return s != nil && string(s.Data[key]) == want }
	}
	await(t, "the first fill", holds(string(press.DER), "press.der"))
	must(t, srv.Client.Delete(t.Context(), p.secret(trust)))
	await(t, "the deleted Secret", holds(string(press.DER), "press.der"))
	p.change2(trust, "v1", "Secret", func(o *unstructured.Unstructured) { o.Object["data"] = map[string]any{} })
	await(t, "what somebody emptied", holds(string(press.DER), "press.der"))

	p.put("press-der", next.DER)
	p.now.Add(300)
	p.cycle(t.Context())
	p.sync.Kick()
	await(t, "the rotation", holds(string(next.DER), "press.der"))

	p.change("trust", func(spec map[string]any, _ *unstructured.Unstructured) {
		spec["sources"] = append(spec["sources"].([]any), map[string]any{"name": "sync", "secretSync": map[string]any{"name": "later"}})
	})
	await(t, "the missing SecretSync", func() bool { return strings.HasPrefix(p.state("trust"), "SourceUnseen") })
	p.put("oven-der", leaf(t, "oven", certtest.Options{}).DER)
	p.secretSync("later", entry("oven-der"), "{sourcePath: oven-der, targetKey: oven.der}")
	await(t, "what the SecretSync says", func() bool { return p.secret(trust).Data["oven.der"] != nil })
	must(t, srv.Client.Delete(t.Context(), p.connectorStore("trust")))
	await(t, "nothing is wanted of a store that is gone", func() bool { return len(p.sync.Wanted()) == 0 })
	if p.secret(trust) == nil {
		t.Error("the Secret went with its ConnectorStore")
	}
}
