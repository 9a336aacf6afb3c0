package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/custom"
	"github.com/storewarden/storewarden/policies/engine"
)

func newPolicy() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Write rules of your own: begin one, check it, test it",
		Long: `Rules of your own are Rego files in a folder, or in a ConfigMap that is mounted as
one. They see the same document as Storewarden's own, under the same schema: a
misspelt field is an error and not a rule that never fires. The page
policies/AUTHORING.md writes one from nothing.

A rule is in use where its folder is named: in the configuration under
"policies", which the webhook follows without a restart, or with
"storewarden audit --policy DIR".`,
	}
	cmd.AddCommand(newPolicyNew(), newPolicyCheck(), newPolicyTest())
	return cmd
}

func newPolicyCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check DIR...",
		Short: "Compile rules and their tests, and say what is wrong with them",
		Long: `Check names every mistake with file, line and the next step: broken Rego, a
misspelt field, what rules may not do (network, clock, chance), METADATA that is
incomplete, a code or package that is not yours, words without a value.

Exit code: 0 all is well, 1 mistakes, 2 nothing could be checked, or bad usage.`,
		Example: "  storewarden policy check ./policies",
		Args:    folders,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			opt, err := testOptions(dirs)
			if err != nil {
				return err
			}
			e, err := custom.Check(opt)
			if err != nil {
				return sayMistakes(cmd.OutOrStdout(), err)
			}
			var codes []string
			for _, r := range e.Rules() {
				if r.Custom {
					codes = append(codes, r.Code)
				}
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", counted(len(codes), "rule", "in order"), strings.Join(codes, ", "))
			return err
		},
	}
}

func newPolicyTest() *cobra.Command {
	var verbose, cover bool
	var only string
	cmd := &cobra.Command{
		Use:   "test DIR...",
		Short: "Run the tests that stand beside rules",
		Long: `Test runs every rule whose name begins with test_ in files *_test.rego. Tests make
their documents with data.storewarden.fixture, which refuses a field that does
not exist.

Exit code: 0 all passed, 1 a test failed or something does not compile, 2 there
was nothing to run, or bad usage.`,
		Example: `  storewarden policy test ./policies
  storewarden policy test ./policies --coverage --run acme_01`,
		Args: folders,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			opt, err := testOptions(dirs)
			if err != nil {
				return err
			}
			opt.Cover = cover
			if opt.Run, err = regexp.Compile(only); err != nil {
				return fmt.Errorf("policy test: --run: %w", err)
			}
			report, err := custom.Test(cmd.Context(), opt)
			if err != nil {
				return sayMistakes(cmd.OutOrStdout(), err)
			}
			if len(report.Tests) == 0 {
				return errors.New(`policy test: no test was found; write one in a file *_test.rego whose name begins with test_, or see --run`)
			}
			if err := printTests(cmd.OutOrStdout(), report, verbose); err != nil {
				return err
			}
			if !report.OK() {
				return exit(exitFindings)
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "name every test")
	cmd.Flags().BoolVar(&cover, "coverage", false, "say which lines no test reaches")
	cmd.Flags().StringVar(&only, "run", "", "run only tests whose package.name matches this regular expression")
	return cmd
}

func folders(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("name a folder with rules; see %q", cmd.CommandPath()+" --help")
	}
	return nil
}

func testOptions(dirs []string) (custom.TestOptions, error) {
	files, err := custom.Read(dirs...)
	if err == nil && !slices.ContainsFunc(files, func(f engine.File) bool { return !f.IsTest() }) {
		err = fmt.Errorf(`there is no rule under %s; "storewarden policy new ACME-01 %s" begins one`, strings.Join(dirs, ", "), dirs[0])
	}
	return custom.TestOptions{Config: config.Default().Rules(), Rules: policies.Files, Files: files}, err
}

// sayMistakes prints what an author has to mend; any other error stays one.
func sayMistakes(w io.Writer, err error) error {
	var ms engine.Mistakes
	if !errors.As(err, &ms) {
		return err
	}
	for _, m := range ms {
		if _, err := fmt.Fprintln(w, m); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(w, counted(len(ms), "mistake", "")); err != nil {
		return err
	}
	return exit(exitFindings)
}

func counted(n int, noun, rest string) string {
	if n != 1 {
		noun += "s"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", n, noun, rest))
}

// printTests tells each file's outcome, then what failed, then the coverage.
func printTests(w io.Writer, report custom.Report, verbose bool) error {
	var b strings.Builder
	for i := 0; i < len(report.Tests); {
		file := report.Tests[i].File
		counts := map[custom.Outcome]int{}
		for ; i < len(report.Tests) && report.Tests[i].File == file; i++ {
			t := report.Tests[i]
			counts[t.Outcome]++
			if verbose || t.Detail != "" {
				fmt.Fprintf(&b, "%-5s %s\n", t.Outcome, t.Name)
			}
			if t.Detail != "" {
				b.WriteString("      " + strings.ReplaceAll(t.Detail, "\n", "\n      ") + "\n")
			}
		}
		fmt.Fprintf(&b, "%s  %s\n", file, tally(counts))
	}
	for _, c := range report.Coverage {
		fmt.Fprintf(&b, "%s  %.1f %% covered", c.File, c.Percent)
		if len(c.Missing) > 0 {
			lines := make([]string, len(c.Missing))
			for i, n := range c.Missing {
				lines[i] = strconv.Itoa(n)
			}
			fmt.Fprintf(&b, "; no test reaches line %s", strings.Join(lines, ", "))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func tally(counts map[custom.Outcome]int) string {
	var parts []string
	for _, o := range []struct {
		is   custom.Outcome
		said string
	}{{custom.Passed, "passed"}, {custom.Failed, "failed"}, {custom.Broken, "could not be evaluated"}, {custom.Skipped, "skipped"}} {
		if n := counts[o.is]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o.said))
		}
	}
	return strings.Join(parts, ", ")
}
