package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/test/certtest"
)

// TestEveryRuleIsValidSARIF takes the real rules through the schema: their words
// are written by many hands.
func TestEveryRuleIsValidSARIF(t *testing.T) {
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetArgs([]string{"audit", "../../test/example/gitops", "--vault", "dir:../../test/example/vault", "-o", "sarif",
		"--now", certtest.Epoch().Format("2006-01-02T15:04:05Z07:00")})
	var code exit
	if err := root.ExecuteContext(t.Context()); !errors.As(err, &code) || code != exitFindings {
		t.Fatalf("the audit ended with %v", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(filepath.Join("..", "internal", "report", "testdata", "sarif-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
	e, err := newEngine(config.Default(), nil)
	if err != nil {
		t.Fatal(err)
	}
	driver := doc.(map[string]any)["runs"].([]any)[0].(map[string]any)["tool"].(map[string]any)["driver"].(map[string]any)
	if rules := driver["rules"].([]any); len(rules) != len(e.Rules()) {
		t.Errorf("%d rules are described, there are %d", len(rules), len(e.Rules()))
	}
}
