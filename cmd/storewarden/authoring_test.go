package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/storewarden/storewarden/test/scene"
)

// block is a fenced block of Markdown: its language, what follows that, its text.
var block = regexp.MustCompile("(?ms)^```(\\w+) ?(\\S*)\n(.*?)^```$")

// The page that walks through writing a rule is true: its files are written, its
// commands run in order, and each prints the lines that the page shows.
func TestAuthoringPage(t *testing.T) {
	page, err := os.ReadFile("../../policies/AUTHORING.md")
	if err != nil {
		t.Fatal(err)
	}
	var script, files strings.Builder
	commands, written := 0, 0
	for _, b := range block.FindAllStringSubmatch(string(page), -1) {
		language, name, text := b[1], b[2], b[3]
		switch language {
		case "rego":
			written++
			stored := fmt.Sprintf("file-%d", written)
			fmt.Fprintf(&files, "-- %s --\n%s", stored, text)
			fmt.Fprintf(&script, "mkdir %s\ncp %s %s\n", filepath.Dir(name), stored, name)
		case "console":
			for _, run := range strings.Split(text, "$ ")[1:] {
				commands++
				script.WriteString(asScript(run))
			}
		default:
			t.Errorf("a block of %s is not checked", language)
		}
	}
	if commands < 5 || written < 3 {
		t.Fatalf("%d commands and %d files were found", commands, written)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "authoring.txtar"), []byte(script.String()+files.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: dir, RequireExplicitExec: true, Setup: func(env *testscript.Env) error {
		gitops := filepath.Join(env.WorkDir, "gitops")
		if err := os.Mkdir(gitops, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(gitops, "plant.yaml"), []byte(scene.Good()), 0o600)
	}})
}

// asScript makes a script of a command and the lines that it must print; a last
// line "exit 1" is its exit code.
func asScript(run string) string {
	command, printed, _ := strings.Cut(run, "\n")
	printed, fails := strings.CutSuffix(strings.TrimSpace(printed), "exit 1")
	out := "exec " + command + "\n"
	if fails {
		out = "! " + out
	}
	for line := range strings.Lines(printed) {
		if line = strings.TrimSpace(line); line != "" {
			out += "stdout '" + strings.ReplaceAll(regexp.QuoteMeta(line), "'", "''") + "'\n"
		}
	}
	return out
}
