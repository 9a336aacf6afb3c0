package hand

import (
	"context"
	"errors"
	"fmt"
)

// write does one step; it may be called again after it was done.
type write func(ctx context.Context) error

// ErrRefused is returned for a plan that has refusals.
var ErrRefused = errors.New("the plan is refused")

// Apply runs the steps that are not done, in order, and stops at the first that fails.
// The same plan may be applied again, and marks its steps as done; so may one that is
// made anew from the same request, which is the better way after a conflict. told may be
// nil; it is called on the caller's goroutine. Time may have passed since the plan was
// made: what speaks against it by now stops it before the first step.
func (h *Hand) Apply(ctx context.Context, p *Plan, told func(Progress)) error {
	if p.Refused() {
		return fmt.Errorf("%w: %s", ErrRefused, p.Refusals[0].Text)
	}
	if p.again != nil && p.Pending() > 0 {
		now, err := p.again(ctx)
		if err != nil {
			return fmt.Errorf("look once more before the first step: %w", err)
		}
		if now.Refused() {
			return fmt.Errorf("since the plan was made, this came to speak against it: %s; plan again", now.Refusals[0].Text)
		}
	}
	if told == nil {
		told = func(Progress) {}
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Done {
			continue
		}
		told(Progress{Step: i})
		err := ctx.Err()
		if err == nil {
			err = s.do(ctx)
		}
		told(Progress{Step: i, Ended: true, Err: err})
		if err != nil {
			return fmt.Errorf("%s: %w", s.Object, err)
		}
		s.Done = true
	}
	return nil
}
