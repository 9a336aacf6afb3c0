package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// File is one file of a user's own rules, by the name that errors show.
type File struct {
	Name string
	Text []byte
}

// IsTest tells a file of tests from one of rules.
func (f File) IsTest() bool { return strings.HasSuffix(f.Name, testSuffix) }

const (
	testSuffix  = "_test.rego"
	customRules = "data.custom.rules."
	customLib   = "data.custom.lib."
)

// CustomRoot puts a user's rules under the same schemas as ours, and unites
// both for Reference. It is not left to the user's files: without it a misspelt field would
// compile, and the rule never fire.
const CustomRoot = `# METADATA
# scope: subpackages
# schemas:
# - input: schema.input
# - data.config: schema.config
package custom

finding contains f if some f in data.storewarden.finding

finding contains f if some f in data.custom.rules[_].finding
`

// ownPrefixes are the first parts of codes that belong to Storewarden, those of
// rules to come among them.
var ownPrefixes = []string{"A", "CL", "CM", "CT", "DEV", "K", "KV", "S", "SEC", "SPC", "SS", "SW", "U", "X"}

// customName is the last part of a rule's package: acme_01.
var customName = regexp.MustCompile(`^[a-z][a-z0-9]{0,15}_[0-9]{2,4}$`)

// addCustom parses a user's files into the modules and describes their rules.
func (e *Engine) addCustom(modules map[string]*ast.Module, files []File) error {
	root, err := Parse("custom", []byte(CustomRoot))
	if err != nil {
		return fmt.Errorf("custom rules: %w", err)
	}
	modules["custom"] = root
	var ms Mistakes
	own := map[string]*ast.Module{}
	for _, f := range files {
		if f.IsTest() {
			continue
		}
		m, err := Parse(f.Name, f.Text)
		if err != nil {
			faults, _ := MistakesOf(err)
			ms = append(ms, faults...)
			continue
		}
		own["custom/"+f.Name] = m
	}
	for _, name := range sorted(own) {
		modules[name] = own[name]
		ms = append(ms, placed(own[name])...)
		ms = append(ms, calls(own[name])...)
	}
	ms = append(ms, e.describe(own)...)
	for _, name := range sorted(own) {
		ms = append(ms, e.answers(own[name])...)
	}
	return ms.tidy()
}

// placed demands a package of the user's own, and a code that is not and will
// not be one of ours.
func placed(m *ast.Module) (ms Mistakes) {
	path, at := m.Package.Path.String(), m.Package.Location
	bad := func(message, next string) {
		ms = append(ms, Mistake{File: at.File, Line: at.Row, Message: message, Next: next})
	}
	name, isRule := strings.CutPrefix(path, customRules)
	lib, isLib := strings.CutPrefix(path, customLib)
	prefix, _, _ := strings.Cut(strings.ToUpper(name), "_")
	switch {
	case isLib && lib != "":
	case !isRule:
		bad(fmt.Sprintf("package %s is not yours to write in", packageOf(m)),
			"Rules are in package custom.rules.<code>, such as custom.rules.acme_01; what they share is in package custom.lib.<name>")
	case !customName.MatchString(name):
		bad(fmt.Sprintf("package %s does not end in a code", packageOf(m)),
			"Use a prefix of your own and a number of two to four digits, such as custom.rules.acme_01 for the code ACME-01")
	case slices.Contains(ownPrefixes, prefix):
		bad(fmt.Sprintf("codes that begin with %s- belong to Storewarden", prefix), "Use a prefix of your own, such as custom.rules.acme_01 for the code ACME-01")
	}
	for _, a := range m.Annotations {
		if len(a.Schemas) > 0 {
			ms = append(ms, Mistake{File: at.File, Line: a.Location.Row, Message: "METADATA must not set schemas", Next: "Remove them: the schemas of input and data.config hold already"})
		}
	}
	return ms
}

// calls finds the forbidden builtin that the compiler drops without a word.
func calls(m *ast.Module) (ms Mistakes) {
	ast.WalkExprs(m, func(x *ast.Expr) bool {
		if x.IsCall() && x.Operator().String() == ast.Print.Name {
			ms = append(ms, Mistake{File: x.Location.File, Line: x.Location.Row, Message: "print is not available to rules", Next: insteadOf("print")})
		}
		return false
	})
	return ms
}

// unknownReferences finds what a user's rules read of data that is not there: it
// would be undefined, and the rule never fire.
func unknownReferences(c *ast.Compiler) error {
	known := []ast.Ref{ast.MustParseRef("data.config")}
	for _, m := range c.Modules {
		for _, r := range m.Rules {
			known = append(known, r.Ref().GroundPrefix())
		}
	}
	var ms Mistakes
	for _, m := range c.Modules {
		if !strings.HasPrefix(m.Package.Path.String(), "data.custom.") {
			continue
		}
		ast.WalkRefs(m, func(r ast.Ref) bool {
			ground := r.GroundPrefix()
			exists := func(k ast.Ref) bool { return k.HasPrefix(ground) || ground.HasPrefix(k) }
			if r.HasPrefix(ast.DefaultRootRef) && !r.Equal(m.Package.Path) && !slices.ContainsFunc(known, exists) {
				ms = append(ms, Mistake{File: r[0].Location.File, Line: r[0].Location.Row, Message: "there is no " + ground.String(),
					Next: "Check its spelling; rules read input, data.config, data.storewarden.lib and what stands in custom.lib"})
			}
			return false
		})
	}
	return ms.tidy()
}
