package pages

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Home is where the Markdown of the book is read.
const Home = "https://github.com/storewarden/storewarden/blob/main/policies/catalogue/"

// URL is where the page of a rule of the catalogue is read, "" for a user's own.
func URL(code string) string {
	family, _, _ := strings.Cut(code, "-")
	if !slices.Contains(families, family) {
		return ""
	}
	return Home + family + ".md#" + strings.ToLower(code)
}

// intros say what each family is about.
var intros = map[string]string{
	"SPC": "SecretProviderClass: which vault secrets are fetched, and how they are read.",
	"SS":  "SecretSync: under which keys they go into a Secret.",
	"SEC": "The Secret that a connector reads.",
	"KV":  "The secret in Azure Key Vault: its value, its attributes and its tags.",
	"X":   "What certificates and CRLs say, alone and together.",
	"CL":  "The connector's own certificate.",
	"EXC": "Storewarden's own configuration.",
	"U":   "Who uses the Secrets: Devices, ConnectorTemplates, identities, operations.",
}

// Markdown is the book as files by name: an index, and one file a family.
func (b Book) Markdown() map[string]string {
	out := map[string]string{"README.md": b.index()}
	for _, family := range families {
		var s strings.Builder
		fmt.Fprintf(&s, "<!-- Made from the rules: go test ./policies/pages -update -->\n# %s\n\n%s [All codes](README.md)\n", family, intros[family])
		for _, p := range b.pages {
			if strings.HasPrefix(p.Code, family+"-") {
				p.markdown(&s)
			}
		}
		out[family+".md"] = s.String()
	}
	return out
}

func link(code string) string {
	family, _, _ := strings.Cut(code, "-")
	return fmt.Sprintf("[%s](%s.md#%s)", code, family, strings.ToLower(code))
}

func links(codes []string) string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = link(c)
	}
	return strings.Join(out, ", ")
}

func (b Book) index() string {
	var s strings.Builder
	s.WriteString("<!-- Made from the rules: go test ./policies/pages -update -->\n# What can go wrong with a connector's certificates\n\n" +
		"Every code that Storewarden knows. `storewarden explain CODE` shows the same in a terminal.\n\n" +
		"- [By code](#by-code)\n- [By symptom](#by-symptom)\n- [By object](#by-object)\n\n## By code\n\n| code | severity | what is wrong |\n|---|---|---|\n")
	for _, p := range b.pages {
		fmt.Fprintf(&s, "| %s | %s | %s |\n", link(p.Code), p.Brief(), escape(p.Title))
	}
	s.WriteString("\n## By symptom\n\n| what is seen | look at |\n|---|---|\n")
	symptoms := b.Symptoms()
	for _, w := range slices.Sorted(maps.Keys(symptoms)) {
		fmt.Fprintf(&s, "| `%s` | %s |\n", w, links(codes(symptoms[w])))
	}
	s.WriteString("\n## By object\n\n| object | codes |\n|---|---|\n")
	for _, kind := range b.Objects() {
		fmt.Fprintf(&s, "| %s | %s |\n", kind, links(codes(b.OnObject(kind))))
	}
	return s.String()
}

func codes(ps []Page) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.Code
	}
	return out
}

// Brief is the severity in the standard profile, "see CODE" for a code that
// another one's rule reports, or "not seen" where no rule can see it.
func (p Page) Brief() string {
	switch {
	case p.Of != "":
		return "see " + p.Of
	case p.Unseen != "":
		return "not seen"
	}
	return string(p.Severity[engine.Standard])
}

func (p Page) markdown(s *strings.Builder) {
	fmt.Fprintf(s, "\n## %s\n\n", p.Code)
	if p.Of != "" {
		fmt.Fprintf(s, "Reported as %s.\n", link(p.Of))
		return
	}
	fmt.Fprintf(s, "**%s**\n\n%s\n\n", escape(p.Title), escape(oneLine(p.Why)))
	if p.Unseen != "" {
		fmt.Fprintf(s, "- Why no rule sees it: %s\n", escape(oneLine(p.Unseen)))
	} else {
		fmt.Fprintf(s, "- Severity: %s\n", severities(p.Severity))
	}
	fmt.Fprintf(s, "- Objects: %s\n- If it slips through: %s\n- What to do: %s\n", strings.Join(p.Objects, ", "), escape(oneLine(p.Looks)), steps(p.Fix))
	if p.Autofix != "" {
		fmt.Fprintf(s, "- Added by `webhook.autofix` where it is certain: `%s`\n", p.Autofix)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Cases)) {
		fmt.Fprintf(s, "- What to do (%s): %s\n", name, steps(p.Cases[name]))
	}
	for _, l := range []struct {
		what  string
		codes []string
	}{{"Also reports", p.Covers}, {"Not shown beside it", p.Hides}, {"It is not shown beside", p.HiddenBy}} {
		if len(l.codes) > 0 {
			fmt.Fprintf(s, "- %s: %s\n", l.what, links(l.codes))
		}
	}
	fmt.Fprintf(s, "- Sources: %s\n", escape(strings.Join(p.Sources, "; ")))
	if silence := p.Silence(); silence != "" {
		fmt.Fprintf(s, "\n<details><summary>To silence it properly</summary>\n\n```yaml\n%s```\n\n</details>\n", silence)
	}
}

func severities(of map[engine.Profile]verdict.Severity) string {
	all := make([]string, 0, len(of))
	for _, profile := range engine.Profiles() {
		all = append(all, fmt.Sprintf("%s (%s)", of[profile], profile))
	}
	return strings.Join(all, ", ")
}

// Template shows placeholders as a person expects them.
func Template(s string) string { return strings.NewReplacer("{", "<", "}", ">").Replace(s) }

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func steps(s string) string { return escape(Template(oneLine(s))) }

// escape keeps Markdown from reading signs of a command as its own.
func escape(s string) string {
	return strings.NewReplacer("\\", "\\\\", "<", "&lt;", ">", "&gt;", "|", "\\|", "*", "\\*", "_", "\\_", "`", "\\`").Replace(s)
}
