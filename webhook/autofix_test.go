package webhook_test

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
	"github.com/storewarden/storewarden/webhook"
)

// bare lacks both lines; the tag of its vault secret says that it is hex.
const bare = "        - |\n          objectName: press-1-der\n"

const flux = "system:serviceaccount:flux-system:kustomize-controller"

// gitops applies as Flux's kustomize-controller and, with server-side apply, Argo CD do:
// forced, under a manager of its own, a dry run before each write.
type gitops struct {
	t       *testing.T
	client  client.Client
	manager string
}

func (g gitops) apply(text string, dryRun bool) *unstructured.Unstructured {
	g.t.Helper()
	u := object(g.t, text)
	opts := []client.ApplyOption{client.FieldOwner(g.manager), client.ForceOwnership}
	if dryRun {
		opts = append(opts, client.DryRunAll)
	}
	must(g.t, g.client.Apply(g.t.Context(), client.ApplyConfigurationFromUnstructured(u), opts...))
	return u
}

// drifted is what Flux looks at: whether a dry run gives another object than stands.
func (g gitops) drifted(text string) bool {
	g.t.Helper()
	would, is := g.apply(text, true), class(g.t, "fixed")
	return objectsOf(would) != objectsOf(is) || would.GetResourceVersion() != is.GetResourceVersion() ||
		would.GetAnnotations()[webhook.FixedAnnotation] != is.GetAnnotations()[webhook.FixedAnnotation]
}

func class(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	u := object(t, scene.Class(name, ""))
	must(t, srv.Client.Get(t.Context(), client.ObjectKeyFromObject(u), u))
	return u
}

func objectsOf(u *unstructured.Unstructured) string {
	text, _, _ := unstructured.NestedString(u.Object, "spec", "parameters", "objects")
	return text
}

// never forgets, and is asked each time.
var asked = warm.Options{FreshFor: time.Nanosecond, UsableFor: time.Nanosecond}

// The lines that an object lacks are added where only one can be meant, and the GitOps
// controller whose text lacks them sees no drift, for fifty rounds, through an outage of
// the vault, and beside a second writer.
func TestAutofix(t *testing.T) {
	d := open(t, setup{autofix: true, memory: asked})
	d.seed(t)
	client, seen := as(t, flux)
	g := gitops{t, client, "kustomize-controller"}
	text := scene.Class("fixed", bare+scene.Entry("oven-1-der"))
	g.apply(text, false)
	fixed := class(t, "fixed")
	want := "array:\n  - |\n    objectEncoding: hex\n    objectType: secret\n    objectName: press-1-der\n"
	if got := objectsOf(fixed); !strings.HasPrefix(got, want) || !strings.Contains(got, "oven-1-der") {
		t.Errorf("it became\n%s", got)
	}
	if got := fixed.GetAnnotations()[webhook.FixedAnnotation]; got != `{"press-1-der":{"objectEncoding":"hex","objectType":"secret"}}` {
		t.Errorf("recorded %s", got)
	}
	if words := strings.Join(seen.texts, "\n"); !strings.Contains(words, "SPC-19") || !strings.Contains(words, "Storewarden added objectType: secret") {
		t.Errorf("told %q", words)
	}
	for range 50 {
		if g.drifted(text) {
			t.Fatal("a dry run gives another object than stands")
		}
		g.apply(text, false)
	}
	if now := class(t, "fixed"); now.GetResourceVersion() != fixed.GetResourceVersion() {
		t.Errorf("the same text was written anew: %s", objectsOf(now))
	}
	d.vault.Vault(scene.Vault).Fail(keyvault.Broken(503))
	if g.drifted(text) {
		t.Error("while the vault does not answer, a dry run gives another object than stands")
	}
	d.vault.Vault(scene.Vault).Heal()

	// Whoever mends the text takes over, and nothing of ours is left.
	g.apply(scene.Class("fixed", scene.Entry("press-1-der")+scene.Entry("oven-1-der")), false)
	if now := class(t, "fixed"); len(now.GetAnnotations()) != 0 || strings.HasPrefix(objectsOf(now), want) {
		t.Errorf("after it was mended: %v\n%s", now.GetAnnotations(), objectsOf(now))
	}
}

// A line that was right is taken back when the vault secret becomes another.
func TestAutofixFollowsTheVault(t *testing.T) {
	d := open(t, setup{autofix: true, memory: asked})
	d.seed(t)
	c, _ := as(t, flux)
	g := gitops{t, c, "kustomize-controller"}
	text := scene.Class("fixed", "        - |\n          objectName: press-1-der\n          objectType: secret\n")
	g.apply(text, false)
	if got := objectsOf(class(t, "fixed")); !strings.Contains(got, "objectEncoding: hex") {
		t.Fatalf("it became\n%s", got)
	}
	d.vault.Vault(scene.Vault).Set("press-1-der", keyvault.Secret{Value: "correct horse", Tags: map[string]string{"file-encoding": "utf-8"}})
	g.apply(text, false)
	if now := class(t, "fixed"); strings.Contains(objectsOf(now), "objectEncoding") || len(now.GetAnnotations()) != 0 {
		t.Errorf("the line stays: %s", objectsOf(now))
	}
}

// What is not certain is left to its author: the finding says what to do.
func TestAutofixLeavesAlone(t *testing.T) {
	d := open(t, setup{autofix: true})
	d.seed(t)
	secrets, err := scene.Secrets(certtest.Epoch())
	must(t, err)
	d.vault.Vault(scene.Vault).Set("untagged", keyvault.Secret{Value: secrets["press-1-der"].Value, ContentType: "application/pkix-cert"})
	alice, _ := as(t, "alice")
	entry := func(name, lines string) string { return "        - |\n          objectName: " + name + "\n" + lines }
	secret := "          objectType: secret\n"
	for what, entries := range map[string]string{
		"no tag":               entry("untagged", secret),
		"declared otherwise":   entry("press-1-der", secret+"          objectEncoding: utf-8\n"),
		"a misspelt line":      entry("press-1-der", "          objectTyp: secret\n"),
		"another type":         entry("press-1-der", "          objectType: certificate\n"),
		"two of one name":      entry("press-1-der", "") + entry("press-1-der", ""),
		"not a block of lines": "        - 'objectName: press-1-der'\n",
	} {
		u := object(t, scene.Class("alone", entries))
		if codes := denied(t, alice.Create(t.Context(), u, client.DryRunAll)); len(codes) == 0 {
			t.Errorf("%s: it became %s", what, objectsOf(u))
		}
	}
	good := object(t, scene.Class("good", scene.Entry("press-1-der")))
	must(t, alice.Create(t.Context(), good, client.DryRunAll))
	if len(good.GetAnnotations()) != 0 {
		t.Errorf("a sound class was marked: %v", good.GetAnnotations())
	}
}

// Somebody who bypasses the webhook writes the record by hand: it adds single lines
// alone, and only where one is missing.
func TestAutofixOfAForgedRecord(t *testing.T) {
	d := open(t, setup{autofix: true, memory: asked})
	d.seed(t)
	alice, _ := as(t, "alice")
	glass, _ := as(t, "eva", webhook.BreakGlass)
	text := scene.Class("fixed", "        - |\n          objectName: press-1-der\n          objectType: secret\n          objectEncoding: hex\n"+
		"        - |\n          objectName: oven-1-der\n          objectType: secret\n")
	must(t, glass.Create(t.Context(), object(t, text)))
	forged := class(t, "fixed")
	forged.SetAnnotations(map[string]string{webhook.FixedAnnotation: `{"oven-1-der":{"objectEncoding":"hex\n    objectVersion: 0"},"press-1-der":{"objectType":"cert"},"x":null}`})
	must(t, glass.Update(t.Context(), forged))
	if class(t, "fixed").GetAnnotations()[webhook.FixedAnnotation] == "" {
		t.Fatal("the record was not forged")
	}
	d.vault.Vault(scene.Vault).Fail(keyvault.Broken(503)) // so that no rule has a word for or against it
	gitops{t, alice, "kustomize-controller"}.apply(text, false)
	now := class(t, "fixed")
	if got := objectsOf(now); got != objectsOf(object(t, text)) || len(now.GetAnnotations()) != 0 {
		t.Errorf("it became %v\n%s", now.GetAnnotations(), got)
	}
}

// Nobody asked for it: nothing is added.
func TestAutofixIsOptIn(t *testing.T) {
	d := open(t, setup{})
	d.seed(t)
	alice, _ := as(t, "alice")
	if codes := denied(t, alice.Create(t.Context(), object(t, scene.Class("x", bare)), client.DryRunAll)); codes[0] != "SPC-19" {
		t.Errorf("told %v", codes)
	}
}
