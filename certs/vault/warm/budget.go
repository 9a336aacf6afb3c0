package warm

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/storewarden/storewarden/certs/vault"
)

// window is the time that Key Vault counts its 4,000 calls in.
const window = 10 * time.Second

// budget bounds the calls to one vault. Others use the same vault too, and what
// it is asked for in vain it does not answer them. A vault that throttles is left
// alone as long as it asks for, and asked less from then on.
type budget struct {
	places  chan struct{} // one for each fetch under way
	full    rate.Limit    // calls a second
	limiter *rate.Limiter

	mu      sync.Mutex
	until   time.Time     // left alone
	backoff time.Duration // the next pause, where the vault names none
}

// The pauses for a vault that throttles and does not say for how long.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

func newBudget(calls, parallel int) *budget {
	full := rate.Limit(float64(calls) / window.Seconds())
	return &budget{places: make(chan struct{}, parallel), full: full, limiter: rate.NewLimiter(full, calls), backoff: firstPause}
}

// paused is how long the vault is still to be left alone.
func (b *budget) paused(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until.Sub(now)
}

// wait takes one call. In the background it leaves half of the budget to those
// who have a deadline.
func (b *budget) wait(ctx context.Context, background bool, now func() time.Time) error {
	for background {
		pause := b.paused(now())
		if half := float64(b.limiter.Burst()) / 2; pause <= 0 && b.limiter.Tokens() < half {
			pause = time.Duration((half - b.limiter.Tokens()) / float64(b.limiter.Limit()) * float64(time.Second))
		}
		if pause <= 0 {
			break
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
	return b.limiter.Wait(ctx)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// learn takes the outcome of a call.
func (b *budget) learn(err *vault.Error, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil || err.Reason != vault.Throttled {
		return
	}
	if now.Before(b.until) {
		return // one of several that were under way
	}
	pause := err.RetryAfter
	if pause <= 0 {
		pause = b.backoff
	}
	pause = min(pause, longestPause)
	b.until, b.backoff = now.Add(pause), min(2*b.backoff, longestPause)
	b.limiter.SetLimit(max(b.limiter.Limit()/2, b.full/16))
}

// recover gives back some of what throttling took, after a cycle without it.
func (b *budget) recover(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !now.Before(b.until) {
		b.backoff = firstPause
		b.limiter.SetLimit(min(b.limiter.Limit()*5/4, b.full))
	}
}

// idle reports whether nothing is lost when the budget is made anew.
func (b *budget) idle(now time.Time) bool {
	return b.paused(now) <= 0 && b.limiter.TokensAt(now) >= float64(b.limiter.Burst())
}
