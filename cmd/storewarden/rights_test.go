package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/manifests/rights"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/policyreport"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/scene"
	"github.com/storewarden/storewarden/webhook"
	"github.com/storewarden/storewarden/webhook/explain"
)

// use is one thing that a service account did.
type use struct{ verb, group, resource, namespace, name string }

// uses are what the API server's audit log says of an account, and what it was forbidden.
func uses(t *testing.T, audit, account string) (done map[use]bool, forbidden []string) {
	t.Helper()
	f, err := os.Open(audit)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	done = map[use]bool{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e struct {
			User       struct{ Username string }
			Verb       string
			RequestURI string
			ObjectRef  struct{ Namespace, Name, APIGroup, Resource, Subresource string }
			Response   struct{ Code int } `json:"responseStatus"`
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.User.Username != account || e.ObjectRef.Resource == "" {
			continue
		}
		if e.Response.Code == 403 && e.ObjectRef.Resource == "secrets" && e.Verb == "get" && !slices.Contains(store.ReservedNames(), e.ObjectRef.Name) {
			continue // the Secret of another SecretSync: that it may not be read is how it is to be
		}
		if e.Response.Code == 403 {
			forbidden = append(forbidden, e.Verb+" "+e.RequestURI)
			continue
		}
		resource := e.ObjectRef.Resource
		if e.ObjectRef.Subresource != "" {
			resource += "/" + e.ObjectRef.Subresource
		}
		u := use{e.Verb, e.ObjectRef.APIGroup, resource, e.ObjectRef.Namespace, e.ObjectRef.Name}
		done[u] = true
		if e.Verb == "patch" && e.Response.Code == 201 { // an apply that made the object
			u.verb = "create"
			done[u] = true
		}
	}
	return done, forbidden
}

// unused are the rights of which an account made no use, verb by verb and name by name.
func unused(p rights.Part, done map[use]bool) []string {
	namespace := map[rights.Scope]string{rights.Stores: apiserver.StoreNamespace, rights.Own: rights.Namespace}
	var out []string
	for _, r := range p.Rights {
		for _, resource := range r.Resources {
			for _, verb := range r.Verbs {
				for _, name := range append(slices.Clone(r.Names), "")[:max(1, len(r.Names))] {
					used := false
					for u := range done {
						used = used || u.verb == verb && u.group == r.Group && u.resource == resource && u.namespace == namespace[r.Scope] && (name == "" || u.name == name)
					}
					if !used {
						out = append(out, fmt.Sprintf("%s %s.%s %s (%s)", verb, resource, r.Group, name, r.Scope))
					}
				}
			}
		}
	}
	return out
}

// installed is a cluster with the base in it, and both parts' accounts.
type installed struct {
	*site
	audit string
}

func install(t *testing.T) *installed {
	t.Helper()
	i := &installed{audit: filepath.Join(t.TempDir(), "audit.log")}
	i.site = newSiteOf(t, apiserver.Options{CRDs: true, AuditLog: i.audit})
	for _, o := range rendered(t, "self-signed") {
		if err := i.srv.Client.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o.DeepCopy()), client.FieldOwner("kubectl"), client.ForceOwnership); err != nil {
			t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
	raw, err := os.ReadFile("../../manifests/explain-verdicts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for doc := range strings.SplitSeq(string(raw), "\n---\n") {
		i.create(doc)
	}
	return i
}

// as runs a part as its own service account, in a pod of that name.
func (i *installed) as(p rights.Part, config string, args ...string) *exec.Cmd {
	i.t.Helper()
	user, err := i.srv.User("system:serviceaccount:"+rights.Namespace+":"+p.Account, "system:serviceaccounts", "system:serviceaccounts:"+rights.Namespace)
	if err != nil {
		i.t.Fatal(err)
	}
	own := *i.site
	own.srv = &apiserver.Server{Kubeconfig: kubeconfig(i.t, user), Config: i.srv.Config, Client: i.srv.Client}
	own.config = config
	i.t.Setenv("POD_NAMESPACE", rights.Namespace)
	i.t.Setenv("POD_NAME", p.Account+"-0")
	return own.start(args...)
}

// configuration is the site's, with other settings of the webhook.
func (i *installed) configuration(webhook, rest string) string {
	i.t.Helper()
	raw, err := os.ReadFile(i.config)
	if err != nil {
		i.t.Fatal(err)
	}
	text := strings.Replace(string(raw), `webhook: {health: "127.0.0.1:0", metrics: "127.0.0.1:0"}`, "webhook: "+webhook, 1)
	text = strings.Replace(text, "sync: {leaseNamespace: azure-iot-operations}\n", rest, 1)
	path := filepath.Join(i.t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
	return path
}

// offers puts into the vault what the class spc then offers.
func (i *installed) offers() {
	t, ctx := i.t, i.t.Context()
	t.Helper()
	secrets, err := scene.Secrets(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	entries := ""
	for _, name := range []string{"press-1-der", "plant-ca-der", "plant-ca-crl", "opcuabroker-der", "opcuabroker-pem"} {
		i.kv.Vault(scene.Vault).Set(name, secrets[name])
		entries += scene.Entry(name)
	}
	if err := i.srv.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(read(t, scene.Class("spc", entries))), client.FieldOwner("kubectl"), client.ForceOwnership); err != nil {
		t.Fatal(err)
	}
}

// Both parts do all that they are for as their own service accounts, with the rights of
// the manifests alone: nothing that they try is forbidden, and no right is left unused.
func TestRights(t *testing.T) {
	i := install(t)
	i.offers()
	i.registers()
	for _, o := range []client.Object{&admissionregistrationv1.ValidatingWebhookConfiguration{}, &admissionregistrationv1.MutatingWebhookConfiguration{}} {
		if err := i.srv.Client.DeleteAllOf(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	i.judges()
	i.fills()
	for _, p := range []rights.Part{rights.Webhook(), rights.Certificate(), rights.Explain(), rights.Sync()} {
		done, forbidden := uses(t, i.audit, "system:serviceaccount:"+rights.Namespace+":"+p.Account)
		for _, line := range forbidden {
			t.Errorf("%s was forbidden %s", p.Account, line)
		}
		for _, line := range unused(p, done) {
			t.Errorf("%s did not use its right to %s", p.Account, line)
		}
	}
}

// registers has the webhook make a certificate, and register its Service once that has an
// endpoint, though nobody answers there; then it is stopped.
func (i *installed) registers() {
	t, ctx := i.t, i.t.Context()
	t.Setenv("KUBE_FEATURE_WatchListClient", "false") // as with API servers that cannot stream a list
	cmd := i.as(rights.Webhook(), i.configuration(fmt.Sprintf(`{host: 127.0.0.1, port: %d, health: "127.0.0.1:0", metrics: "0", selfSigned: storewarden/storewarden-webhook-tls, register: {service: storewarden/storewarden-webhook, owner: storewarden-webhook}}`, freePort(t)), ""),
		"serve", "--webhook")
	i.await("its certificate is kept", func() bool {
		return i.srv.Client.Get(ctx, client.ObjectKey{Namespace: rights.Namespace, Name: "storewarden-webhook-tls"}, &corev1.Secret{}) == nil
	})
	if i.trusted() != "" {
		t.Error("it registered itself without an endpoint")
	}
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: rights.Namespace, Name: "w", Labels: map[string]string{discoveryv1.LabelServiceName: "storewarden-webhook"}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.1.2.3"}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)}}}}
	if err := i.srv.Client.Create(ctx, slice); err != nil {
		t.Fatal(err)
	}
	i.await("it is registered", func() bool { return i.trusted() != "" })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("a part that was stopped: %v", err)
	}
	t.Setenv("KUBE_FEATURE_WatchListClient", "true")
}

// judges has the webhook judge all kinds of objects, look again before it refuses a
// person, tell of what it admitted twice, and of rules of the user's own that are broken.
func (i *installed) judges() {
	t, ctx := i.t, i.t.Context()
	port, debug, dir, own := freePort(t), freePort(t), t.TempDir(), t.TempDir()
	i.certify(dir, webhookCA(t, "ca"))
	i.as(rights.Webhook(), i.configuration(fmt.Sprintf(`{host: 127.0.0.1, port: %d, certDir: %s, health: "127.0.0.1:0", metrics: "0", debug: "127.0.0.1:%d", register: {url: "https://127.0.0.1:%d", owner: storewarden-webhook}}`, port, dir, debug, port),
		"policies: ["+own+"]\n"), "serve", "--webhook")
	ana := i.person("ana")
	refused := func(o client.Object) func() bool {
		return func() bool {
			return apierrors.IsForbidden(ana.Create(ctx, o.DeepCopyObject().(client.Object), client.DryRunAll))
		}
	}
	bad := i.trustList(ended())
	i.await("a bad list is refused", refused(bad))
	i.asks(fmt.Sprintf("https://127.0.0.1:%d%s?kind=Secret&namespace=azure-iot-operations&name=x", debug, explain.Path))
	for _, name := range store.ReservedNames() {
		if err := ana.Create(ctx, read(t, scene.Sync(name, "spc", "      - {sourcePath: nowhere, targetKey: nowhere.der}\n"))); !apierrors.IsForbidden(err) {
			t.Errorf("a mapping from nowhere: %v", err)
		}
	}
	if err := ana.Create(ctx, read(t, "apiVersion: namespaces.deviceregistry.microsoft.com/v1\nkind: Device\nmetadata: {name: d, namespace: azure-iot-operations}\nspec: {endpoints: {inbound: {a: {endpointType: Microsoft.Http, address: 'https://a', trustSettings: {trustList: "+
		trustList+"}}}}}")); err != nil {
		t.Error(err)
	}
	robot := i.person("system:serviceaccount:plant:robot")
	for _, name := range []string{"w", "w"} { // the second is counted
		o := read(t, scene.Class(name, "        - |\n          objectName: x\n"))
		if err := robot.Create(ctx, o); err != nil {
			t.Fatal(err)
		}
		if err := robot.Delete(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	i.breaks(own)
	i.await("an equal Event is counted", func() bool { return i.events(apiserver.StoreNamespace, "AdmittedWithFindings") >= 2 })
}

// breaks makes rules of the user's own broken, and whole again, twice; both are told of.
func (i *installed) breaks(own string) {
	t := i.t
	t.Helper()
	for n := range 2 {
		before := i.events(rights.Namespace, "")
		for _, text := range []string{"package custom.rules.broken_01\n", "package custom.lib.fine\n"} {
			if err := os.WriteFile(filepath.Join(own, "a.rego"), fmt.Appendf(nil, "%s%s", text, strings.Repeat("\n", n)), 0o600); err != nil {
				t.Fatal(err)
			}
			i.await("it is told of", func() bool { return i.events(rights.Namespace, "") > before })
			before = i.events(rights.Namespace, "")
		}
	}
}

// asks has a service account without rights ask for a verdict to be explained.
func (i *installed) asks(url string) {
	t := i.t
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: apiserver.StoreNamespace, Name: "curious"}}
	if err := i.srv.Client.Create(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	token := &authenticationv1.TokenRequest{}
	if err := i.srv.Client.SubResource("token").Create(t.Context(), account, token); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Status.Token)
	c := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("somebody without rights is answered %s", res.Status)
	}
}

// events counts the Events with a reason that begins so.
func (i *installed) events(namespace, reason string) int {
	all := &corev1.EventList{}
	if i.srv.Client.List(i.t.Context(), all, client.InNamespace(namespace)) != nil {
		return 0
	}
	n := 0
	for _, e := range all.Items {
		if strings.HasPrefix(e.Reason, reason) {
			n += int(e.Count)
		}
	}
	return n
}

func read(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}

// fills has the sync loop make all three stores, one of them by what a SecretSync says,
// follow the vault, and tell of what changed twice in the same words.
func (i *installed) fills() {
	t, ctx := i.t, i.t.Context()
	i.create(scene.Sync("declared", "spc", "      - {sourcePath: plant-ca-der, targetKey: plant-ca.der}\n      - {sourcePath: plant-ca-crl, targetKey: plant-ca.crl}\n"))
	for name, store := range map[string]string{
		"trust":  "role: opcua-trust, secretName: aio-opc-ua-broker-trust-list, sources: [{name: press, vaultSecret: {name: press-1-der}}]",
		"issuer": "role: opcua-issuer, secretName: aio-opc-ua-broker-issuer-list, sources: [{name: sync, secretSync: {name: declared}}]",
		"client": "role: opcua-client, secretName: aio-opc-ua-broker-client-certificate, sources: [{name: der, vaultSecret: {name: opcuabroker-der, key: own.der}}, {name: pem, vaultSecret: {name: opcuabroker-pem, key: own.pem}}]",
	} {
		i.create("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: " + name + ", namespace: azure-iot-operations}\nspec: {vault: {secretProviderClassName: spc}, " + store + "}")
	}
	t.Setenv("KUBE_FEATURE_WatchListClient", "false")
	own := t.TempDir()
	i.as(rights.Sync(), i.configuration(`{health: "127.0.0.1:0", metrics: "0"}`, "policies: ["+own+"]\n"), "serve", "--sync")
	ready := func() int { return i.events(apiserver.StoreNamespace, "Synced") }
	i.await("all three are filled", func() bool { return ready() >= 3 })
	i.breaks(own)
	i.reports()
	glass := i.person("eva", webhook.BreakGlass)
	for range 2 { // something is missed, and is not asked for any more
		for _, sources := range []string{"[{name: press, vaultSecret: {name: press-1-der}}, {name: nowhere, vaultSecret: {name: nowhere-der}}]", "[{name: press, vaultSecret: {name: press-1-der}}]"} {
			before := i.events(apiserver.StoreNamespace, "")
			patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"sources":%s}}`, certtest.Must(yaml.YAMLToJSON([]byte(sources)))(t)))
			if err := glass.Patch(ctx, read(t, "apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: trust, namespace: azure-iot-operations}"), patch); err != nil {
				t.Fatal(err)
			}
			i.await("it is told of", func() bool { return i.events(apiserver.StoreNamespace, "") > before })
		}
	}
}

// reports has the background pass report on an object, and take the report away with it.
func (i *installed) reports() {
	i.t.Helper()
	there := func() bool {
		r := &unstructured.Unstructured{}
		r.SetGroupVersionKind(policyreport.Kind)
		name := policyreport.Name(verdict.Object{Kind: store.KindSecretProviderClass, Name: "gone"})
		return i.srv.Client.Get(i.t.Context(), client.ObjectKey{Namespace: apiserver.StoreNamespace, Name: name}, r) == nil
	}
	gone := read(i.t, scene.Class("gone", scene.Entry("press-1-der")))
	if err := i.srv.Client.Create(i.t.Context(), gone.DeepCopy()); err != nil {
		i.t.Fatal(err)
	}
	i.await("it is reported on", there)
	if err := i.srv.Client.Delete(i.t.Context(), gone); err != nil {
		i.t.Fatal(err)
	}
	i.await("the report is gone with its object", func() bool { return !there() })
}
