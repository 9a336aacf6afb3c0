package main

import (
	"bufio"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// words are the first cells of the table under a heading of LOGS.md.
func words(t *testing.T, heading string) []string {
	t.Helper()
	raw, err := os.ReadFile("../../manifests/observability/LOGS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(raw), "## "+heading+"\n")
	if !ok {
		t.Fatalf("LOGS.md has no section %s", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var out []string
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if word := strings.Trim(strings.TrimSpace(cells[min(1, len(cells)-1)]), "`"); len(cells) > 2 && word != "Key" && word != "Message" && !strings.HasPrefix(word, "---") {
			out = append(out, word)
		}
	}
	return out
}

// checkLog holds a process's log to the vocabulary.
func checkLog(t *testing.T, log string) (seen []string) {
	t.Helper()
	keys, messages := words(t, "Keys"), words(t, "Messages")
	lines := bufio.NewScanner(strings.NewReader(log))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line map[string]any
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Errorf("a line is no JSON: %s", lines.Text())
			continue
		}
		for key := range line {
			if !slices.Contains(keys, key) {
				t.Errorf("the key %s is not in LOGS.md: %s", key, lines.Text())
			}
		}
		message, _ := line["msg"].(string)
		_, theirs := line["from"]
		if !theirs && !slices.Contains(messages, message) {
			t.Errorf("the message is not in LOGS.md: %s", lines.Text())
		}
		seen = append(seen, message)
	}
	return seen
}

// Every message in the code is in LOGS.md, with keys that are, and no message there is
// of a time gone by.
func TestLogVocabulary(t *testing.T) {
	keys, messages := words(t, "Keys"), words(t, "Messages")
	used := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		rel := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
		switch {
		case err != nil:
			return err
		case d.IsDir() && (rel == "test" || strings.HasPrefix(d.Name(), ".git")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && logs(call) {
				checkCall(t, rel, call, keys, messages, used)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if !used[m] {
			t.Errorf("LOGS.md has the message %q, which no code logs", m)
		}
	}
}

// logs reports whether a call is of a method of a field or variable that is named as logs
// are here.
func logs(call *ast.CallExpr) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, method.Sel.Name) {
		return false
	}
	switch on := method.X.(type) {
	case *ast.Ident:
		return on.Name == "log"
	case *ast.SelectorExpr:
		return on.Sel.Name == "Log" || on.Sel.Name == "log"
	}
	return false
}

func checkCall(t *testing.T, file string, call *ast.CallExpr, keys, messages []string, used map[string]bool) {
	t.Helper()
	for i, arg := range call.Args {
		lit, ok := arg.(*ast.BasicLit)
		if i > 0 && i%2 == 0 {
			continue // a value
		}
		if !ok {
			t.Errorf("%s: a log's message and keys must be constants", file)
			continue
		}
		text, err := strconv.Unquote(lit.Value)
		switch {
		case err != nil:
			t.Error(err)
		case i == 0 && !slices.Contains(messages, text):
			t.Errorf("%s: the message %q is not in LOGS.md", file, text)
		case i == 0:
			used[text] = true
		case !slices.Contains(keys, text):
			t.Errorf("%s: the key %q is not in LOGS.md", file, text)
		}
	}
}
