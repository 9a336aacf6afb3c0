package main

import (
	"fmt"
	"io"
	"time"
)

// progress says how far a long audit is. Whoever waits less than two seconds sees
// nothing of it.
type progress struct {
	w     io.Writer
	now   func() time.Time
	did   string // judged
	what  string // objects
	total int
	count int
	start time.Time
	last  time.Time // shown; zero for never
}

const (
	progressAfter = 2 * time.Second
	progressEvery = 200 * time.Millisecond
)

// newProgress shows progress on a terminal only: a log wants no such lines.
func newProgress(w io.Writer, total int) *progress {
	if !isTerminal(w) {
		w = io.Discard
	}
	return startProgress(w, total, time.Now)
}

// startProgressOf is newProgress in other words.
func startProgressOf(w io.Writer, did, what string, total int) *progress {
	p := newProgress(w, total)
	p.did, p.what = did, what
	return p
}

func startProgress(w io.Writer, total int, now func() time.Time) *progress {
	return &progress{w: w, now: now, did: "judged", what: "objects", total: total, start: now()}
}

// step counts an object.
func (p *progress) step() {
	p.count++
	if now := p.now(); now.Sub(p.start) > progressAfter && now.Sub(p.last) > progressEvery {
		p.last = now
		fmt.Fprintf(p.w, "\r%s %d of %d %s", p.did, p.count, p.total, p.what)
	}
}

// done clears the line, so that the report stands alone.
func (p *progress) done() {
	if !p.last.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
