package warm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/storewarden/storewarden/certs/vault"
)

// Options tune a Memory; zero values mean the defaults.
type Options struct {
	// FreshFor is how long facts are served without a look at the vault.
	FreshFor time.Duration // default 1 minute
	// UsableFor is how long they are served while a refresh is under way.
	UsableFor time.Duration // default 1 hour, the sync controller's poll
	// ErrorFor is how long an error is remembered: long enough to stop a
	// stampede, short enough for a vault that recovers.
	ErrorFor time.Duration // default 5 seconds
	// Timeout bounds one fetch, which goes on when the asker's deadline ends, so
	// that the next asker finds an answer.
	Timeout time.Duration // default 10 seconds
	// Parallel bounds fetches under way to one vault.
	Parallel int // default 32: an SPC of 50 entries takes two round trips
	// ColdLimit bounds first-time fetches of one request.
	ColdLimit int // default 100
	// Max bounds remembered secrets.
	Max int // default 20,000: at about 4 KB each, 80 MB
	// Budget bounds the calls to one vault in 10 seconds.
	Budget int // default 400, a tenth of what Key Vault answers
	// Observe is told of every call: get or list, and the reason why it failed, ""
	// where it did not. It must not block.
	Observe func(vault, operation string, reason vault.Reason)
	Now     func() time.Time
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&o.FreshFor, time.Minute}, {&o.UsableFor, time.Hour}, {&o.ErrorFor, 5 * time.Second}, {&o.Timeout, 10 * time.Second}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	for _, n := range []struct {
		field *int
		value int
	}{{&o.Parallel, 32}, {&o.ColdLimit, 100}, {&o.Max, 20_000}, {&o.Budget, 400}} {
		if *n.field == 0 {
			*n.field = n.value
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(string, string, vault.Reason) {}
	}
	return o
}

// Memory remembers facts by vault, name, version and who read them. It is safe for concurrent
// use.
type Memory struct {
	reader vault.Reader
	opt    Options

	mu      sync.Mutex
	answers Answers
	known   map[vault.Ref]*slot
	budgets map[string]*budget // by vault
	// listings are by vault and identity.
	listings map[vault.Ref]*listing
}

// slot is what is known of one reference. Its fields are guarded by the
// memory's lock.
type slot struct {
	facts   *Facts
	err     error
	late    error     // why the facts could not be refreshed
	at      time.Time // of facts or err
	due     time.Time // when the vault is to be asked again
	pending *call
}

// call is a fetch under way. Those who wait for it read its own answer, which is
// set before done is closed: the slot may be another's by then.
type call struct {
	done   chan struct{}
	answer Answer
	err    error // of this call, where the answer is what was known before
}

// New makes a memory in front of a reader.
func New(reader vault.Reader, opt Options) *Memory {
	opt = opt.withDefaults()
	return &Memory{reader: reader, opt: opt, known: map[vault.Ref]*slot{}, budgets: map[string]*budget{}, listings: map[vault.Ref]*listing{}}
}

// Answer is what is known of one reference: facts, or an error that wraps
// *vault.Error when the trouble lies outside this process.
type Answer struct {
	Facts *Facts
	Err   error
	// Late is why facts that stand could not be refreshed when that was last tried.
	Late error
}

// Look answers for every reference, in order. What is remembered costs no call;
// the rest is fetched in parallel until the context ends.
func (m *Memory) Look(ctx context.Context, refs []vault.Ref) []Answer {
	return m.look(ctx, refs, m.opt.UsableFor)
}

// LookAgain answers with what the vault says now: only what was learnt a moment
// ago is taken from memory. Through an outage known facts stand.
func (m *Memory) LookAgain(ctx context.Context, refs []vault.Ref) []Answer {
	return m.look(ctx, refs, moment)
}

// moment is how long ago is now, for somebody who mended a secret and tries
// again.
const moment = 2 * time.Second

func (m *Memory) look(ctx context.Context, refs []vault.Ref, maxAge time.Duration) []Answer {
	answers := make([]Answer, len(refs))
	waits := make([]*call, len(refs))
	cold := 0
	m.mu.Lock()
	for i, ref := range refs {
		s, fresh := m.find(key(ref))
		recent := m.opt.Now().Sub(s.at) < maxAge
		switch {
		case recent && (fresh || s.facts != nil):
			answers[i] = Answer{s.facts, s.err, s.late}
			m.answers.count(fresh)
		case cold >= m.opt.ColdLimit && s.pending == nil:
			answers[i].Err = &vault.Error{Ref: ref, Reason: vault.Throttled,
				Message: fmt.Sprintf("not fetched: a single request fetches at most %d secrets not seen before", m.opt.ColdLimit)}
			m.answers.Refused++
			continue
		default:
			waits[i] = m.fetch(key(ref), s, false)
			cold++
			m.answers.Fetched++
			continue
		}
		if !fresh {
			m.fetch(key(ref), s, false) // served as it is, and refreshed
		}
	}
	m.mu.Unlock()
	// Whoever asks needs time to judge without the vault, and perhaps to ask again.
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/2)
		defer cancel()
	}
	for i, c := range waits {
		if c != nil {
			answers[i] = c.await(ctx, refs[i])
		}
	}
	return answers
}

// key folds case, as Key Vault does.
func key(r vault.Ref) vault.Ref {
	r.Vault, r.Name = strings.ToLower(r.Vault), strings.ToLower(r.Name)
	return r
}

// find returns the slot of a reference, made if need be, and whether it can be
// served as it is. Facts past their use are dropped.
func (m *Memory) find(k vault.Ref) (s *slot, fresh bool) {
	s = m.known[k]
	if s == nil {
		m.makeRoom()
		s = &slot{}
		m.known[k] = s
		return s, false
	}
	now := m.opt.Now()
	if s.facts != nil && now.Sub(s.facts.Seen) >= m.opt.UsableFor {
		s.facts, s.late = nil, nil
	}
	if now.Before(s.due) && (s.facts != nil || s.err != nil) {
		return s, true
	}
	s.err = nil
	return s, false
}

// makeRoom drops some slot that nobody waits for; which one does not matter,
// since a dropped fact costs one call.
func (m *Memory) makeRoom() {
	if len(m.known) < m.opt.Max {
		return
	}
	for k, s := range m.known {
		if s.pending == nil {
			delete(m.known, k)
			return
		}
	}
}

// fetch starts a call for the slot unless one is under way. It takes the call from
// the vault's budget unless that was done.
func (m *Memory) fetch(k vault.Ref, s *slot, paid bool) *call {
	if s.pending != nil {
		return s.pending
	}
	c := &call{done: make(chan struct{})}
	s.pending = c
	go func() {
		places := m.budgetOf(k.Vault).places // a vault that does not answer takes no other's
		places <- struct{}{}
		defer func() { <-places }()
		ctx, cancel := context.WithTimeout(context.Background(), m.opt.Timeout)
		defer cancel()
		facts, err := m.get(ctx, k, paid)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.learn(s, facts, err)
		s.pending = nil
		c.answer, c.err = Answer{s.facts, s.err, s.late}, err
		close(c.done)
	}()
	return c
}

// get contains a panic of a reader or a decoder: it is one secret's trouble, and
// this goroutine is nobody's request.
func (m *Memory) get(ctx context.Context, k vault.Ref, paid bool) (facts *Facts, err error) {
	defer func() {
		if recover() != nil {
			facts, err = nil, fmt.Errorf("read vault secret %s: storewarden met a defect of its own", k)
		}
	}()
	secret, asked, err := m.read(ctx, k, paid)
	if err != nil {
		return nil, err
	}
	return learned(secret, asked) // an answer is no newer than its question
}

// Get reads a secret with its value, which is not kept, within the vault's budget. It
// is for whoever must write the value on.
func (m *Memory) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, m.opt.Timeout)
	defer cancel()
	s, _, err := m.read(ctx, ref, false)
	return s, err
}

// read makes a call, unless the vault wants to be left alone. It takes it from the
// vault's budget unless that was done. It tells when the vault was asked.
func (m *Memory) read(ctx context.Context, ref vault.Ref, paid bool) (s vault.Secret, asked time.Time, err error) {
	name := key(ref).Vault
	b := m.budgetOf(name)
	if pause := b.paused(m.opt.Now()); pause > 0 {
		return s, asked, &vault.Error{Ref: ref, Reason: vault.Throttled, Code: "Throttled", RetryAfter: pause, Message: "not fetched: the vault throttles, and asked to be left alone for a while"}
	}
	if !paid {
		if err := b.wait(ctx, false, m.opt.Now); err != nil {
			return s, asked, &vault.Error{Ref: ref, Reason: vault.Throttled, Message: "not fetched: more calls to this vault are due than its budget allows", Err: err}
		}
	}
	asked = m.opt.Now()
	s, err = m.reader.Get(ctx, ref)
	m.observe(name, "get", err)
	return s, asked, err
}

// Forget drops all that is known, since the vault behind it is another one now.
// Those who wait for an answer get it.
func (m *Memory) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.known)
}

// budgetOf is the budget of a vault, by its name in lower case.
func (m *Memory) budgetOf(name string) *budget {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.budgets[name]
	if b == nil {
		b = newBudget(m.opt.Budget, m.opt.Parallel)
		m.budgets[name] = b
	}
	return b
}

// observe takes the outcome of a call to a vault.
func (m *Memory) observe(name, operation string, err error) {
	var e *vault.Error
	reason := vault.Reason("")
	if errors.As(err, &e) {
		reason = e.Reason
		m.budgetOf(name).learn(e, m.opt.Now())
	} else if err != nil {
		reason = "Defect"
	}
	m.opt.Observe(name, operation, reason)
}

// learn keeps good facts through an error that says nothing about the secret: a
// vault that cannot be reached has not changed what it holds.
func (m *Memory) learn(s *slot, facts *Facts, err error) {
	s.at = m.opt.Now()
	if err == nil {
		s.facts, s.err, s.late, s.due = facts, nil, nil, s.at.Add(m.opt.FreshFor)
		return
	}
	s.due = s.at.Add(m.opt.ErrorFor)
	switch reason, _ := vault.ReasonOf(err); reason {
	case vault.NotFound, vault.SoftDeleted, vault.Disabled:
		s.facts, s.err, s.late = nil, err, nil
	default:
		if s.facts == nil {
			s.err = err
		} else {
			s.late = err
		}
	}
}

func (c *call) await(ctx context.Context, ref vault.Ref) Answer {
	select {
	case <-c.done:
		return c.answer
	case <-ctx.Done():
		return Answer{Err: &vault.Error{Ref: ref, Reason: vault.Timeout, Message: "the vault did not answer within the time for this request", Err: ctx.Err()}}
	}
}
