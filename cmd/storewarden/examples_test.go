package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// ofShell ends a command in a line of shell.
var ofShell = regexp.MustCompile("\\|\\||&&|[|;>&`]")

// commandLines are the commands of ours in a text: a script, a page, a help text.
func commandLines(text string) [][]string {
	var out [][]string
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		for _, part := range ofShell.Split(line, -1) {
			words := strings.Fields(part)
			if len(words) > 1 && words[0] == "storewarden" {
				for i, w := range words {
					words[i] = strings.Trim(w, `"'`)
				}
				out = append(out, words[1:])
			}
		}
	}
	return out
}

// accept has the real commands parse a line, and check it as far as can be done
// without running it.
func accept(words []string) error {
	cmd, rest, err := newRoot().Find(words)
	if err != nil {
		return err
	}
	if cmd.RunE == nil {
		return fmt.Errorf("%s does nothing by itself", cmd.CommandPath())
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// scalars are all texts in a YAML node.
func scalars(n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, c := range n.Content {
		out = append(out, scalars(c)...)
	}
	return out
}

func readYAML(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for dec := yaml.NewDecoder(f); ; {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, scalars(&doc)...)
	}
}

// TestPipelineExamples holds every command of the pipeline examples to the real
// command line.
func TestPipelineExamples(t *testing.T) {
	files, err := filepath.Glob("../../test/example/ci/*.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("there are %d examples, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var lines [][]string
			for _, text := range readYAML(t, path) {
				lines = append(lines, commandLines(text)...)
			}
			if filepath.Base(path) == "pre-commit-config.yaml" {
				lines = hookLines(t, path)
			}
			if len(lines) == 0 {
				t.Error("no command of ours is in it")
			}
			for _, words := range lines {
				if err := accept(words); err != nil {
					t.Errorf("storewarden %s: %v", strings.Join(words, " "), err)
				}
			}
		})
	}
}

type hook struct {
	ID, Entry, Language string
	Args                []string
	PassFilenames       *bool `yaml:"pass_filenames"`
}

// hookLines are the commands that pre-commit runs: by default, and with the
// arguments of the example.
func hookLines(t *testing.T, example string) [][]string {
	t.Helper()
	var hooks []hook
	var config struct{ Repos []struct{ Hooks []hook } }
	for path, into := range map[string]any{"../../.pre-commit-hooks.yaml": &hooks, example: &config} {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(raw, into); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	var out [][]string
	for _, h := range hooks {
		if h.PassFilenames == nil || *h.PassFilenames || h.Language != "golang" || !strings.HasPrefix(h.Entry, "storewarden ") {
			t.Errorf("the hook %+v would not run as it must", h)
		}
		out = append(out, append(strings.Fields(h.Entry)[1:], h.Args...))
	}
	for _, r := range config.Repos {
		for _, used := range r.Hooks {
			i := slices.IndexFunc(hooks, func(h hook) bool { return h.ID == used.ID })
			if i < 0 {
				t.Fatalf("there is no hook %s", used.ID)
			}
			out = append(out, append(strings.Fields(hooks[i].Entry)[1:], used.Args...))
		}
	}
	return out
}

// TestHelpAndReadme holds the examples of every command's help, and of the
// README, to the real command line too.
func TestHelpAndReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"README.md": ""}
	for i, part := range strings.Split(string(readme), "```") {
		if i%2 == 1 { // a block of code
			texts["README.md"] += part
		}
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		texts[c.CommandPath()] = c.Example
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
	seen := 0
	for name, text := range texts {
		for _, words := range commandLines(text) {
			seen++
			if err := accept(words); err != nil {
				t.Errorf("%s: storewarden %s: %v", name, strings.Join(words, " "), err)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d commands were found", seen)
	}
}

// What is wrong in an example is seen.
func TestAcceptRefuses(t *testing.T) {
	for _, line := range []string{"audit", "audit . -o sarrif", "audit . --fail-on later", "audit . --base x", "adit .", "config"} {
		if accept(strings.Fields(line)) == nil {
			t.Errorf("%q is accepted", line)
		}
	}
}
