package console

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/storewarden/storewarden/sync/hand"
)

// kept is a plan between its page and the moment at which it is applied. A person applies
// what they were shown, and not what might be planned by then.
type kept struct {
	token string
	plan  *hand.Plan
	// again plans the same request anew; nil once it is carried out.
	again func(ctx context.Context) (*hand.Plan, error)
	// remove is the request of a removal, so that a refusal can be overruled; nil for an add.
	remove *hand.RemoveRequest

	// shown are the steps as they were planned, in words: Apply writes to those of the
	// plan, and they hold what they will write.
	shown []hand.Step

	mu      sync.Mutex
	started bool
	ended   bool
	changes int    // how often the page has changed
	failed  string // "" while nothing has failed
	steps   []stepState
}

// stepState is how far a step is: done before, waiting, running, done or failed.
type stepState string

const (
	stepWaiting stepState = "waiting"
	stepRunning stepState = "running"
	stepDone    stepState = "done"
	stepFailed  stepState = "failed"
)

func stepText(s stepState) mark {
	switch s {
	case stepRunning:
		return mark{"info", "…", "running"}
	case stepDone:
		return mark{"good", "✓", "done"}
	case stepFailed:
		return mark{"deny", "✕", "failed"}
	}
	return mark{"quiet", "○", "waiting"}
}

// applyTime bounds applying a plan: it has few steps, and each waits for an answer.
const applyTime = 5 * time.Minute

func newKept(p *hand.Plan, again func(ctx context.Context) (*hand.Plan, error), remove *hand.RemoveRequest) *kept {
	k := &kept{token: rand.Text(), plan: p, again: again, remove: remove, steps: make([]stepState, len(p.Steps))}
	for i, s := range p.Steps {
		k.shown = append(k.shown, hand.Step{Kind: s.Kind, Object: s.Object, What: s.What, Why: s.Why, Changes: s.Changes, Done: s.Done, Irreversible: s.Irreversible})
		k.steps[i] = stepWaiting
		if s.Done {
			k.steps[i] = stepDone
		}
	}
	return k
}

func (k *kept) running() bool {
	_, running := k.request()
	return running
}

// request is what plans it anew, and whether it is being applied.
func (k *kept) request() (again func(ctx context.Context) (*hand.Plan, error), running bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.again, k.started && !k.ended
}

// start tells whether the plan may be applied now: once, and never again.
func (k *kept) start() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.started {
		return false
	}
	k.started = true
	return true
}

func (k *kept) told(p hand.Progress) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changes++
	switch {
	case p.Step < 0 || p.Step >= len(k.steps):
	case !p.Ended:
		k.steps[p.Step] = stepRunning
	case p.Err != nil:
		k.steps[p.Step] = stepFailed
	default:
		k.steps[p.Step] = stepDone
	}
}

// end keeps, of a plan that was carried out, what its page shows: the files that were
// uploaded are of no use any more.
func (k *kept) end(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changes++
	k.ended = true
	if err != nil {
		k.failed = err.Error()
		return
	}
	k.plan, k.again = &hand.Plan{Title: k.plan.Title, Store: k.plan.Store}, nil
}

// planned is what the pages of a plan show.
type planned struct {
	Token   string
	Plan    *hand.Plan // without its steps, which Apply writes to
	Steps   []shownStep
	Pending int
	Changes int
	// Irreversible are the steps to come that cannot be undone.
	Irreversible []hand.Step
	Remove       *hand.RemoveRequest
	Started      bool
	Ended        bool
	Failed       string
	Sure         string // the word that a second confirmation asks for
	Wrong        bool   // another word was given
}

// shownStep is a step and how far it is.
type shownStep struct {
	hand.Step
	State stepState
}

func (k *kept) view() planned {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := planned{Token: k.token, Plan: k.plan, Remove: k.remove, Changes: k.changes, Started: k.started, Ended: k.ended, Failed: k.failed, Sure: sure}
	for i, s := range k.shown {
		out.Steps = append(out.Steps, shownStep{s, k.steps[i]})
		if k.steps[i] == stepDone {
			continue
		}
		out.Pending++
		if s.Irreversible {
			out.Irreversible = append(out.Irreversible, s)
		}
	}
	return out
}

// sure is typed by a person who is about to do what cannot be undone: a second click
// follows the first too easily.
const sure = "purge"

func (c *Console) planOf(r *http.Request, s *session) (*kept, error) {
	if k := s.plan(r.PathValue("plan")); k != nil {
		return k, nil
	}
	return nil, &trouble{http.StatusNotFound, "This session has no such plan.", "Plans are kept until sixteen others were made, or the console is stopped. Plan the change again; nothing was written."}
}

func (c *Console) showPlan(w http.ResponseWriter, r *http.Request, s *session) error {
	k, err := c.planOf(r, s)
	if err != nil {
		return err
	}
	body := k.view()
	if body.Started {
		http.Redirect(w, r, "/plan/"+k.token+"/progress", http.StatusSeeOther)
		return nil
	}
	c.render(w, r, s, "plan", view{Title: body.Plan.Title, Nav: navOf(k), Body: body})
	return nil
}

func navOf(k *kept) string {
	if k.remove != nil {
		return "/"
	}
	return "/add"
}

// planAgain plans the same request from what is there now.
func (c *Console) planAgain(w http.ResponseWriter, r *http.Request, s *session) error {
	k, err := c.planOf(r, s)
	if err != nil {
		return err
	}
	again, running := k.request()
	switch {
	case running:
		return &trouble{http.StatusConflict, "This plan is being applied.", "Wait until it has ended."}
	case again == nil:
		return &trouble{http.StatusConflict, "This plan was carried out.", "Begin a new one where you want to change more."}
	}
	if k.remove != nil && r.PostForm.Get("force") != "" {
		req := *k.remove
		req.Force, req.Reason = true, r.PostForm.Get("reason")
		return c.keepRemoval(w, r, s, req)
	}
	return c.keepPlan(w, r, s, again, k.remove)
}

// keepPlan makes a plan and goes to its page.
func (c *Console) keepPlan(w http.ResponseWriter, r *http.Request, s *session, make func(ctx context.Context) (*hand.Plan, error), remove *hand.RemoveRequest) error {
	p, err := make(r.Context())
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return &trouble{http.StatusUnprocessableEntity, here(err.Error()), "Nothing was written. Go back, correct it and plan again."}
	}
	k := newKept(p, make, remove)
	s.keep(k)
	http.Redirect(w, r, "/plan/"+k.token, http.StatusSeeOther)
	return nil
}

// apply begins to write, and goes to the page that shows how far it is. It goes on though
// the browser goes away, and ends with the console.
func (c *Console) apply(ctx context.Context, w http.ResponseWriter, r *http.Request, s *session) error {
	k, err := c.planOf(r, s)
	if err != nil {
		return err
	}
	body := k.view()
	switch {
	case body.Started:
		http.Redirect(w, r, "/plan/"+k.token+"/progress", http.StatusSeeOther)
		return nil
	case body.Plan.Refused():
		return &trouble{http.StatusConflict, "This plan is refused.", "Its page says why."}
	case len(body.Irreversible) > 0 && r.PostForm.Get("sure") != sure:
		body.Wrong = r.PostForm.Has("sure")
		c.render(w, r, s, "confirm", view{Title: "This cannot be undone", Nav: navOf(k), Body: body})
		return nil
	}
	if k.start() {
		c.applying.Go(func() { c.run(ctx, k, body.Plan) })
	}
	http.Redirect(w, r, "/plan/"+k.token+"/progress", http.StatusSeeOther)
	return nil
}

func (c *Console) run(ctx context.Context, k *kept, plan *hand.Plan) {
	ctx, cancel := context.WithTimeout(ctx, applyTime)
	defer cancel()
	err := errors.New("the console made a mistake of its own; the command's log says where")
	defer func() {
		if what := recover(); what != nil {
			c.opt.Log.Error("applying a plan panicked", "type", fmt.Sprintf("%T", what), "stack", string(debug.Stack()))
		}
		c.seen.forget()
		k.end(err)
	}()
	err = c.opt.Stores.Apply(ctx, plan, k.told)
}

func (c *Console) showProgress(w http.ResponseWriter, r *http.Request, s *session) error {
	k, err := c.planOf(r, s)
	if err != nil {
		return err
	}
	body := k.view()
	if !body.Started {
		http.Redirect(w, r, "/plan/"+k.token, http.StatusSeeOther)
		return nil
	}
	// Nothing is swapped in, and nothing read out again, while nothing has changed.
	if r.Header.Get("HX-Request") != "" && r.URL.Query().Get("seen") == strconv.Itoa(body.Changes) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	title, said := "Applying", fmt.Sprintf("%d of %d steps are done", len(body.Steps)-body.Pending, len(body.Steps))
	switch {
	case body.Failed != "":
		title, said = "Stopped half way", "It stopped: "+body.Failed
	case body.Ended:
		title, said = "Applied", "All is written"
	}
	c.render(w, r, s, "progress", view{Title: title, Nav: navOf(k), Said: said, Body: body})
	return nil
}
