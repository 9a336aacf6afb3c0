package main

import (
	"maps"
	"slices"
	"testing"
)

// Take a rule away, and a test in its folder and a case go red. That each rule
// has a case is demanded beside the cases. "make mutants"
// does the same with every head and every expression.
func TestEveryRuleIsNeeded(t *testing.T) {
	b, err := newBench()
	if err != nil {
		t.Fatal(err)
	}
	all, err := worlds(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	es, err := switched(b.rules)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.rules) < 100 {
		t.Fatalf("only %d rules were found", len(b.rules))
	}
	for _, code := range slices.Sorted(maps.Keys(b.rules)) {
		t.Run(code, func(t *testing.T) {
			// As it is the rule's tests pass, or red would mean nothing.
			if test, valid, err := b.red(t.Context(), code, b.rules[code]); test != "" || !valid || err != nil {
				t.Fatalf("unchanged: %s fails; it compiles: %t, %v", test, valid, err)
			}
			test, valid, err := b.red(t.Context(), code, without(code, b.rules[code]).module)
			if err != nil {
				t.Fatal(err)
			}
			if test == "" || !valid {
				t.Errorf("without the rule no Rego test fails (it compiles: %t)", valid)
			}
			name, err := redWithout(t.Context(), es, all, code)
			if err != nil {
				t.Fatal(err)
			}
			if name == "" && slices.ContainsFunc(all, func(w world) bool { return w.names(code) }) {
				t.Error("cases list it, but without the rule none fails")
			}
			t.Logf("without it fail %s and the case %s", test, name)
		})
	}
}
