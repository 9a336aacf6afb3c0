package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/engine"
)

func newExplain() *cobra.Command {
	var policies []string
	cmd := &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Say what a finding means and how to fix it; without a code, list all",
		Example: `  storewarden explain
  storewarden explain KV-12
  storewarden explain ACME-01 --policy ./policies`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c := config.Default()
			c.Policies = policies
			e, err := readEngine(c)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return listRules(cmd.OutOrStdout(), e)
			}
			r, ok := ruleFor(e, strings.ToUpper(args[0]))
			if !ok {
				return fmt.Errorf("explain: there is no rule %s; \"storewarden explain\" lists them, and --policy adds your own", args[0])
			}
			return explain(cmd.OutOrStdout(), e, r)
		},
	}
	cmd.Flags().StringSliceVar(&policies, "policy", nil, "folder with rules of your own (repeatable)")
	return cmd
}

// ruleFor finds the rule of a code, or the one that covers it.
func ruleFor(e *engine.Engine, code string) (*engine.Rule, bool) {
	if r, ok := e.Rule(code); ok {
		return r, true
	}
	for _, r := range e.Rules() {
		if slices.Contains(r.Covers, code) {
			return r, true
		}
	}
	return nil, false
}

func listRules(w io.Writer, e *engine.Engine) error {
	for _, r := range e.Rules() {
		if _, err := fmt.Fprintf(w, "%-7s  %-4s  %s\n", r.Code, r.Severity[engine.Standard], r.Title); err != nil {
			return err
		}
	}
	return nil
}

func explain(w io.Writer, e *engine.Engine, r *engine.Rule) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n\n", r.Code, r.Title)
	b.WriteString(wrap(r.Description, "") + "\n\n")
	fmt.Fprintf(&b, "Severity   observe %s, standard %s, strict %s\n", r.Severity[engine.Observe], r.Severity[engine.Standard], r.Severity[engine.Strict])
	fmt.Fprintf(&b, "Judged on  %s\n", strings.Join(r.Subjects, ", "))
	b.WriteString("\nIf it slips through\n" + wrap(r.Symptom, "  ") + "\n")
	b.WriteString("\nWhat to do\n" + wrap(angled(r.Remedy), "  ") + "\n")
	for _, name := range slices.Sorted(maps.Keys(r.Variants)) {
		if v := r.Variants[name]; v.Remedy != "" {
			fmt.Fprintf(&b, "\nWhat to do (%s)\n%s\n", name, wrap(angled(v.Remedy), "  "))
		}
	}
	if len(r.Covers) > 0 {
		b.WriteString("\nAlso known as\n" + wrap(strings.Join(r.Covers, ", "), "  ") + "\n")
	}
	if len(r.Implies) > 0 {
		b.WriteString("\nSays it all for the same entry, so these are not shown beside it\n" + wrap(strings.Join(r.Implies, ", "), "  ") + "\n")
	}
	var by []string
	for _, other := range e.Rules() {
		for _, code := range other.Implies {
			if code == r.Code {
				by = append(by, other.Code)
			}
		}
	}
	if len(by) > 0 {
		b.WriteString("\nNot shown beside\n" + wrap(strings.Join(by, ", "), "  ") + "\n")
	}
	b.WriteString("\nSources\n")
	for _, s := range r.Sources {
		b.WriteString(wrap(s, "  ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// angled shows placeholders as a person expects them in a template.
func angled(s string) string { return strings.NewReplacer("{", "<", "}", ">").Replace(s) }

// wrap breaks text at 78 columns; a command keeps to its words.
func wrap(text, indent string) string {
	const width = 78
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			b.WriteString(indent)
			column = len(indent)
		case column+1+len(word) > width:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
