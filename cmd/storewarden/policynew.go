package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/engine"
)

func newPolicyNew() *cobra.Command {
	return &cobra.Command{
		Use:     "new CODE DIR",
		Short:   "Begin a rule: two files that pass, to be changed into yours",
		Example: "  storewarden policy new ACME-02 ./policies",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			code, dir := strings.ToUpper(args[0]), args[1]
			if !regexp.MustCompile(`^[A-Z][A-Z0-9]*-[0-9]{2,4}$`).MatchString(code) {
				return fmt.Errorf("policy new: %q is not a code such as ACME-02", args[0])
			}
			name := strings.ToLower(strings.ReplaceAll(code, "-", "_"))
			fill := strings.NewReplacer("CODE", code, "NAME", name)
			folder := filepath.Join(dir, name)
			// What a new rule must not be called is said before it is written.
			first := engine.File{Name: filepath.ToSlash(filepath.Join(folder, name+".rego")), Text: []byte(fill.Replace(newRule))}
			if _, err := newEngine(config.Default(), []engine.File{first}); err != nil {
				return sayMistakes(cmd.OutOrStdout(), err)
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("policy new: %w", err)
			}
			if err := os.Mkdir(folder, 0o755); err != nil { // never over what is there
				return fmt.Errorf("policy new: %w", err)
			}
			for _, f := range []struct{ suffix, text string }{{".rego", newRule}, {"_test.rego", newTest}} {
				path := filepath.Join(folder, name+f.suffix)
				if err := os.WriteFile(path, []byte(fill.Replace(f.text)), 0o644); err != nil {
					return fmt.Errorf("policy new: %w", err)
				}
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "Next: storewarden policy test %s\n", dir)
			return err
		},
	}
}

const newRule = `# METADATA
# title: A key of the trust list has no prefix of our plant
# description: |
#   Say what is wrong, and why it matters to you.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "{key} does not begin with plant-"
#   remedy: "Rename {key} to plant-{key}"
#   symptom: Say how it looks when it slips through.
#   sources: ["Name the standard or the agreement behind it"]
package custom.rules.NAME

finding contains {"code": "CODE", "entry": e.id} if {
	input.store.role == "opcua-trust"
	some e in input.entries
	not startswith(e.key, "plant-")
}
`

const newTest = `package custom.rules.NAME_test

import data.custom.rules.NAME
import data.storewarden.fixture

trust_list(key) := fixture.document({
	"store": {"role": "opcua-trust"},
	"entries": [fixture.entry({"key": key})],
})

test_fires_without_the_prefix if {
	NAME.finding == {{"code": "CODE", "entry": 0}} with input as trust_list("press-1.der")
}

test_silent_with_the_prefix if {
	count(NAME.finding) == 0 with input as trust_list("plant-press-1.der")
}
`
