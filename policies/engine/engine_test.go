package engine_test

import (
	"context"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
)

const header = `# METADATA
# title: A title
# description: A description.
# custom:
#   subjects: [Secret]
#   severity: deny
#   message: "a message"
#   remedy: "Do it"
#   symptom: A symptom.
#   sources: ["a source"]
package storewarden.rules.t_01

`

// with is the embedded router and one rule.
func with(t *testing.T, rule string) []fs.FS {
	t.Helper()
	main, err := fs.ReadFile(policies.Files, "rego/main.rego")
	if err != nil {
		t.Fatal(err)
	}
	return []fs.FS{fstest.MapFS{"main.rego": {Data: main}, "t_01/t_01.rego": {Data: []byte(rule)}}}
}

func document() *input.Document {
	return &input.Document{Operation: "create", Subject: input.Subject{Kind: "Secret"}, Removed: []input.Removed{},
		Entries: []input.Entry{}, Certificates: []input.Certificate{}, CRLs: []input.CRL{}, Keys: []input.Key{},
		Unverified: []input.Unverified{}, SPC: input.ProviderClass{UsedBy: []string{}, Modes: []input.Mode{}, SecretObjects: []input.SecretObject{}},
		Sync: input.Sync{Marks: []input.Mark{}, Writers: []string{}, Anchored: []string{}}}
}

func TestNewRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ rule, want string }{
		"a misspelt field of the input":  {header + `finding contains {"code": "T-01"} if input.store.rolle == "x"`, "t_01.rego:13"},
		"a misspelt field of the config": {header + `finding contains {"code": "T-01"} if data.config.profil == "x"`, "t_01.rego:13"},
		"the clock":                      {header + `finding contains {"code": "T-01"} if time.now_ns() > 0`, "time.now_ns"},
		"the network":                    {header + `finding contains {"code": "T-01"} if http.send({"method": "get", "url": "http://x"})`, "http.send"},
		"chance":                         {header + `finding contains {"code": "T-01"} if rand.intn("x", 2) == 1`, "rand.intn"},
		"no METADATA":                    {`package storewarden.rules.t_01`, "no METADATA"},
		"no remedy":                      {strings.Replace(header, "remedy", "remedi", 1), "custom.remedy"},
		"a severity that is none":        {strings.Replace(header, "severity: deny", "severity: dney", 1), "custom.severity"},
		"a subject that is none":         {strings.Replace(header, "[Secret]", "[Sercet]", 1), "custom.subjects"},
		"covers what is no code":         {strings.Replace(header, "symptom:", "covers: [X-1]\n#   symptom:", 1), "custom.covers"},
		"broken Rego":                    {header + "finding contains", "t_01.rego"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := engine.New(engine.Options{Config: input.DefaultConfig()}, with(t, tc.rule)...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error that says %q", err, tc.want)
			}
		})
	}
}

// Whatever a rule answers that is not a finding must be an error: to drop it
// would be to let the change pass.
func TestEvaluateFailsClosed(t *testing.T) {
	for name, body := range map[string]string{
		"a text":                     `finding contains "T-01"`,
		"no code":                    `finding contains {"entry": 0}`,
		"another rule's code":        `finding contains {"code": "T-02"}`,
		"an unknown field":           `finding contains {"code": "T-01", "entri": 0}`,
		"an entry not there":         `finding contains {"code": "T-01", "entry": 0}`,
		"an entry that is no number": `finding contains {"code": "T-01", "entry": "0"}`,
		"an unknown severity":        `finding contains {"code": "T-01", "severity": "fatal"}`,
		"an unknown variant":         `finding contains {"code": "T-01", "variant": "x"}`,
		"arguments of a list":        `finding contains {"code": "T-01", "args": {"a": [1]}}`,
		"a builtin's error":          `finding contains {"code": "T-01"} if to_number("x") == 1`,
	} {
		t.Run(name, func(t *testing.T) {
			e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, with(t, header+body)...)
			if err != nil {
				t.Fatal(err)
			}
			if results, err := e.Evaluate(context.Background(), document()); err == nil {
				t.Errorf("answered with %v and no error", results)
			}
		})
	}
}

func TestEvaluate(t *testing.T) {
	e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, with(t, header+`
import data.config

finding contains {"code": "T-01", "args": {"n": config.expiry_warning_days}} if wanted

wanted if input.subject.name == "x"
`)...)
	if err != nil {
		t.Fatal(err)
	}
	doc := document()
	if got, err := e.Evaluate(context.Background(), doc); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v for a document that the rule does not want", got, err)
	}
	doc.Subject.Name = "x"
	got, err := e.Evaluate(context.Background(), doc)
	if err != nil || len(got) != 1 || got[0].Rule.Code != "T-01" || got[0].Args["n"] != "30" || got[0].Entry != engine.None {
		t.Errorf("got %+v, %v", got, err)
	}
	doc.Operation = "delete"
	if got, err := e.Evaluate(context.Background(), doc); err != nil || len(got) != 0 {
		t.Errorf("a delete was judged: %v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Evaluate(ctx, doc); err == nil {
		t.Error("an evaluation whose context has ended gave an answer")
	}
}

var code = regexp.MustCompile(`^[A-Z]+-[0-9]{2}$`)

// What every rule owes its reader, beyond what New already demands.
func TestConventions(t *testing.T) {
	e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range e.Rules() {
		t.Run(r.Code, func(t *testing.T) {
			folder := strings.ToLower(strings.ReplaceAll(r.Code, "-", "_"))
			if want := "rego/rules/" + folder + "/" + folder + ".rego"; r.File != want || !code.MatchString(r.Code) {
				t.Errorf("the rule stands in %s, not in %s", r.File, want)
			}
			test := strings.TrimSuffix(r.File, ".rego") + "_test.rego"
			if _, err := fs.Stat(policies.Files, test); err != nil {
				t.Errorf("it has no test: %v", err)
			}
			src, err := fs.ReadFile(policies.Files, r.File)
			if err != nil {
				t.Fatal(err)
			}
			for _, said := range regexp.MustCompile(`"code": "([^"]*)"`).FindAllStringSubmatch(string(src), -1) {
				if said[1] != r.Code {
					t.Errorf("it returns the code %s", said[1])
				}
			}
			for _, implied := range r.Implies {
				if !code.MatchString(implied) || implied == r.Code {
					t.Errorf("it implies %q", implied)
				}
				if other, ok := e.Rule(implied); ok && slices.Contains(other.Implies, r.Code) {
					t.Errorf("it and %s imply each other, so both would be dropped", implied)
				}
			}
			words := []engine.Wording{r.Wording}
			for _, v := range r.Variants {
				words = append(words, v)
			}
			for _, w := range words {
				for _, text := range []string{w.Message, w.Remedy} {
					if strings.Contains(text, "\n") || strings.Contains(text, "is immutable") || strings.Contains(text, "immutable field") {
						t.Errorf("its words break a line, or make Flux delete the object: %q", text)
					}
				}
				if strings.HasSuffix(w.Message, ".") {
					t.Errorf("the message ends in a dot: %q", w.Message)
				}
			}
		})
	}
	if !slices.ContainsFunc(e.Rules(), func(r *engine.Rule) bool { return r.Code == "KV-12" }) {
		t.Error("the embedded rules were not found")
	}
}
