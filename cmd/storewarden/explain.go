package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/pages"
)

type explainFlags struct {
	policies            []string
	symptom, object, by string
	output              string
}

func newExplain() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Say what a finding means and how to fix it; without a code, list all",
		Long: `Every code of the catalogue of misconfigurations: what is wrong, why it breaks,
how it looks when it slips through, what to do, and how to silence it properly.
What no rule can see has a page too, with the reason and the place to look.`,
		Example: `  storewarden explain
  storewarden explain KV-12
  storewarden explain --symptom BadCertificateUntrusted
  storewarden explain --object SecretSync
  storewarden explain --by symptom
  storewarden explain X-13 -o json
  storewarden explain ACME-01 --policy ./policies`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runExplain(cmd.OutOrStdout(), args, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.symptom, "symptom", "", "list what looks like that: a status code or words of a message")
	fl.StringVar(&f.object, "object", "", "list what is about one kind: SecretProviderClass, SecretSync, Secret, Device, ConnectorTemplate or Certificate")
	fl.StringVar(&f.by, "by", "code", "how to list: by code, symptom or object")
	fl.StringVarP(&f.output, "output", "o", "text", "text or json")
	fl.StringSliceVar(&f.policies, "policy", nil, "folder with rules of your own (repeatable)")
	return cmd
}

func runExplain(w io.Writer, args []string, f explainFlags) error {
	switch {
	case f.output != "text" && f.output != "json":
		return fmt.Errorf("--output: %q is none of text, json", f.output)
	case !slices.Contains([]string{"code", "symptom", "object"}, f.by):
		return fmt.Errorf("--by: %q is none of code, symptom, object", f.by)
	case len(args) > 0 && (f.symptom != "" || f.object != "" || f.by != "code"):
		return errors.New("explain: give a code, or what to list by, not both")
	}
	c := config.Default()
	c.Policies = f.policies
	e, err := readEngine(c)
	if err != nil {
		return err
	}
	book, err := pages.New(e.Rules())
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return listPages(w, book, f)
	}
	page, ok := book.Get(args[0])
	if !ok {
		return fmt.Errorf("explain: there is no code %s; \"storewarden explain\" lists them, and --policy adds your own", args[0])
	}
	if f.output == "json" {
		return asJSON(w, page)
	}
	_, err = io.WriteString(w, explained(page))
	return err
}

// listPages writes the pages that the flags ask for, one on a line.
func listPages(w io.Writer, book pages.Book, f explainFlags) error {
	found := book.All()
	if f.symptom != "" {
		found = book.WithSymptom(f.symptom)
	}
	if f.object != "" {
		kind := book.OnObject(f.object)
		if len(kind) == 0 {
			return fmt.Errorf("--object: nothing is about %q; the kinds are %s", f.object, strings.Join(book.Objects(), ", "))
		}
		found = slices.DeleteFunc(slices.Clone(found), func(p pages.Page) bool {
			return !slices.ContainsFunc(kind, func(k pages.Page) bool { return k.Code == p.Code })
		})
	}
	if len(found) == 0 {
		return fmt.Errorf("explain: nothing looks like %q; \"storewarden explain --by symptom\" lists what programs print", f.symptom)
	}
	if f.output == "json" {
		return asJSON(w, found)
	}
	var b strings.Builder
	switch f.by {
	case "symptom":
		symptoms := book.Symptoms()
		for _, s := range slices.Sorted(maps.Keys(symptoms)) {
			group(&b, s, found, symptoms[s])
		}
	case "object":
		for _, kind := range book.Objects() {
			group(&b, kind, found, book.OnObject(kind))
		}
	default:
		codeLines(&b, found, "")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// group writes those of found that stand under a heading.
func group(b *strings.Builder, heading string, found, under []pages.Page) {
	under = slices.DeleteFunc(slices.Clone(under), func(p pages.Page) bool {
		return !slices.ContainsFunc(found, func(q pages.Page) bool { return q.Code == p.Code })
	})
	if len(under) > 0 {
		fmt.Fprintf(b, "%s\n", heading)
		codeLines(b, under, "  ")
	}
}

func codeLines(b *strings.Builder, all []pages.Page, indent string) {
	for _, p := range all {
		fmt.Fprintf(b, "%s%-7s  %-10s  %s\n", indent, p.Code, p.Brief(), p.Title)
	}
}

func asJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// explained is a page as it stands in a terminal.
func explained(p pages.Page) string {
	var b strings.Builder
	section := func(title, text string) {
		if text != "" {
			fmt.Fprintf(&b, "\n%s\n%s\n", title, wrap(text, "  "))
		}
	}
	fmt.Fprintf(&b, "%s  %s\n\n%s\n\n", p.Code, p.Title, wrap(p.Why, ""))
	if p.Unseen == "" {
		fmt.Fprintf(&b, "Severity   observe %s, standard %s, strict %s\n", p.Severity[engine.Observe], p.Severity[engine.Standard], p.Severity[engine.Strict])
		fmt.Fprintf(&b, "Judged on  %s\n", strings.Join(p.Objects, ", "))
	} else {
		fmt.Fprintf(&b, "Concerns   %s\n", strings.Join(p.Objects, ", "))
	}
	section("Why no rule sees it", p.Unseen)
	section("If it slips through", p.Looks)
	section("What to do", pages.Template(p.Fix))
	for _, name := range slices.Sorted(maps.Keys(p.Cases)) {
		section("What to do ("+name+")", pages.Template(p.Cases[name]))
	}
	if p.Autofix != "" {
		section("Added by webhook.autofix, where it is certain", p.Autofix)
	}
	section("Also known as", strings.Join(p.Covers, ", "))
	section("Says it all for the same entry, so these are not shown beside it", strings.Join(p.Hides, ", "))
	section("Not shown beside", strings.Join(p.HiddenBy, ", "))
	if silence := p.Silence(); silence != "" {
		b.WriteString("\nTo silence it properly, in the configuration\n  " + strings.ReplaceAll(strings.TrimSpace(silence), "\n", "\n  ") + "\n")
	}
	b.WriteString("\nSources\n")
	for _, s := range p.Sources {
		b.WriteString(wrap(s, "  ") + "\n")
	}
	return b.String()
}

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
