package apiserver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// assetsVariable is the name that envtest and its tools use for a folder of ready binaries.
const assetsVariable = "KUBEBUILDER_ASSETS"

// progressEvery is short enough that nobody thinks the build hangs, and long enough to keep a CI log readable.
const progressEvery = 15 * time.Second

// Binaries returns a folder that holds etcd, kube-apiserver, kube-controller-manager and kubectl: KUBEBUILDER_ASSETS if that is set, or else a
// folder of the user's cache, filled by test/controlplane/build.sh when this machine has not yet done so for these very
// versions. Test binaries that ask at the same time share one build. Progress goes to log.
func Binaries(ctx context.Context, log io.Writer) (string, error) {
	if dir := os.Getenv(assetsVariable); dir != "" {
		if err := complete(dir); err != nil {
			return "", fmt.Errorf("%s: %w", assetsVariable, err)
		}
		return dir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache folder (or set %s): %w", assetsVariable, err)
	}
	source, err := sourceDir(ctx)
	if err != nil {
		return "", err
	}
	b := builder{source: source, cache: filepath.Join(cache, "storewarden", "controlplane"), log: log, every: progressEvery}
	dir, err := b.get(ctx)
	if err != nil {
		return "", fmt.Errorf("build the control plane: %w", err)
	}
	return dir, nil
}

func complete(dir string) error {
	var missing []error
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kubectl"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			missing = append(missing, err)
		}
	}
	return errors.Join(missing...)
}

// sourceDir finds test/controlplane: beside this file, or in a binary built with -trimpath, through the go command.
func sourceDir(ctx context.Context) (string, error) {
	if _, file, _, ok := runtime.Caller(0); ok {
		dir := filepath.Join(filepath.Dir(file), "..", "controlplane")
		if _, err := os.Stat(filepath.Join(dir, "build.sh")); err == nil {
			return dir, nil
		}
	}
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/storewarden/storewarden").Output()
	if err != nil {
		return "", fmt.Errorf("find test/controlplane (run inside the repository, or set %s): %w", assetsVariable, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "test", "controlplane"), nil
}

// builder keeps finished builds of one source folder in one cache folder, each under the hash of what it was made from.
type builder struct {
	source, cache string
	log           io.Writer
	every         time.Duration
}

func (b builder) get(ctx context.Context) (string, error) {
	key, err := b.key()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(b.cache, key)
	if complete(dir) == nil {
		return dir, nil
	}
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return "", fmt.Errorf("make the cache: %w", err)
	}
	unlock, err := b.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if complete(dir) == nil { // by whoever held the lock before us
		return dir, nil
	}
	return dir, b.build(ctx, dir)
}

// key also names the platform, because a home folder may be shared by machines of several.
func (b builder) key() (string, error) {
	h := sha256.New()
	for _, name := range []string{"go.mod", "go.sum", "build.sh"} {
		text, err := os.ReadFile(filepath.Join(b.source, name))
		if err != nil {
			return "", fmt.Errorf("read the source: %w", err)
		}
		fmt.Fprintf(h, "%s %d\n%s\n", name, len(text), text)
	}
	fmt.Fprintln(h, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

func (b builder) lock(ctx context.Context) (unlock func(), err error) {
	type result struct {
		unlock func()
		err    error
	}
	got := make(chan result, 1)
	go func() {
		unlock, err := lockedfile.MutexAt(filepath.Join(b.cache, "lock")).Lock()
		got <- result{unlock, err}
	}()
	start, tick := time.Now(), time.NewTicker(b.every)
	defer tick.Stop()
	for {
		select {
		case r := <-got:
			if r.err != nil {
				return nil, fmt.Errorf("lock the cache: %w", r.err)
			}
			return r.unlock, nil
		case <-tick.C:
			fmt.Fprintf(b.log, "control plane: another process is building it, waiting (%s)\n", elapsed(start))
		case <-ctx.Done():
			go func() { // the lock cannot be given up while waiting for it
				if r := <-got; r.err == nil {
					r.unlock()
				}
			}()
			return nil, fmt.Errorf("wait for another process's build: %w", ctx.Err())
		}
	}
}

// build fills dir. It builds beside it and renames at the end, so that a folder under its final name is always whole.
func (b builder) build(ctx context.Context, dir string) error {
	const unfinished = "building-"
	left, err := filepath.Glob(filepath.Join(b.cache, unfinished+"*"))
	if err != nil {
		return fmt.Errorf("list the cache: %w", err)
	}
	for _, l := range append(left, dir) { // of builds that were killed; none can run while we hold the lock
		if err := os.RemoveAll(l); err != nil {
			return fmt.Errorf("clean the cache: %w", err)
		}
	}
	tmp, err := os.MkdirTemp(b.cache, unfinished)
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(tmp)
	start := time.Now()
	fmt.Fprintf(b.log, "control plane: building etcd, kube-apiserver, kube-controller-manager and kubectl from Go modules into %s\n", dir)
	fmt.Fprintf(b.log, "control plane: once per machine; about 8 minutes on 2 cores, 600 MB of downloads\n")
	if err := b.run(ctx, tmp, start); err != nil {
		return err
	}
	if err := complete(tmp); err != nil {
		return fmt.Errorf("build.sh left the build incomplete: %w", err)
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return fmt.Errorf("open the folder to others: %w", err)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return fmt.Errorf("put the build in place: %w", err)
	}
	fmt.Fprintf(b.log, "control plane: built in %s\n", elapsed(start))
	return nil
}

func (b builder) run(ctx context.Context, out string, start time.Time) error {
	var stderr bytes.Buffer
	steps := newLines()
	cmd := exec.CommandContext(ctx, "sh", filepath.Join(b.source, "build.sh"), out)
	// The project's go.work, flags and build tags are not meant for this module.
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "PWD="+b.source)
	cmd.Dir, cmd.Stdout, cmd.Stderr = b.source, steps, &stderr
	cmd.WaitDelay = 5 * time.Second // a go command may outlive the script that a cancelled context kills
	done := make(chan error, 1)
	go func() { done <- cmd.Run() }()
	tick := time.NewTicker(b.every)
	defer tick.Stop()
	step := "starting"
	for {
		select {
		case step = <-steps.c:
			fmt.Fprintf(b.log, "control plane: %s (%s)\n", step, elapsed(start))
		case <-tick.C:
			fmt.Fprintf(b.log, "control plane: still %s (%s)\n", step, elapsed(start))
		case err := <-done:
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", step, errors.Join(ctx.Err(), err), tail(stderr.Bytes()))
			}
			return nil
		}
	}
}

// lines hands on what is written to it line by line.
type lines struct {
	c    chan string
	rest string
}

// newLines gives the channel room for more steps than build.sh has, so that a late line never blocks the build.
func newLines() *lines { return &lines{c: make(chan string, 64)} }

func (l *lines) Write(p []byte) (int, error) {
	parts := strings.Split(l.rest+string(p), "\n")
	l.rest = parts[len(parts)-1]
	for _, line := range parts[:len(parts)-1] {
		l.c <- line
	}
	return len(p), nil
}

func elapsed(start time.Time) time.Duration { return time.Since(start).Round(time.Second) }

// tail returns the end of a program's output: what went wrong stands there, after hundreds of lines of downloads.
func tail(output []byte) string {
	const keep = 20
	all := strings.Split(strings.TrimSpace(string(output)), "\n")
	return strings.Join(all[max(0, len(all)-keep):], "\n")
}
