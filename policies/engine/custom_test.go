package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
)

// ours is the METADATA of a user's rule, 10 lines with the package.
const ours = `# METADATA
# title: A title
# description: A description.
# custom:
#   subjects: [Secret]
#   severity: deny
#   message: "a message about {object}"
#   remedy: "Do it"
#   symptom: A symptom.
#   sources: ["a source"]
package custom.rules.acme_01

`

func custom(t *testing.T, files map[string]string) (*engine.Engine, error) {
	t.Helper()
	var own []engine.File
	for name, text := range files {
		own = append(own, engine.File{Name: name, Text: []byte(text)})
	}
	return engine.New(engine.Options{Config: input.DefaultConfig(), Custom: own}, policies.Files)
}

func TestCustomRefuses(t *testing.T) {
	const fires = `finding contains {"code": "ACME-01"} if input.secret.immutable`
	swap := func(old, with string) string {
		if !strings.Contains(ours+fires, old) {
			t.Fatalf("%q is not in the rule", old)
		}
		return strings.Replace(ours+fires, old, with, 1)
	}
	for name, tc := range map[string]struct{ rule, want, next string }{
		"a misspelt field":                {swap("immutable", "imutable"), "acme.rego:13: input.secret has no field imutable", "immutable, lost_label"},
		"a misspelt field of an entry":    {ours + "finding contains {\"code\": \"ACME-01\"} if {\n\tsome e in input.entries\n\te.rolle == \"\"\n}", "acme.rego:15: e has no field rolle", "role"},
		"a misspelt setting":              {swap("input.secret.immutable", "data.config.profil"), "acme.rego:13: data.config has no field profil", "expiry_warning_days"},
		"a misspelt field in a helper":    {swap("input.secret.immutable", "bad\n\nbad if input.stor.role"), "acme.rego:15: input has no field stor", "store"},
		"the network":                     {swap("input.secret.immutable", `http.send({"method": "get", "url": "http://x"})`), "acme.rego:13: http.send is not available", "no network"},
		"the clock":                       {swap("input.secret.immutable", "time.now_ns() > 0"), "acme.rego:13: time.now_ns is not available", "input.now"},
		"a clock in disguise":             {swap("input.secret.immutable", `crypto.x509.parse_and_verify_certificates("")[0]`), "parse_and_verify_certificates is not available", "reads the clock"},
		"chance":                          {swap("input.secret.immutable", `rand.intn("x", 2) == 1`), "acme.rego:13: rand.intn is not available", "same"},
		"its own METADATA":                {swap("input.secret.immutable", "rego.metadata.rule().title"), "acme.rego:13: rego.metadata.rule is not available", "args"},
		"print":                           {swap("input.secret.immutable", "print(1)"), "acme.rego:13: print is not available", "policy test"},
		"trace":                           {swap("input.secret.immutable", `trace("x")`), "acme.rego:13: trace is not available", "policy test"},
		"an unknown function":             {swap("input.secret.immutable", "nonsense(1)"), "acme.rego:13: there is no function nonsense", "spelling"},
		"data that is not there":          {swap("input.secret.immutable", "data.inventory.x"), "acme.rego:13: there is no data.inventory.x", "data.config"},
		"a library that is not there":     {ours + "import data.custom.lib.words\nfinding contains {\"code\": \"ACME-01\"} if words.x", "acme.rego:14: there is no data.custom.lib.words", "spelling"},
		"an unused import":                {ours + "import data.storewarden.lib.words\n" + fires, "acme.rego:13: import data.storewarden.lib.words unused", "Remove"},
		"an unsafe variable":              {swap("input.secret.immutable", "x"), "acme.rego:13: var x is unsafe", ":="},
		"broken Rego":                     {ours + "finding contains", "acme.rego:13: ", "policy-language"},
		"no METADATA":                     {"package custom.rules.acme_01\n" + fires, "acme.rego:1: package custom.rules.acme_01 has no METADATA", "above the package line"},
		"no remedy":                       {swap("remedy", "remedi"), "acme.rego:1: METADATA of ACME-01: custom.remedy is missing", "remedy:"},
		"a misspelt key":                  {swap("#   symptom", "#   implys: [X-01]\n#   symptom"), "nothing reads custom.implys", "implies"},
		"a severity that is none":         {swap("severity: deny", "severity: fatal"), "custom.severity is missing or not of its form", "deny"},
		"a kind that is none":             {swap("[Secret]", "[Pod]"), "Pod is not a kind", "SecretSync"},
		"an operation that is none":       {swap("#   symptom", "#   operations: [upsert]\n#   symptom"), `"upsert" is not known`, "create"},
		"a basis that is none":            {swap("#   symptom", "#   basis: gossip\n#   symptom"), "gossip is not known", "peer"},
		"an implied code that is none":    {swap("#   symptom", "#   implies: [X-99]\n#   symptom"), "no other rule X-99", "explain"},
		"schemas of its own":              {swap("# custom:", "# schemas:\n# - input: {}\n# custom:"), "must not set schemas", "Remove"},
		"our package":                     {swap("custom.rules.acme_01", "storewarden.rules.acme_01"), "acme.rego:11: package storewarden.rules.acme_01 is not yours", "custom.rules"},
		"our library":                     {"package storewarden.lib.words\nfew(x) := x", "acme.rego:1: package storewarden.lib.words is not yours", "custom.lib"},
		"the root of all":                 {"package custom\nx := 1", "acme.rego:1: package custom is not yours", "custom.rules"},
		"our codes":                       {swap("acme_01", "kv_12"), "codes that begin with KV- belong to Storewarden", "prefix of your own"},
		"no code":                         {swap("acme_01", "acme"), "acme.rego:11: package custom.rules.acme does not end in a code", "acme_01"},
		"another's code":                  {swap(`"ACME-01"`, `"KV-12"`), "acme.rego:13: the result does not have the code of its package, ACME-01", `"code": "ACME-01"`},
		"no code in the result":           {swap(`"code": "ACME-01"`, `"field": "x"`), "does not have the code", "ACME-01"},
		"an unknown key":                  {swap(`"ACME-01"}`, `"ACME-01", "entri": 0}`), `a result has no key "entri"`, "entry"},
		"an unknown severity":             {swap(`"ACME-01"}`, `"ACME-01", "severity": "fatal"}`), `"fatal" is no severity`, "warn"},
		"an unknown variant":              {swap(`"ACME-01"}`, `"ACME-01", "variant": "x"}`), `no variant "x"`, "custom.variants"},
		"a result that is no object":      {swap(`{"code": "ACME-01"}`, `"ACME-01"`), "must be a set of objects", "finding contains"},
		"a result made elsewhere":         {swap(`{"code": "ACME-01"} if`, `f if f :=`), "must be a set of objects", "finding contains"},
		"a value in place of a set":       {swap("finding contains", "finding :="), "must be a set of objects", "finding contains"},
		"a set of another name":           {swap("finding contains", "findings contains"), "no set named finding", "finding contains"},
		"a placeholder without a value":   {swap("{object}", "{nonsense}"), "acme.rego:13: {nonsense} in the words of ACME-01 has no value", `"args"`},
		"a placeholder of an absent part": {swap("{object}", "{subject}"), "{subject} in the words of ACME-01", `Add "certificate"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := custom(t, map[string]string{"acme.rego": tc.rule})
			var ms engine.Mistakes
			if !errors.As(err, &ms) || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.next) {
				t.Errorf("got %v\nwant mistakes that say %q and %q", err, tc.want, tc.next)
			}
			for _, m := range ms {
				if m.File != "acme.rego" || m.Line == 0 || m.Next == "" || strings.Contains(m.Message, "__local") {
					t.Errorf("without a place or a next step: %#v", m)
				}
			}
		})
	}
}

// One run tells all that is wrong, sorted by place.
func TestCustomTellsAllMistakes(t *testing.T) {
	bad := strings.Replace(ours, "remedy", "remedi", 1)
	_, err := custom(t, map[string]string{
		"b.rego": bad + `finding contains {"code": "ACME-01"} if print(1)`,
		"a.rego": strings.Replace(ours, "acme_01", "x_01", 1) + `finding contains {"code": "X-01"} if true`,
	})
	var ms engine.Mistakes
	if !errors.As(err, &ms) {
		t.Fatal(err)
	}
	var got []string
	for _, m := range ms {
		got = append(got, fmt.Sprintf("%s:%d", m.File, m.Line))
	}
	if diff := cmp.Diff([]string{"a.rego:11", "a.rego:11", "b.rego:1", "b.rego:13"}, got); diff != "" {
		t.Errorf("%s%v", diff, err)
	}
}

// A user's rule is merged with ours, may use our library and its own, and judges
// the same as where it is asked by itself.
func TestCustomEvaluates(t *testing.T) {
	e, err := custom(t, map[string]string{
		"lib/names.rego":    "package custom.lib.names\n\nours(name) if startswith(name, \"plant-\")\n",
		"acme.rego":         ours + "import data.custom.lib.names\nimport data.storewarden.lib.words\n\nfinding contains {\"code\": \"ACME-01\", \"args\": {\"n\": words.counted(1, \"name\")}} if not names.ours(input.subject.name)",
		"acme_01_test.rego": "package is not even Rego",
	})
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := e.Rule("ACME-01"); !ok || !r.Custom || r.File != "acme.rego" {
		t.Fatalf("the rule is described as %+v", r)
	}
	for name, want := range map[string]int{"press": 1, "plant-press": 0} {
		doc := document()
		doc.Subject.Name = name
		for by, evaluate := range map[string]func(context.Context, *input.Document) ([]engine.Result, error){"merged": e.Evaluate, "original": e.Reference} {
			got, err := evaluate(t.Context(), doc)
			if err != nil || len(got) != want || (want == 1 && (got[0].Rule.Code != "ACME-01" || got[0].Args["n"] != "1 name")) {
				t.Errorf("%s, %s: %+v, %v", name, by, got, err)
			}
		}
	}
}

func TestCustomCodesAreUnique(t *testing.T) {
	rule := ours + `finding contains {"code": "ACME-01"} if input.secret.immutable`
	_, err := custom(t, map[string]string{"a.rego": rule, "b.rego": rule})
	if err == nil || !strings.Contains(err.Error(), "b.rego:11: ACME-01 is already the rule of a.rego") {
		t.Errorf("got %v", err)
	}
}

// BenchmarkCustom is what a number of a user's rules, each looking at every
// entry, adds to one evaluation of a Secret with four entries.
func BenchmarkCustom(b *testing.B) {
	for _, n := range []int{0, 10, 50, 100} {
		var own []engine.File
		for i := range n {
			name := fmt.Sprintf("acme_%03d", i)
			code := strings.ToUpper(strings.ReplaceAll(name, "_", "-"))
			own = append(own, engine.File{Name: name + ".rego", Text: []byte(strings.Replace(ours, "acme_01", name, 1) +
				fmt.Sprintf("finding contains {\"code\": %q, \"entry\": e.id} if {\n\tsome e in input.entries\n\te.stem == \"x%d\"\n}\n", code, i))})
		}
		e, err := engine.New(engine.Options{Config: input.DefaultConfig(), Custom: own}, policies.Files)
		if err != nil {
			b.Fatal(err)
		}
		doc := document()
		for i := range 4 {
			doc.Entries = append(doc.Entries, input.Entry{ID: i, State: input.Decoded, Key: "a.der", Stem: "a", Ext: ".der", UsedBy: []string{}, Misses: []string{},
				Object: input.Object{Unknown: []input.UnknownField{}}, Content: input.Content{Problems: []string{}}})
		}
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Evaluate(b.Context(), doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// OPA loads a schema from wherever its text says; a rule must not.
func TestCustomHasNoWayToTheNetwork(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		fmt.Fprint(w, `{}`)
	}))
	defer server.Close()
	e, err := custom(t, map[string]string{"acme.rego": ours + fmt.Sprintf(
		"finding contains {\"code\": \"ACME-01\"} if {\n\t[ok, _] := json.match_schema({}, {\"$ref\": %q})\n\tok\n}", server.URL+"/schema.json")})
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Evaluate(t.Context(), document())
	if err == nil || calls.Load() > 0 {
		t.Errorf("got %v and no error, after %d calls", got, calls.Load())
	}
}
