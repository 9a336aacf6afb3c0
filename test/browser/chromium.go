// Package browser drives the console in headless Chromium against a real API server and
// the vault emulator. It is a module of its own, so that the driver is no dependency of
// Storewarden's.
package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// axe is axe-core 4.14.1 as its makers publish it on npm, with its licences beside it.
//
//go:embed axe/axe.min.js
var axe string

// patience is how long anything may take on a busy machine.
const patience = time.Minute

// Browser is one window of Chromium, with a profile of its own.
type Browser struct {
	ctx  context.Context
	stop []func()
}

// Start starts Chromium with a window of the size.
func Start(ctx context.Context, width, height int) (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "storewarden-browser-")
	if err != nil {
		return nil, err
	}
	// The options are spelt out instead of taken from chromedp: nothing is asked of the
	// network, and a sandbox within a container is not to be had.
	alloc, stopAlloc := chromedp.NewExecAllocator(ctx, chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true), chromedp.WindowSize(width, height))
	tab, stopTab := chromedp.NewContext(alloc)
	b := &Browser{ctx: tab, stop: []func(){stopTab, stopAlloc, func() { _ = os.RemoveAll(profile) }}}
	// Without a deadline: that of the first call would be the browser's.
	if err := chromedp.Do(tab, chromedp.EmulateViewport(int64(width), int64(height))); err != nil {
		b.Stop()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

// find looks for Chromium under the names that it has.
func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no chromium: install the Debian package (apt-get install chromium), or run make test-browser as root, which does")
}

// Stop ends Chromium and forgets its profile.
func (b *Browser) Stop() {
	for _, stop := range b.stop {
		stop()
	}
}

// Do carries out actions one after another.
func (b *Browser) Do(actions ...chromedp.Action[chromedp.Void]) error {
	_, err := run(b, chromedp.Steps(actions...))
	return err
}

func run[T any](b *Browser, a chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, a)
}

// Await waits until an expression of JavaScript is true. It asks again and again from
// outside: the page's own policy forbids it what chromedp's Poll would do inside.
func (b *Browser) Await(expression string) error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if err == nil && got {
			return nil
		}
		select {
		case <-ctx.Done():
			text, _ := b.Text("body")
			return fmt.Errorf("not seen: %s: %w, on this page:\n%s", expression, errors.Join(ctx.Err(), err), text)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Sees waits until the page shows a text, in one line or in several.
func (b *Browser) Sees(text string) error {
	return b.Await(`(document.querySelector("main")?.innerText ?? "").replace(/\s+/g, " ").includes(` + quote(text) + `)`)
}

func quote(s string) string {
	quoted, _ := json.Marshal(s) // a string can always be
	return string(quoted)
}

// Text is what an element shows, "" if it is not there.
func (b *Browser) Text(selector string) (string, error) {
	return run(b, chromedp.Evaluate[string]("document.querySelector("+quote(selector)+")?.innerText ?? ''"))
}

// Source is the whole page as it stands.
func (b *Browser) Source() (string, error) {
	return run(b, chromedp.Evaluate[string]("document.documentElement.outerHTML"))
}

// Count is how many elements a selector finds.
func (b *Browser) Count(selector string) (int, error) {
	return run(b, chromedp.Evaluate[int]("document.querySelectorAll("+quote(selector)+").length"))
}

// Go opens an address and waits for the page.
func (b *Browser) Go(address string) error {
	return b.Do(chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS("main")))
}

// Path is the path and query of the page that is shown.
func (b *Browser) Path() (string, error) {
	at, err := run(b, chromedp.Location())
	if err != nil {
		return "", err
	}
	u, err := url.Parse(at)
	if err != nil {
		return "", err
	}
	return u.RequestURI(), nil
}

// Click clicks on the first element of the selector whose text begins so. Where the page
// is being replaced it looks again.
func (b *Browser) Click(selector, text string) error {
	const find = `((selector, text) => {
		document.querySelectorAll("[data-test]").forEach(e => e.removeAttribute("data-test"));
		const found = [...document.querySelectorAll(selector)].find(e => e.innerText.replace(/\s+/g, " ").trim().startsWith(text));
		found?.setAttribute("data-test", "");
		return !!found })`
	for try := 0; ; try++ {
		if err := b.Await(find + "(" + quote(selector) + ", " + quote(text) + ")"); err != nil {
			return fmt.Errorf("there is no %s %q to click: %w", selector, text, err)
		}
		err := b.Do(chromedp.Click(chromedp.CSS("[data-test]")))
		if err == nil || try == 10 || !strings.Contains(err.Error(), "node") {
			return err
		}
	}
}

// Fill puts text into a field, in place of what is there, as typing does.
func (b *Browser) Fill(selector, text string) error {
	if err := b.Await("(e => { e?.focus(); e?.select(); return document.activeElement === e })(document.querySelector(" + quote(selector) + "))"); err != nil {
		return err
	}
	return b.Press(text)
}

// Choose gives a select the value.
func (b *Browser) Choose(selector, value string) error {
	const choose = `((e, v) => { e.value = v; e.dispatchEvent(new Event("change", {bubbles: true})); return e.value === v })`
	ok, err := run(b, chromedp.Evaluate[bool](choose+"(document.querySelector("+quote(selector)+"), "+quote(value)+")"))
	if err == nil && !ok {
		err = fmt.Errorf("%s has no choice %q", selector, value)
	}
	return err
}

// Upload chooses files.
func (b *Browser) Upload(selector string, files ...string) error {
	return b.Do(chromedp.SetUploadFiles(chromedp.CSS(selector), files))
}

// Dark shows pages as to somebody who prefers a dark screen, or a light one; without
// motion, so that nothing is seen half way.
func (b *Browser) Dark(dark bool) error {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	return b.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
}

// Script switches the page's scripts off or on.
func (b *Browser) Script(on bool) error {
	return b.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

// Size gives the window another size; scale 2 is what a zoom of 200 % does to a page.
func (b *Browser) Size(width, height int64, scale float64) error {
	return b.Do(chromedp.EmulateViewport(int64(float64(width)/scale), int64(float64(height)/scale), chromedp.EmulateScale(scale)))
}

// Screenshot is what the window shows, as a PNG.
func (b *Browser) Screenshot() ([]byte, error) { return run(b, chromedp.CaptureScreenshot()) }

// Audit runs axe over the page and lists what it objects to.
func (b *Browser) Audit() ([]string, error) {
	if _, err := run(b, chromedp.Evaluate[bool](axe+"\n;true")); err != nil {
		return nil, err
	}
	const audit = `axe.run(document).then(r => r.violations.flatMap(v => v.nodes.map(n =>
		v.id + ": " + v.help + ": " + n.html.slice(0, 200) + " " + (n.failureSummary ?? "").slice(0, 300))))`
	return run(b, chromedp.Evaluate[[]string](audit, chromedp.EvalAwaitPromise))
}

// Overflow is by how many pixels the page is wider than its window.
func (b *Browser) Overflow() (int, error) {
	return run(b, chromedp.Evaluate[int]("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
}

// Press presses keys, as a person does who uses no mouse.
func (b *Browser) Press(keys string) error { return b.Do(chromedp.KeyEvent(keys)) }

// focused is the element that has the focus: its tag, and what a screen reader calls it.
type focused struct {
	Tag, Text string
	Outlined  bool
}

const focus = `(() => { const e = document.activeElement, label = e.labels?.length ? e.labels[0].innerText : "";
	return {Tag: e.tagName.toLowerCase(), Text: (label + " " + (e.getAttribute("aria-label") ?? e.innerText)).replace(/\s+/g, " ").trim(),
		Outlined: getComputedStyle(e).outlineStyle !== "none"} })()`

// Tab goes from element to element until the focused one has the tag and a text that
// begins so. Every element on the way must show that it has the focus.
func (b *Browser) Tab(tag, text string) error {
	var seen []string
	for range 200 {
		if err := b.Press(kb.Tab); err != nil {
			return err
		}
		at, err := run(b, chromedp.Evaluate[focused](focus))
		if err != nil {
			return err
		}
		if !at.Outlined && at.Tag != "body" {
			return fmt.Errorf("%s %q does not show that it has the focus", at.Tag, at.Text)
		}
		if at.Tag == tag && strings.HasPrefix(at.Text, text) {
			return nil
		}
		seen = append(seen, at.Tag+" "+at.Text)
	}
	return fmt.Errorf("no %s %q is reached with Tab, only: %s", tag, text, strings.Join(seen[:min(60, len(seen))], " | "))
}
