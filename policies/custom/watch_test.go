package custom_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/storewarden/storewarden/policies/custom"
	"github.com/storewarden/storewarden/policies/engine"
)

var errBroken = errors.New("broken")

// watched follows a folder. What is applied comes out of a channel; files that
// hold the word "broken" are refused.
func watched(t *testing.T, dir string, set func(*custom.Options)) (w *custom.Watcher, applied chan []string, told chan custom.Status) {
	t.Helper()
	applied, told = make(chan []string, 100), make(chan custom.Status, 100)
	opt := custom.Options{Dirs: []string{dir}, Settle: time.Millisecond, Every: time.Hour,
		Now: func() time.Time { return time.Unix(1000, 0) }, Told: func(s custom.Status) { told <- s },
		Apply: func(files []engine.File) error {
			for _, f := range files {
				if strings.Contains(string(f.Text), "broken") {
					return errBroken
				}
			}
			applied <- names(files)
			return nil
		}}
	if set != nil {
		set(&opt)
	}
	w, err := custom.NewWatcher(opt)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w, applied, told
}

// until waits for a set whose names and texts hold all parts; a half-written one
// may come before.
func until(t *testing.T, applied chan []string, want string) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case got := <-applied:
			if strings.Join(got, " ") == want {
				return
			}
			t.Logf("applied %q on the way to %q", got, want)
		case <-timeout:
			t.Fatalf("%q was never applied", want)
		}
	}
}

func untilTold(t *testing.T, told chan custom.Status, ok func(custom.Status) bool) custom.Status {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case s := <-told:
			if ok(s) {
				return s
			}
		case <-timeout:
			t.Fatal("it was never told")
		}
	}
}

func TestWatchFollowsAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	write(t, filepath.Join(dir, "a.rego"), "1")
	_, applied, _ := watched(t, dir, nil)
	until(t, applied, "p/a.rego=1")
	write(t, filepath.Join(dir, "a.rego"), "2")
	until(t, applied, "p/a.rego=2")
	write(t, filepath.Join(dir, "sub", "b.rego"), "3") // a folder that is new
	until(t, applied, "p/a.rego=2 sub/b.rego=3")
	write(t, filepath.Join(dir, "sub", "b.rego"), "4")
	until(t, applied, "p/a.rego=2 sub/b.rego=4")
	must(t, os.Remove(filepath.Join(dir, "a.rego")))
	until(t, applied, "sub/b.rego=4")
}

func TestWatchFollowsAConfigMap(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	mount(t, dir, "..1", map[string]string{"a.rego": "1", "b.rego": "1"})
	_, applied, told := watched(t, dir, nil)
	until(t, applied, "p/a.rego=1 p/b.rego=1")
	mount(t, dir, "..2", map[string]string{"a.rego": "2", "b.rego": "2"})
	until(t, applied, "p/a.rego=2 p/b.rego=2")
	mount(t, dir, "..3", map[string]string{"a.rego": "3", "b.rego": "3"})
	until(t, applied, "p/a.rego=3 p/b.rego=3")
	for len(told) > 0 {
		if s := <-told; s.Err != nil {
			t.Errorf("an exchange was told as broken: %v", s.Err)
		}
	}
}

func TestWatchKeepsTheLastGood(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	write(t, filepath.Join(dir, "a.rego"), "1")
	now := make(chan time.Time, 100)
	for i := range 100 {
		now <- time.Unix(int64(i), 0)
	}
	w, applied, told := watched(t, dir, func(o *custom.Options) { o.Now = func() time.Time { return <-now } })
	until(t, applied, "p/a.rego=1")
	good := w.Status()

	write(t, filepath.Join(dir, "a.rego"), "broken")
	s := untilTold(t, told, func(s custom.Status) bool { return errors.Is(s.Err, errBroken) })
	if s.Since != good.Since || s.Files != 1 || !s.Tried.After(s.Since) {
		t.Errorf("the last good set is told as %+v, it was %+v", s, good)
	}
	must(t, os.Rename(dir, dir+".gone")) // a folder that is gone is broken too, not empty
	untilTold(t, told, func(s custom.Status) bool { return errors.Is(s.Err, os.ErrNotExist) })
	if len(applied) > 0 {
		t.Errorf("applied %q", <-applied)
	}
}

func TestWatchRecovers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	write(t, filepath.Join(dir, "a.rego"), "1")
	w, applied, told := watched(t, dir, nil)
	until(t, applied, "p/a.rego=1")
	write(t, filepath.Join(dir, "a.rego"), "broken")
	untilTold(t, told, func(s custom.Status) bool { return s.Err != nil })
	write(t, filepath.Join(dir, "a.rego"), "1") // as it was: nothing new, and yet a recovery
	until(t, applied, "p/a.rego=1")
	untilTold(t, told, func(s custom.Status) bool { return s.Err == nil })
	if s := w.Status(); s.Err != nil {
		t.Errorf("it is told still: %v", s.Err)
	}
}

// Some file systems do not tell of changes, and an exchanged link to the whole
// folder tells nobody inside it.
func TestWatchLooksNowAndThen(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "1", "a.rego"), "1")
	write(t, filepath.Join(dir, "2", "a.rego"), "2")
	must(t, os.Symlink("1", filepath.Join(dir, "p")))
	_, applied, _ := watched(t, filepath.Join(dir, "p"), func(o *custom.Options) { o.Every = 5 * time.Millisecond })
	until(t, applied, "p/a.rego=1")
	must(t, os.Symlink("2", filepath.Join(dir, "new")))
	must(t, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "p")))
	until(t, applied, "p/a.rego=2")
}

func TestWatchRefusesToBeginBroken(t *testing.T) {
	opt := custom.Options{Dirs: []string{t.TempDir()}, Now: time.Now, Apply: func([]engine.File) error { return errBroken }}
	if _, err := custom.NewWatcher(opt); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	opt.Dirs = []string{filepath.Join(t.TempDir(), "nowhere")}
	if _, err := custom.NewWatcher(opt); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := custom.NewWatcher(custom.Options{}); err == nil {
		t.Error("nothing is required")
	}
}
