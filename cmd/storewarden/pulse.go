package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// A process lives while it can still judge: a lock that is never given back, or rules
// that never end, are no life, though a port answers. What it needs from outside, such
// as the vault or the API server, says nothing of that.
const (
	beatEvery = 10 * time.Second
	beatLimit = time.Minute
)

// pulse has a judge give the self-test's verdict again and again.
type pulse struct {
	check func() error
	last  atomic.Int64 // nanoseconds
	now   func() time.Time
}

func newPulse(now func() time.Time, check func() error) *pulse {
	p := &pulse{check: check, now: now}
	p.last.Store(now().UnixNano())
	return p
}

// Run beats until the context ends.
func (p *pulse) Run(ctx context.Context) error {
	for {
		if p.check() == nil {
			p.last.Store(p.now().UnixNano())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(beatEvery):
		}
	}
}

// alive is an error where no verdict was given for too long.
func (p *pulse) alive() error {
	if ago := p.now().Sub(time.Unix(0, p.last.Load())); ago > beatLimit {
		return fmt.Errorf("no self-test ended well for %s", ago.Round(time.Second))
	}
	return nil
}
