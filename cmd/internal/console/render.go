package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/cmd/internal/report"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/hand"
)

//go:embed templates
var templateFiles embed.FS

// view is what every page shows, around what it is about.
type view struct {
	Title string
	Nav   string // the path of the entry of the menu that it belongs to
	Body  any

	Form            string // the word of the session's forms, "" without a session
	Path            string // of this page, with its query
	Cluster, Server string
	Version         string
	Said            string // told to whoever cannot see the page change
	Now             time.Time
	Seen            time.Time // when the cluster was read, zero where it was not
}

// pageNames are the templates with a page of their own.
var pageNames = []string{"stores", "store", "entry", "expiry", "findings", "chains", "add", "vault", "remove", "plan", "confirm", "progress", "trouble", "open"}

func parsePages() (map[string]*template.Template, error) {
	base, err := template.New("layout").Funcs(functions()).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/pictures.html")
	if err != nil {
		return nil, err
	}
	out := map[string]*template.Template{}
	for _, name := range pageNames {
		t, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if out[name], err = t.ParseFS(templateFiles, "templates/"+name+".html"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Console) render(w http.ResponseWriter, r *http.Request, s *session, name string, v view) {
	c.renderStatus(w, r, s, http.StatusOK, name, v)
}

// renderStatus makes the whole page before it sends any of it.
func (c *Console) renderStatus(w http.ResponseWriter, r *http.Request, s *session, status int, name string, v view) {
	v.Cluster, v.Server, v.Version, v.Now = c.opt.Cluster, c.opt.Server, c.opt.Version, c.opt.Now()
	if s != nil {
		v.Form, v.Path = s.form, r.URL.RequestURI()
	}
	var b bytes.Buffer
	if err := c.pages[name].ExecuteTemplate(&b, "layout", v); err != nil {
		c.opt.Log.Error("a page could not be made", "page", name, "error", err)
		http.Error(w, "The console could not make this page; the command's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}

func functions() template.FuncMap {
	return template.FuncMap{
		"v":        visible,
		"day":      func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"moment":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"left":     left,
		"link":     link,
		"at":       at,
		"role":     roleText,
		"state":    stateText,
		"short":    short,
		"grouped":  grouped,
		"plural":   plural,
		"join":     func(s []string) string { return visible(strings.Join(s, ", ")) },
		"severity": severityText,
		"steps":    report.Steps,
		"chain":    drawChain,
		"lower":    strings.ToLower,
		"dict":     dict,
		"origin":   originText,
		"change":   changeClass,
		"here":     here,
		"step":     stepText,
	}
}

// visible keeps what a certificate or a secret is called from looking like something else:
// characters that cannot be seen, or that turn the direction of the text, are shown by
// their number.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co):
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// link is a path with a query, of names and values in turn.
func link(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return path + "?" + q.Encode()
}

// at names a store in a query.
func at(s hand.Store) string { return s.Namespace + "/" + s.Name }

// left says how long it is until an end.
func left(until, now time.Time) string {
	days := daysLeft(until, now)
	switch {
	case days < -1:
		return fmt.Sprintf("%d days ago", -days)
	case days < 0:
		return "ended"
	case days == 0:
		return "today"
	case days == 1:
		return "1 day left"
	case days < 730:
		return fmt.Sprintf("%d days left", days)
	}
	return fmt.Sprintf("%d years left", days/365)
}

// daysLeft are whole days, negative from the first moment after the end.
func daysLeft(until, now time.Time) int {
	d := until.Sub(now)
	if d < 0 {
		return int(d/(24*time.Hour)) - 1
	}
	return int(d / (24 * time.Hour))
}

func roleText(r store.Role) string {
	switch r {
	case store.RoleTrust:
		return "Trust list"
	case store.RoleIssuer:
		return "Issuer list"
	case store.RoleClient:
		return "Client store"
	case store.RoleTLSTrust:
		return "TLS trust list"
	case store.RoleDeviceCredential:
		return "Device credential"
	}
	return "Other store"
}

// mark is how a state or a severity is shown: a class for its colour, and a sign and a
// word that say the same without it.
type mark struct{ Class, Sign, Word string }

func stateText(s hand.State) mark {
	switch s {
	case hand.Refused:
		return mark{"deny", "✕", "refused"}
	case hand.Expired:
		return mark{"deny", "✕", "expired"}
	case hand.Missing:
		return mark{"warn", "○", "missing"}
	case hand.Differs:
		return mark{"warn", "≠", "differs"}
	case hand.Leaving:
		return mark{"info", "→", "leaving"}
	case hand.Expiring:
		return mark{"warn", "!", "ends soon"}
	case hand.Warned:
		return mark{"warn", "!", "warning"}
	case hand.Good:
		return mark{"good", "✓", "good"}
	}
	return mark{"quiet", "?", string(s)}
}

func severityText(s verdict.Severity) mark {
	switch s {
	case verdict.Deny:
		return mark{"deny", "✕", "deny"}
	case verdict.Warn:
		return mark{"warn", "!", "warn"}
	}
	return mark{"info", "i", string(s)}
}

// short is the beginning of a thumbprint, for a table.
func short(s string) string {
	if len(s) <= 10 {
		return s
	}
	return s[:10] + "…"
}

// grouped puts spaces into a thumbprint, as most devices show it.
func grouped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i += 2 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s[i:min(i+2, len(s))])
	}
	return b.String()
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if stem, ok := strings.CutSuffix(one, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// dict hands several values to a template, of names and values in turn.
func dict(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return out
}

// changeClass tells lines that come from lines that go.
func changeClass(line string) string {
	switch {
	case strings.HasPrefix(line, "+"):
		return "comes"
	case strings.HasPrefix(line, "-"):
		return "goes"
	}
	return "stays"
}

// origin is where an entry came from, in two lines of a table.
type origin struct{ Name, Kind string }

// originText leaves the vault out where it is the store's own, which is said above.
func originText(s hand.Store, e hand.Entry) origin {
	o := e.Origin
	switch {
	case o.VaultRef != "":
		name, kind := strings.TrimPrefix(o.VaultRef, s.Vault+"/"), "vault secret"
		if o.By == hand.ByStore {
			kind = "vault secret, ConnectorStore"
		}
		return origin{name, kind}
	case o.By == hand.ByStore:
		return origin{o.Source, "source of the ConnectorStore"}
	case len(o.Managers) > 0:
		return origin{o.Managers[0], "by hand"}
	}
	return origin{"by hand", ""}
}
