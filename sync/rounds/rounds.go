// Package rounds is the background pass: as a warden walks round and looks at every
// door, it has the one judge look at every store as it stands, at the start, whenever
// something changed and when time alone changes a verdict. What it sees becomes metrics
// and, where the cluster knows them, PolicyReports. It changes nothing else.
package rounds

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"k8s.io/client-go/dynamic"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Judge is who judges: a *review.Reviewer, or one that follows changes of rules.
type Judge interface {
	Review(ctx context.Context, req review.Request) (verdict.Verdict, error)
}

// Options are what New needs.
type Options struct {
	Judge Judge
	// Peers answers from memory: a round looks everything up again.
	Peers     Peers
	Inventory store.Inventory
	// Reports is where PolicyReports are written; nil writes none.
	Reports dynamic.Interface
	// Observe is told of each round; nil tells nobody.
	Observe func(Round)
	Now     func() time.Time
	Log     *slog.Logger
	// Settle is how long changes are gathered before a round is made for them; 0 is 2 s.
	Settle time.Duration
	// Every is the longest time between two rounds; 0 is an hour.
	Every time.Duration
}

// Peers are the objects of a cluster, remembered.
type Peers interface {
	review.Peers
	// Lost tells which sources of a namespace may be stale, and why.
	Lost(namespace string) map[string]error
}

// Round is what one round saw.
type Round struct {
	Ended   time.Time
	Took    time.Duration
	Seen    []Seen
	Unread  []Unread
	Reports Reports
}

// Seen is one object and what is said of it. The object is shared and read-only.
type Seen struct {
	Object  *store.Object
	Verdict verdict.Verdict
}

// Unread is an object, or all of a kind where Name is "", that could not be judged.
type Unread struct {
	Kind, Namespace, Name string
	Err                   error
}

// Reports is what became of the PolicyReports of a round.
type Reports struct {
	Installed                bool // whether the cluster knows them
	Written, Removed, Failed int
}

// A round is made again soon where it could not see all, and never so often that more
// than a tenth of the time is spent on rounds.
const (
	settle  = 2 * time.Second
	every   = time.Hour
	again   = time.Minute
	soonest = time.Second // a verdict that is to change now
	rest    = 9           // times as long as the last round took
)

// Rounds makes rounds.
type Rounds struct {
	opt  Options
	kick chan struct{}
	told string // what went wrong in the last round
}

// New checks the options.
func New(o Options) (*Rounds, error) {
	if o.Judge == nil || o.Peers == nil || o.Now == nil || o.Log == nil {
		return nil, errors.New("rounds: Judge, Peers, Now and Log are required")
	}
	if o.Observe == nil {
		o.Observe = func(Round) {}
	}
	if o.Settle == 0 {
		o.Settle = settle
	}
	if o.Every == 0 {
		o.Every = every
	}
	return &Rounds{opt: o, kick: make(chan struct{}, 1)}, nil
}

// Kick asks for a round, since something changed. It does not block.
func (r *Rounds) Kick() {
	select {
	case r.kick <- struct{}{}:
	default: // it is asked for already
	}
}

// Run makes rounds until the context ends.
func (r *Rounds) Run(ctx context.Context) error {
	now := time.Now()
	at, mayBegin := now, now // the next round, and the earliest moment for it
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.kick:
			soon := time.Now().Add(r.opt.Settle)
			if mayBegin.After(soon) {
				soon = mayBegin
			}
			if soon.Before(at) {
				at = soon
				timer.Reset(time.Until(at))
			}
		case <-timer.C:
			begun := time.Now()
			due := r.round(ctx)
			ended := time.Now()
			mayBegin = ended.Add(rest * ended.Sub(begun))
			at = ended.Add(due)
			if at.Before(mayBegin) {
				at = mayBegin
			}
			timer.Reset(time.Until(at))
		}
	}
}

// round makes one, and tells in what time the next one is due.
func (r *Rounds) round(ctx context.Context) (due time.Duration) {
	begun := r.opt.Now()
	var round Round
	for _, ns := range namespaces(r.opt.Inventory) {
		r.look(ctx, ns, begun, &round)
	}
	if ctx.Err() != nil {
		return r.opt.Every // half a round says nothing
	}
	if r.opt.Reports != nil {
		round.Reports = r.report(ctx, &round)
	}
	round.Ended = r.opt.Now()
	round.Took = round.Ended.Sub(begun)
	r.tell(round)
	r.opt.Observe(round)
	due = r.opt.Every
	for _, s := range round.Seen {
		if next := s.Verdict.NextChange; !next.IsZero() {
			due = min(due, max(next.Sub(round.Ended), soonest))
		}
	}
	if len(round.Unread) > 0 || round.Reports.Failed > 0 {
		due = min(due, again)
	}
	return due
}

// tell logs what a round could not see, once and not again while it stays so.
func (r *Rounds) tell(round Round) {
	trouble := ""
	for _, u := range round.Unread {
		trouble += u.Kind + " " + u.Namespace + "/" + u.Name + ": " + u.Err.Error() + "\n"
	}
	if trouble != r.told {
		for _, u := range round.Unread {
			r.opt.Log.Warn("an object was not judged, and is tried again", "kind", u.Kind, "namespace", u.Namespace, "name", u.Name, "error", u.Err)
		}
	}
	r.told = trouble
}
