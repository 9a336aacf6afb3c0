package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/test/browser"
)

// Every page, light and dark, at the sizes of small screens and twice enlarged.
func TestAccessibility(t *testing.T) {
	me := sit(t)
	plans := map[string]string{}
	for name, key := range map[string]string{"plan": "robot-7.der", "refused plan": "plant-root.der"} {
		me.goTo("/remove?at=" + at + browser.TrustList + "&key=" + key)
		me.click("button", "Show the plan")
		me.sees("Steps, in this order")
		path, err := me.b.Path()
		me.must(err)
		plans[name] = path
	}
	pages := []string{"/", "/?q=nothing+at+all", "/store?at=" + at + browser.TrustList, "/store?at=" + at + browser.ClientStore,
		"/entry?at=" + at + browser.TrustList + "&key=scada-1.der", "/entry?at=" + at + browser.TrustList + "&key=labeler-5.der", "/entry?at=" + at + browser.IssuerList + "&key=plant-ca.crl",
		"/expiry", "/findings", "/chains", "/add", "/vault?at=" + at + browser.TrustList, "/remove?at=" + at + browser.TrustList, "/nothing", plans["plan"], plans["refused plan"]}
	for _, dark := range []bool{false, true} {
		me.must(me.b.Dark(dark))
		for _, path := range pages {
			me.goTo(path)
			me.audit(fmt.Sprintf("%s, dark %v", path, dark))
		}
		me.confirmAndProgress(dark)
	}
	for _, size := range []struct {
		width, height int64
		scale         float64
	}{{1280, 720, 1}, {1024, 640, 1}, {1280, 720, 2}} {
		me.must(me.b.Size(size.width, size.height, size.scale))
		for _, path := range pages {
			me.goTo(path)
			if n, err := me.b.Overflow(); err != nil || n > 0 {
				t.Errorf("%s at %v: the page is %d pixels wider than the window, %v", path, size, n, err)
			}
		}
	}
}

func (me person) audit(what string) {
	me.Helper()
	found, err := me.b.Audit()
	me.must(err)
	for _, f := range found {
		me.Errorf("%s: %s", what, f)
	}
}

// confirmAndProgress looks at the pages that only a plan leads to.
func (me person) confirmAndProgress(dark bool) {
	me.Helper()
	key := fmt.Sprintf("%s.der", map[bool]string{false: "conveyor-4", true: "kiln-2"}[dark])
	me.goTo("/remove?at=" + at + browser.TrustList + "&key=" + key)
	me.click("label", "Also delete the vault secrets for good")
	me.click("button", "Show the plan")
	me.sees("cannot be undone")
	me.click("button", "Apply")
	me.sees("What will be gone for good")
	me.audit(fmt.Sprintf("the second confirmation, dark %v", dark))
	me.must(me.b.Fill("#sure", "purge"))
	me.click("button", "Apply")
	me.sees("All is written.")
	me.audit(fmt.Sprintf("the end of a plan, dark %v", dark))
}

// Without script the pages are the same, and forms and links do it all.
func TestWithoutScript(t *testing.T) {
	me := sit(t)
	me.must(me.b.Script(false))
	me.goTo("/")
	me.must(me.b.Fill("#q", "kiln"))
	me.click("button", "Show")
	me.must(me.b.Await(`location.search.includes("q=kiln")`))
	me.sees("Show all")
	if got := me.shows(); !strings.Contains(got, " 1 of ") || strings.Contains(got, "robot-7.der") {
		t.Errorf("a search for kiln shows %s", got)
	}
	me.goTo("/remove?at=" + at + browser.TrustList + "&key=kiln-2.der")
	me.click("button", "Show the plan")
	me.sees("A plan: nothing is written yet.")
	me.click("button", "Apply")
	me.sees("All is written.")
}

// The page cannot run what a name says, nor load what is elsewhere, whatever is in it.
func TestPolicyHolds(t *testing.T) {
	me := sit(t)
	me.goTo("/")
	const attempt = `(() => { const s = document.createElement("script"); s.textContent = "window.owned = true"; document.body.append(s);
		document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.owned = true'><style>main{display:none}</style>"); return true })()`
	me.must(me.b.Await(attempt))
	me.must(me.b.Await(`[...document.images].every(i => i.complete)`))
	me.must(me.b.Await(`window.owned === undefined && getComputedStyle(document.querySelector("main")).display !== "none"`))
}
