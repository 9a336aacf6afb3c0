package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/storewarden/storewarden/cmd/internal/report"
)

func parsePage(t *testing.T, r *report.Report) *html.Node {
	t.Helper()
	raw := write(t, r, "html", options())
	page, err := html.Parse(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := range n.ChildNodes() {
		b.WriteString(textOf(c))
	}
	return b.String()
}

func all(page *html.Node, tags ...string) []*html.Node {
	var out []*html.Node
	for n := range page.Descendants() {
		if n.Type == html.ElementNode && slices.Contains(tags, n.Data) {
			out = append(out, n)
		}
	}
	return out
}

// The elements that the template writes. Whatever else is there came from a name.
var written = strings.Fields("html head meta title style body header h1 h2 h3 h4 p time nav ul li a main dl div dt dd section details summary article span code pre strong table caption thead tbody tr th td svg rect footer")

func TestHTMLHoldsNothingForeign(t *testing.T) {
	for name, r := range map[string]*report.Report{"sample": sample(), "known": known(t), "empty": {}} {
		page := parsePage(t, r)
		for n := range page.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if !slices.Contains(written, n.Data) {
				t.Errorf("%s: there is an element %s", name, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "style" || (a.Key == "href" && !strings.HasPrefix(a.Val, "#")) {
					t.Errorf("%s: %s has %s=%q", name, n.Data, a.Key, a.Val)
				}
			}
		}
		style := all(page, "style")
		if len(style) != 1 || strings.Contains(textOf(style[0]), "url(") || strings.Contains(textOf(style[0]), "@import") {
			t.Fatalf("%s: there are %d styles, or one that loads something", name, len(style))
		}
		digest := sha256.Sum256([]byte(textOf(style[0])))
		policy := ""
		for _, m := range all(page, "meta") {
			if attr(m, "http-equiv") == "Content-Security-Policy" {
				policy = attr(m, "content")
			}
		}
		if want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'; base-uri 'none'; form-action 'none'"; policy != want {
			t.Errorf("%s: the policy is %q, want %q", name, policy, want)
		}
	}
}

func TestHTMLShowsHostileNamesAsText(t *testing.T) {
	page := parsePage(t, sample())
	shown := textOf(all(page, "main")[0])
	if strings.Count(shown, "<script>alert(1)</script>") < 4 { // object, message, field, subject
		t.Errorf("a name is not shown whole:\n%s", shown)
	}
}

func TestHTMLIsAccessible(t *testing.T) {
	for name, r := range map[string]*report.Report{"sample": sample(), "known": known(t), "empty": {}} {
		page := parsePage(t, r)
		if attr(all(page, "html")[0], "lang") != "en" || len(all(page, "h1")) != 1 || len(all(page, "main")) != 1 || textOf(all(page, "title")[0]) == "" {
			t.Errorf("%s: no language, title, main part or single heading", name)
		}
		ids := map[string]bool{}
		for n := range page.Descendants() {
			if id := attr(n, "id"); id != "" {
				if ids[id] {
					t.Errorf("%s: two elements are %s", name, id)
				}
				ids[id] = true
			}
		}
		for n := range page.Descendants() {
			for _, ref := range []string{attr(n, "aria-labelledby"), strings.TrimPrefix(attr(n, "href"), "#")} {
				if ref != "" && !ids[ref] {
					t.Errorf("%s: nothing is %s", name, ref)
				}
			}
		}
		last := 0
		for _, h := range all(page, "h1", "h2", "h3", "h4") {
			level := int(h.Data[1] - '0')
			if level > last+1 {
				t.Errorf("%s: %s %q follows a heading of level %d", name, h.Data, textOf(h), last)
			}
			last = level
		}
		for _, d := range all(page, "details") {
			if s := d.FirstChild; s.NextSibling == nil || len(all(d, "summary")) != 1 {
				t.Errorf("%s: a part that folds has no summary", name)
			}
		}
		for _, th := range all(page, "th") {
			if attr(th, "scope") == "" {
				t.Errorf("%s: the heading %q has no scope", name, textOf(th))
			}
		}
		for _, svg := range all(page, "svg") {
			if attr(svg, "aria-hidden") != "true" {
				t.Errorf("%s: a bar says what its row says already", name)
			}
		}
	}
}

func TestHTMLContents(t *testing.T) {
	page := parsePage(t, known(t))
	main := textOf(all(page, "main")[0])
	for _, want := range []string{"broken.yaml:4", "could not be read", "(known)", "ended", "in 20 days", "CRL of CN=Plant CA", "Throttled plant-kv/oven", "git ops/ä.yaml:11", "BadCertificateUntrusted."} {
		if !strings.Contains(main, want) {
			t.Errorf("the page says nothing of %q", want)
		}
	}
	commands := 0
	for _, pre := range all(page, "pre") {
		if textOf(pre) == "az keyvault certificate download --name press" {
			commands++
		}
	}
	if commands != 4 {
		t.Errorf("%d commands can be copied, want 4", commands)
	}
	// The same certificate in two places is one row.
	if rows := len(all(all(page, "tbody")[0], "tr")); rows != 3 {
		t.Errorf("the table has %d rows, want 3", rows)
	}
	if bars := len(all(page, "svg")); bars != 3 {
		t.Errorf("there are %d bars, want 3", bars)
	}
}

// TestHTMLContrast holds every ink on every ground to 4.5:1, in the light, in
// the dark and in print.
func TestHTMLContrast(t *testing.T) {
	style := textOf(all(parsePage(t, sample()), "style")[0])
	schemes := regexp.MustCompile(`:root \{[^}]*--paper[^}]*\}`).FindAllString(style, -1)
	if len(schemes) != 3 {
		t.Fatalf("there are %d colour schemes, want 3", len(schemes))
	}
	for _, scheme := range schemes {
		colour := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z]+): #([0-9a-f]{6})`).FindAllStringSubmatch(scheme, -1) {
			colour[m[1]] = luminance(t, m[2])
		}
		for _, ground := range []string{"paper", "shade"} {
			for _, ink := range []string{"ink", "quiet", "deny", "warn", "info", "good", "link"} {
				light, dark := max(colour[ground], colour[ink]), min(colour[ground], colour[ink])
				if ratio := (light + 0.05) / (dark + 0.05); ratio < 4.5 {
					t.Errorf("%s on %s is %.2f:1 in %s", ink, ground, ratio, scheme)
				}
			}
		}
	}
}

// luminance is the relative luminance of WCAG 2.
func luminance(t *testing.T, rgb string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(rgb[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
