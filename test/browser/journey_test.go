package browser_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/chromedp/chromedp/kb"

	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/browser"
	"github.com/storewarden/storewarden/test/certtest"
)

// at begins the address of a store.
const at = "azure-iot-operations%2F"

// person is somebody at the console of a plant.
type person struct {
	*testing.T
	*browser.Plant
	b *browser.Browser
}

// sit starts a plant and opens the link of its console.
func sit(t *testing.T) person {
	t.Helper()
	p, err := browser.NewPlant(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	b, err := browser.Start(context.WithoutCancel(t.Context()), 1280, 720)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	me := person{t, p, b}
	me.must(b.Go(p.Link))
	me.sees("Stores and certificates")
	return me
}

func (me person) must(err error) {
	me.Helper()
	if err != nil {
		me.Fatal(err)
	}
}

func (me person) sees(text string)            { me.Helper(); me.must(me.b.Sees(text)) }
func (me person) click(selector, text string) { me.Helper(); me.must(me.b.Click(selector, text)) }
func (me person) goTo(path string)            { me.Helper(); me.must(me.b.Go(me.Base + path)) }

// shows is what the page shows now.
func (me person) shows() string {
	me.Helper()
	text, err := me.b.Text("main")
	me.must(err)
	return strings.Join(strings.Fields(text), " ")
}

func (me person) machine(name string) *certtest.Cert {
	me.Helper()
	c, err := certtest.SelfSigned(certtest.Options{CommonName: name, Key: certtest.RSA2048, Now: time.Now(), URIs: []string{"urn:plant:" + name}})
	me.must(err)
	return c
}

func (me person) file(name string, data []byte) string {
	me.Helper()
	path, err := me.File(name, data)
	me.must(err)
	return path
}

// secret is what the cluster holds, nil for none.
func (me person) secret(store, key string) []byte {
	me.Helper()
	o := &corev1.Secret{}
	me.must(me.Server.Client.Get(me.Context(), client.ObjectKey{Namespace: apiserver.StoreNamespace, Name: store}, o))
	return o.Data[key]
}

// inVault tells whether the vault has a secret.
func (me person) inVault(name string) bool {
	me.Helper()
	there, err := me.InVault(me.Context(), name)
	me.must(err)
	return there
}

// finds waits until a search has found so many entries.
func (me person) finds(n int) {
	me.Helper()
	me.must(me.b.Await(fmt.Sprintf(`document.querySelector("#found").innerText.startsWith("%d of ")`, n)))
}

// applied waits for a plan to be carried out.
func (me person) applied() {
	me.Helper()
	me.click("button", "Apply")
	me.sees("All is written.")
	me.must(me.Sync(me.Context()))
}

// The journey of the operations experience: upload, look, choose the store, apply; or add
// what the vault has; see it in the list; delete it from the cluster, and not the vault.
func TestJourney(t *testing.T) {
	me := sit(t)
	der, pem := me.machine("press-9"), me.machine("press-10")

	me.click("nav a", "Add")
	me.must(me.b.Upload("#file", me.file("press-9.der", der.DER), me.file("press-10.crt", pem.PEM())))
	me.click("button", "Show the plan")
	for _, want := range []string{"A plan: nothing is written yet.", "CN=press-9", "CN=press-10", "der, ", "pem, ", "file-encoding=hex", "Steps, in this order"} {
		me.sees(want)
	}
	if strings.Contains(me.shows(), der.Hex()[:40]) || me.inVault("press-9-der") {
		t.Fatal("the plan shows the value, or was carried out")
	}
	me.applied()
	if got := me.secret(browser.TrustList, "press-9.der"); string(got) != string(der.DER) {
		t.Fatalf("the trust list holds %d bytes of press-9", len(got))
	}
	if got := me.secret(browser.TrustList, "press-10.crt"); string(got) != string(pem.PEM()) {
		t.Fatalf("the trust list holds %d bytes of press-10", len(got))
	}

	me.refuseFromVault()
	me.addFromVault()
	me.listAndFilter()
	me.remove()
}

// refuseFromVault looks at secrets that cannot serve, and chooses one all the same.
func (me person) refuseFromVault() {
	me.Helper()
	me.goTo("/vault?at=" + at + browser.TrustList)
	me.sees("historian-password")
	for _, secret := range []string{"historian-password", "locked-der", "press-1-certificate", "opcuabroker-pem"} {
		const row = `[...document.querySelectorAll("tbody tr")].find(r => r.querySelector("th").innerText.trim() === %q)`
		me.must(me.b.Await(fmt.Sprintf("("+row+").querySelector('input').disabled && ("+row+").querySelector('.why p').innerText.length > 20", secret, secret)))
	}
	// The page is not what guards: a request that was made by hand meets the judge.
	me.must(me.b.Await(`(() => { const i = document.querySelector('input[value="press-1-certificate"]'); i.disabled = false; i.checked = true; return true })()`))
	me.click("button", "Show the plan")
	me.sees("Why it is refused")
	if n, err := me.b.Count(`form[action$="/apply"]`); err != nil || n != 0 {
		me.Errorf("a plan that is refused can be applied: %d, %v", n, err)
	}
}

func (me person) addFromVault() {
	me.Helper()
	me.goTo("/vault?at=" + at + browser.TrustList)
	me.click("label", "oven-1-der")
	me.click("button", "Show the plan")
	me.sees("A plan: nothing is written yet.")
	me.sees("CN=oven-1")
	me.applied()
	if len(me.secret(browser.TrustList, "oven-1.der")) == 0 {
		me.Fatal("oven-1 is not in the trust list")
	}
}

func (me person) listAndFilter() {
	me.Helper()
	me.goTo("/")
	me.must(me.b.Fill("#q", "oven"))
	me.finds(1)
	if got := me.shows(); !strings.Contains(got, "oven-1.der") || strings.Contains(got, "press-9.der") {
		me.Errorf("a search for oven shows %s", got)
	}
	me.must(me.b.Fill("#q", "plant-ca"))
	me.must(me.b.Choose("#role", "issuer"))
	me.finds(2)
	if got := me.shows(); !strings.Contains(got, "plant-ca.der") || !strings.Contains(got, "plant-ca.crl") || strings.Contains(got, "trust-list") {
		me.Errorf("plant in the issuer list shows %s", got)
	}
	if path, err := me.b.Path(); err != nil || !strings.Contains(path, "role=issuer") {
		me.Errorf("the address does not tell the filter: %s, %v", path, err)
	}
	me.goTo("/?ends=ended")
	if got := me.shows(); !strings.Contains(got, "old-press.der") || strings.Contains(got, "oven-1.der") {
		me.Errorf("what has ended is %s", got)
	}
}

// remove takes a certificate out of the cluster; then one with its vault secret, for good.
func (me person) remove() {
	me.Helper()
	me.goTo("/entry?at=" + at + browser.TrustList + "&key=oven-1.der")
	me.click("a", "Remove")
	me.sees("Keys to remove")
	me.click("button", "Show the plan")
	me.sees("A plan: nothing is written yet.")
	me.applied()
	if len(me.secret(browser.TrustList, "oven-1.der")) > 0 || !me.inVault("oven-1-der") {
		me.Error("oven-1 is still in the cluster, or no more in the vault")
	}

	me.goTo("/remove?at=" + at + browser.TrustList + "&key=press-9.der")
	me.click("label", "Also delete the vault secrets for good")
	me.click("button", "Show the plan")
	me.sees("cannot be undone")
	me.click("button", "Apply")
	me.sees("What will be gone for good")
	me.must(me.b.Fill("#sure", "yes"))
	me.click("button", "Apply")
	me.sees("That was another word")
	if !me.inVault("press-9-der") {
		me.Fatal("it was purged without the second confirmation")
	}
	me.must(me.b.Fill("#sure", "purge"))
	me.applied()
	if len(me.secret(browser.TrustList, "press-9.der")) > 0 || me.inVault("press-9-der") {
		me.Error("press-9 is still there")
	}

	me.goTo("/remove?at=" + at + browser.TrustList + "&key=plant-root.der")
	me.click("button", "Show the plan")
	me.sees("Why it is refused")
	me.sees("Plant Root CA")
	if got := me.shows(); strings.Contains(got, "--force") || strings.Contains(got, "--purge") {
		me.Errorf("a page speaks of flags: %s", got)
	}
	me.must(me.b.Fill("#reason", "the line is scrapped"))
	me.click("button", "Plan it all the same")
	me.sees("A plan: nothing is written yet.")
	me.applied()
	if len(me.secret(browser.TrustList, "plant-root.der")) > 0 || !me.inVault("plant-root-der") {
		me.Error("plant-root is still in the cluster, or no more in the vault")
	}
}

// The connector's own certificate comes with its private key, which no page shows.
func TestPrivateKey(t *testing.T) {
	me := sit(t)
	c := me.machine("aio-opc-opcuabroker")
	key, err := c.Key.PEM(certtest.PKCS8)
	me.must(err)
	me.goTo("/add?at=" + at + browser.ClientStore)
	me.must(me.b.Upload("#file", me.file("opcuabroker.der", c.DER), me.file("opcuabroker.pem", key)))
	me.click("summary", "Other names")
	me.click("label", "A vault secret of that name")
	me.click("button", "Show the plan")
	me.sees("It is never shown.")
	for _, step := range []func(){func() {}, me.applied} {
		step()
		source, err := me.b.Source()
		me.must(err)
		for line := range strings.Lines(string(key)) {
			if line = strings.TrimSpace(line); strings.Contains(source, line) || strings.Contains(source, fmt.Sprintf("%x", line)) {
				t.Fatal("a page holds a line of the private key")
			}
		}
	}
	if got := me.secret(browser.ClientStore, "opcuabroker.pem"); string(got) != string(key) {
		t.Errorf("the client store holds %d bytes of the key", len(got))
	}
}

// The same without a mouse: Tab, Enter, Space and typing.
func TestKeyboard(t *testing.T) {
	me := sit(t)
	tab := func(tag, text string) { t.Helper(); me.must(me.b.Tab(tag, text)) }
	press := func(keys string) { t.Helper(); me.must(me.b.Press(keys)) }

	tab("a", "Skip to content")
	press(kb.Enter)
	tab("input", "Search")
	press("kiln")
	me.finds(1)
	tab("a", "kiln-2.der")
	press(kb.Enter)
	me.sees("Where it came from")

	tab("a", "Add")
	press(kb.Enter)
	me.sees("Upload files")
	tab("input", "Certificates and CRLs") // the dialogue behind it is the browser's own
	tab("button", "Show the secrets")
	press(kb.Enter)
	me.sees("judged for the trust list")
	tab("input", "oven-1-der")
	press(" ")
	tab("button", "Show the plan")
	press(kb.Enter)
	me.sees("A plan: nothing is written yet.")
	tab("button", "Apply")
	press(kb.Enter)
	me.sees("All is written.")
	me.must(me.Sync(t.Context()))
	tab("a", "Go to the store")
	press(kb.Enter)
	me.sees("oven-1.der")

	tab("a", "Remove from")
	press(kb.Enter)
	me.sees("Keys to remove")
	tab("input", "oven-1.der")
	press(" ")
	tab("button", "Show the plan")
	press(kb.Enter)
	me.sees("A plan: nothing is written yet.")
	tab("button", "Apply")
	press(kb.Enter)
	me.sees("All is written.")
	me.must(me.Sync(t.Context()))
	if len(me.secret(browser.TrustList, "oven-1.der")) > 0 || !me.inVault("oven-1-der") {
		t.Error("oven-1 is still in the cluster, or no more in the vault")
	}
}
