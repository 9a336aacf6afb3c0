package apiserver

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// newBuilder makes a builder over a source folder with the given build.sh.
func newBuilder(t *testing.T, script string, log *bytes.Buffer) builder {
	t.Helper()
	source := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module x\n", "go.sum": "", "build.sh": script} {
		if err := os.WriteFile(filepath.Join(source, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return builder{source: source, cache: filepath.Join(t.TempDir(), "cache"), log: log, every: time.Millisecond}
}

const goodScript = `
echo run >>runs
echo etcd v9
sleep 0.1
for f in etcd kube-apiserver kube-controller-manager kubectl; do : >"$1/$f"; done
`

func TestBuildHappensOnceForAll(t *testing.T) {
	b := newBuilder(t, goodScript, nil)
	logs := make([]bytes.Buffer, 4)
	var wg sync.WaitGroup
	for i := range logs {
		wg.Go(func() {
			one := b
			one.log = &logs[i]
			dir, err := one.get(t.Context())
			if err != nil {
				t.Error(err)
			} else if err := complete(dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	runs, err := os.ReadFile(filepath.Join(b.source, "runs"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(runs), "run"); got != 1 {
		t.Errorf("build.sh ran %d times", got)
	}
	var all strings.Builder
	for i := range logs {
		all.Write(logs[i].Bytes())
	}
	for _, want := range []string{"once per machine", "etcd v9 (", "still etcd v9", "another process is building it"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("progress lacks %q:\n%s", want, all.String())
		}
	}
}

func TestChangedSourceIsBuiltAgain(t *testing.T) {
	b := newBuilder(t, goodScript, new(bytes.Buffer))
	seen := map[string]bool{}
	for _, name := range []string{"", "go.mod", "go.sum", "build.sh"} {
		if name != "" {
			path := filepath.Join(b.source, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append(text, "\n# changed\n"...), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		dir, err := b.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if seen[dir] {
			t.Errorf("a change of %q does not change the folder", name)
		}
		seen[dir] = true
	}
}

func TestFailedBuildSaysWhyAndLeavesNothing(t *testing.T) {
	b := newBuilder(t, `echo kubectl v9; echo "no such module" >&2; : >"$1/etcd"; exit 3`, new(bytes.Buffer))
	_, err := b.get(t.Context())
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(err.Error(), "no such module") {
		t.Errorf("got %v, want build.sh's exit code and output", err)
	}
	left, err := filepath.Glob(filepath.Join(b.cache, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || filepath.Base(left[0]) != "lock" {
		t.Errorf("the cache holds %q, want only the lock", left)
	}
}

func TestCancelledBuildEnds(t *testing.T) {
	b := newBuilder(t, "exec sleep 1000", new(bytes.Buffer))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := b.get(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
}

func TestAssetsVariableMustNameAWholeFolder(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(assetsVariable, dir)
	_, err := Binaries(t.Context(), new(bytes.Buffer))
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "kubectl") || !strings.Contains(err.Error(), assetsVariable) {
		t.Errorf("got %v, want what is missing and the variable", err)
	}
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kubectl"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := Binaries(t.Context(), new(bytes.Buffer)); err != nil || got != dir {
		t.Errorf("got %q, %v, want the variable's folder", got, err)
	}
}

func TestSourceIsFoundFromAnyFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, err := sourceDir(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "build.sh")); err != nil {
		t.Error(err)
	}
}

// A server must not outlive the process that started it, however that process ended.
func TestGuardEndsAnOrphan(t *testing.T) {
	s := &Server{Binaries: t.TempDir(), dir: filepath.Join(t.TempDir(), "it's ours")}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	pidFile := filepath.Join(s.Binaries, "pid")
	server := "#!/bin/sh\necho $$ >" + pidFile + ".tmp\nmv " + pidFile + ".tmp " + pidFile + "\nexec sleep 1000\n"
	if err := os.WriteFile(filepath.Join(s.Binaries, "server"), []byte(server), 0o700); err != nil {
		t.Fatal(err)
	}
	guard, err := s.guard("server")
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command("sh", "-c", `"$0" & wait`, guard)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	await(t, "the server's start", func() bool {
		b, err := os.ReadFile(pidFile)
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
		return err == nil
	})
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait() // its error is the kill
	await(t, "the server's end", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
	await(t, "the folder's removal", func() bool {
		_, err := os.Stat(s.dir)
		return errors.Is(err, os.ErrNotExist)
	})
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
