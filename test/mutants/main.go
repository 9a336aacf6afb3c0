// Mutants takes every rule and every library apart and demands that a test notices: each head that
// never holds, each expression left out or turned into its opposite. A mutant
// is killed by a Rego test in the rule's folder (for a library by any), or else by a case of test/cases
// in which an engine rebuilt with it gives other findings. It exits with 1 if
// one survives that survivors.go does not argue, or if an argument has lost its
// mutant. It changes no file.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

func main() {
	only := os.Args[1:] // codes and libraries, such as KV-12 lib/names; none is all
	if err := run(context.Background(), os.Stdout, only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fate is what became of a mutant.
type fate struct {
	mutant
	invalid  bool // no policy at all: the compiler refuses it
	by       string
	argument string
}

func (f fate) survived() bool { return !f.invalid && f.by == "" && f.argument == "" }

func run(ctx context.Context, out io.Writer, only []string) error {
	b, err := newBench()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	all, err := worlds(folder)
	if err != nil {
		return err
	}
	var fates []fate
	subjects := maps.Clone(b.rules)
	maps.Copy(subjects, b.libs)
	for _, code := range slices.Sorted(maps.Keys(subjects)) {
		if len(only) > 0 && !slices.Contains(only, code) {
			continue
		}
		for _, m := range mutants(code, subjects[code]) {
			f, err := meet(ctx, b, all, m)
			if err != nil {
				return fmt.Errorf("%s: %w", m, err)
			}
			fates = append(fates, f)
		}
	}
	table(out, fates)
	return judge(fates, len(only) == 0)
}

// meet exposes a mutant to the tests, the cheap ones first.
func meet(ctx context.Context, b *bench, all []world, m mutant) (fate, error) {
	test, valid, err := b.red(ctx, m.code, m.module)
	switch f := (fate{mutant: m, invalid: !valid, by: "Rego"}); {
	case err != nil || !valid:
		return f, err
	case test != "":
		return f, nil
	}
	f := fate{mutant: m, argument: argued[m.id()]}
	if f.argument != "" {
		return f, nil
	}
	red, err := redCase(ctx, all, m.code, m.module)
	if err != nil {
		// Only a rule that is refused where schemas are known, or for an import
		// that is no longer used, comes here.
		f.invalid = true
		return f, nil
	}
	if red != "" {
		f.by = "case"
	}
	return f, nil
}

func table(out io.Writer, fates []fate) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "change\tmutants\tno policy\tkilled by Rego\tby a case\targued\tsurvived\t")
	kinds := []string{"body", "branch", "removed", "negated"}
	for _, kind := range append(kinds, "all") {
		var n [6]int
		for _, f := range fates {
			if kind != "all" && f.kind != kind {
				continue
			}
			n[0]++
			switch {
			case f.invalid:
				n[1]++
			case f.argument != "":
				n[4]++
			case f.by == "Rego":
				n[2]++
			case f.by == "case":
				n[3]++
			default:
				n[5]++
			}
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", kind, n[0], n[1], n[2], n[3], n[4], n[5])
	}
	_ = w.Flush()
}

// judge is the error of a survivor, and of an argument that nothing needs.
func judge(fates []fate, whole bool) error {
	var errs []error
	used := map[string]bool{}
	for _, f := range fates {
		if f.survived() {
			errs = append(errs, fmt.Errorf("no test notices %s", f.mutant))
		}
		if f.argument != "" {
			used[f.id()] = true
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	for _, id := range slices.Sorted(maps.Keys(argued)) {
		if whole && !used[id] {
			errs = append(errs, fmt.Errorf("survivors.go argues for what is killed or not there: %s", strings.TrimSpace(id)))
		}
	}
	return errors.Join(errs...)
}
