package custom

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/storewarden/storewarden/policies/engine"
)

// Options are what NewWatcher needs.
type Options struct {
	Dirs []string
	// Apply makes the rules work from now on, or returns why it did not: then
	// what worked before still does.
	Apply func([]engine.File) error
	// Told hears of every attempt after the first; nil for nobody.
	Told func(Status)
	Now  func() time.Time
	// Settle is how long nothing must change before the files are read, since
	// they are rarely all written at once; 0 is a default.
	Settle time.Duration
	// Every is after how long they are read though no change was noticed, as on
	// file systems that do not tell; 0 is a default.
	Every time.Duration
}

// Defaults of Options: an editor or a copy writes its files within the first, and
// a change on a file system that does not tell is in force within the second.
const (
	settle = 200 * time.Millisecond
	every  = 30 * time.Second
)

// Status is how the user's rules stand.
type Status struct {
	Files int       // in force, tests left out
	Since time.Time // when they were put in force
	Tried time.Time // when the files last changed
	Err   error     // why what was read then is not in force; nil if it is
}

// Watcher keeps a user's rules current. What it cannot use changes nothing but
// its status: the last good set stays in force.
type Watcher struct {
	opt    Options
	status atomic.Pointer[Status]
	tried  [sha256.Size]byte
	notify *fsnotify.Watcher // nil where the system gives none: then files are read every so often
}

// NewWatcher reads the folders and applies their rules. At the start there is no
// last good set to fall back to, so broken rules are an error.
func NewWatcher(opt Options) (*Watcher, error) {
	if opt.Apply == nil || opt.Now == nil {
		return nil, errors.New("watch policies: Apply and Now are required")
	}
	if opt.Settle == 0 {
		opt.Settle = settle
	}
	if opt.Every == 0 {
		opt.Every = every
	}
	w := &Watcher{opt: opt}
	if n, err := fsnotify.NewWatcher(); err == nil {
		w.notify = n
	}
	w.status.Store(&Status{})
	if w.try(); w.Status().Err != nil {
		w.close()
		return nil, w.Status().Err
	}
	return w, nil
}

// Status tells how the rules stand now.
func (w *Watcher) Status() Status { return *w.status.Load() }

// Run follows the folders until the context ends.
func (w *Watcher) Run(ctx context.Context) error {
	defer w.close()
	var changed <-chan fsnotify.Event
	var trouble <-chan error
	if w.notify != nil {
		changed, trouble = w.notify.Events, w.notify.Errors
	}
	next := time.NewTimer(w.opt.Every)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			next.Reset(w.opt.Settle)
		case <-trouble: // some event was lost: look
			next.Reset(w.opt.Settle)
		case <-next.C:
			if w.try() && w.opt.Told != nil {
				w.opt.Told(w.Status())
			}
			next.Reset(w.opt.Every)
		}
	}
}

// try reads the folders and, if what they hold was not tried yet, applies it.
func (w *Watcher) try() bool {
	files, err := w.read()
	sum := digest(files, err)
	if sum == w.tried {
		return false
	}
	w.tried = sum
	if err == nil {
		err = w.opt.Apply(files)
	}
	is := w.Status()
	is.Tried, is.Err = w.opt.Now(), err
	if err == nil {
		is.Since = is.Tried
		is.Files = len(slices.DeleteFunc(files, engine.File.IsTest))
	}
	w.status.Store(&is)
	return true
}

// read watches every folder that it reads. One that was not watched yet is read
// once more, since it may have changed in between.
func (w *Watcher) read() ([]engine.File, error) {
	files, dirs, err := scan(w.opt.Dirs)
	if w.notify == nil {
		return files, err
	}
	watched := w.notify.WatchList()
	fresh := false
	for _, dir := range dirs {
		if !slices.Contains(watched, dir) && w.notify.Add(dir) == nil { // else it is read every so often
			fresh = true
		}
	}
	if fresh {
		files, _, err = scan(w.opt.Dirs)
	}
	return files, err
}

func (w *Watcher) close() {
	if w.notify != nil {
		_ = w.notify.Close() // nobody listens any more
	}
}

// digest tells one state of the folders from another.
func digest(files []engine.File, err error) (sum [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintf(h, "%v\n", err)
	for _, f := range files {
		fmt.Fprintf(h, "%q %d\n", f.Name, len(f.Text))
		h.Write(f.Text)
	}
	h.Sum(sum[:0])
	return sum
}
