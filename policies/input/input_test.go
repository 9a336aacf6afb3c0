package input_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/storewarden/storewarden/policies/input"
)

var update = flag.Bool("update", false, "write the schemas anew")

func TestSchemasAreMadeFromTheTypes(t *testing.T) {
	for name, schema := range map[string]map[string]any{"input.json": input.Schema(), "config.json": input.ConfigSchema()} {
		want, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		path := filepath.Join("..", "schema", name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("schema/%s has drifted from the Go types: go test ./policies/input -update", name)
		}
	}
}

// The direct encoding must mean the same as the JSON that the tags promise.
func TestTermEqualsJSON(t *testing.T) {
	doc := input.Document{
		Operation: "create", Now: 1 << 40, VaultAsked: true,
		Subject: input.Subject{Kind: "Secret", Name: "ä\"\n"},
		Keys:    []input.Key{{Readable: true}},
		Entries: []input.Entry{{ID: 7, State: input.Decoded, UsedBy: []string{"a", "b"},
			Object:  input.Object{History: -3, Unknown: []input.UnknownField{{Name: "x"}}},
			Content: input.Content{Size: 1 << 20}}},
		Certificates: []input.Certificate{{NotBefore: -1, NotAfter: 1 << 60}},
		SPC:          input.ProviderClass{Modes: []input.Mode{{On: true}}},
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.ReplaceAll(raw, []byte("null"), []byte("[]")) // to a rule, no list is an empty one
	want, err := ast.ValueFromReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got := input.Term(&doc).Value; got.Compare(want) != 0 {
		t.Errorf("Term and JSON disagree:\n%v\n%v", got, want)
	}
}
