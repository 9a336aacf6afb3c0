package warm

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/storewarden/storewarden/certs/vault"
)

// RefreshOptions are what Refresh needs; zero values mean the defaults, but for
// Lister and Wanted.
type RefreshOptions struct {
	Lister vault.Lister
	// Wanted are the references that facts are kept for, in any order.
	Wanted func() []vault.Ref
	// Listed are vaults whose listing is kept for Memory.List, by their references
	// alone; nil keeps none.
	Listed func() []vault.Ref
	// Done is called after each cycle; nil calls nobody.
	Done func()
	// Soon begins the next cycle at once; nil is silent.
	Soon <-chan struct{}
	// Every is the time between the ends and the starts of cycles. It must be
	// shorter than the memory's FreshFor, or admission asks the vault meanwhile.
	Every time.Duration // default 5 minutes
	Log   *slog.Logger  // default: none
}

// perPage is how many secrets one call of a listing tells of.
const perPage = 25

// Refresh keeps the facts of what is wanted current until the context ends. Each
// cycle lists a vault and gets only what changed; where fewer secrets are wanted
// than the listing has pages, or where the identity may not list, it gets each.
// Trouble with a vault is logged and leaves its facts as they are.
func (m *Memory) Refresh(ctx context.Context, o RefreshOptions) error {
	if o.Every == 0 {
		o.Every = 5 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &refresher{RefreshOptions: o, m: m, vaults: map[vault.Ref]*listed{}}
	// Many clusters start together after an outage; they must not ask together.
	for pause := time.Duration(rand.Int64N(int64(min(o.Every, 30*time.Second)))); ; pause = o.Every*9/10 + time.Duration(rand.Int64N(int64(o.Every/5+1))) {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-o.Soon:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		r.cycle(ctx)
	}
}

// Cycle returns what runs one cycle after another when it is called, for commands and
// tests that cannot wait for Refresh.
func Cycle(m *Memory, o RefreshOptions) func(context.Context) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &refresher{RefreshOptions: o, m: m, vaults: map[vault.Ref]*listed{}}
	return r.cycle
}

// refresher lives for one Refresh.
type refresher struct {
	RefreshOptions
	m *Memory

	mu     sync.Mutex
	vaults map[vault.Ref]*listed // by vault and identity
}

// listed is what the last listing of a vault was like.
type listed struct {
	secrets int
	// refused is when listing was not permitted.
	refused time.Time
}

// again is when a listing that was not permitted is tried once more.
const again = time.Hour

func (r *refresher) cycle(ctx context.Context) {
	byVault := map[vault.Ref][]vault.Ref{}
	seen := map[vault.Ref]bool{}
	for _, ref := range r.Wanted() {
		if k := key(ref); !seen[k] && vault.Check(k) == nil {
			seen[k] = true
			byVault[k.InVault()] = append(byVault[k.InVault()], k)
		}
	}
	r.m.forget(seen)
	keep := map[vault.Ref]bool{}
	if r.Listed != nil {
		for _, of := range r.Listed() {
			if of = key(of).InVault(); vault.ValidVault(of.Vault) {
				keep[of] = true
				if byVault[of] == nil {
					byVault[of] = []vault.Ref{}
				}
			}
		}
	}
	r.m.keepListings(keep)
	r.mu.Lock()
	maps.DeleteFunc(r.vaults, func(of vault.Ref, _ *listed) bool { return byVault[of] == nil })
	r.mu.Unlock()
	var g errgroup.Group
	g.SetLimit(8)
	for of, refs := range byVault {
		g.Go(func() error {
			if err := r.refresh(ctx, of, refs, keep[of]); err != nil && ctx.Err() == nil {
				r.Log.Warn("a vault could not be refreshed; what is known of it stands", "vault", of.Vault, "as", of.As.String(), "error", err)
			}
			return nil
		})
	}
	_ = g.Wait()
	if r.Done != nil {
		r.Done()
	}
}

// refresh brings the facts of one vault, as one identity sees it, up to date.
func (r *refresher) refresh(ctx context.Context, of vault.Ref, refs []vault.Ref, keep bool) error {
	there, err := r.list(ctx, of, len(refs), keep)
	if keep {
		r.m.setListing(of, there, err)
	}
	if err != nil {
		return err
	}
	var stale []vault.Ref
	for _, ref := range refs {
		if p, ok := there[ref.Name]; !r.m.unchanged(ref, there != nil, ok, p) {
			stale = append(stale, ref)
		}
	}
	if err := r.get(ctx, of.Vault, stale); err != nil {
		return err
	}
	r.m.budgetOf(of.Vault).recover(r.m.opt.Now())
	return nil
}

// list is the vault's listing by name in lower case; nil where to get each
// secret that is wanted costs less, or listing is not permitted.
func (r *refresher) list(ctx context.Context, of vault.Ref, wanted int, always bool) (map[string]vault.Properties, error) {
	r.mu.Lock()
	last := r.vaults[of]
	if last == nil {
		last = &listed{}
		r.vaults[of] = last
	}
	r.mu.Unlock()
	now := r.m.opt.Now()
	if !always && (wanted*perPage <= last.secrets || !last.refused.IsZero() && now.Sub(last.refused) < again) {
		return nil, nil
	}
	there := map[string]vault.Properties{}
	pages := r.Lister.List(of)
	for more := true; more; {
		var page []vault.Properties
		err := r.m.budgetOf(of.Vault).wait(ctx, true, r.m.opt.Now)
		if err == nil {
			page, more, err = r.next(ctx, pages)
			r.m.observe(of.Vault, "list", err)
		}
		if reason, _ := vault.ReasonOf(err); reason == vault.Forbidden {
			last.refused = now
			r.Log.Info("the identity may not list this vault; each secret is read instead", "vault", of.Vault, "as", of.As.String())
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			there[key(vault.Ref{Name: p.Name}).Name] = p
		}
	}
	last.secrets, last.refused = len(there), time.Time{}
	return there, nil
}

func (r *refresher) next(ctx context.Context, pages vault.Pages) ([]vault.Properties, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, r.m.opt.Timeout)
	defer cancel()
	return pages.Next(ctx)
}

// errPause ends a cycle for a vault that wants to be left alone.
var errPause = errors.New("the vault throttles: the rest is read in the next cycle")

// get reads what is stale, some at a time, until the vault does not answer.
func (r *refresher) get(ctx context.Context, name string, stale []vault.Ref) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, r.m.opt.Parallel/4)) // the rest is for those who have a deadline
	for _, ref := range stale {
		g.Go(func() error {
			if err := r.m.budgetOf(name).wait(ctx, true, r.m.opt.Now); err != nil {
				return err
			}
			r.m.mu.Lock()
			s, _ := r.m.find(ref)
			c := r.m.fetch(ref, s, true)
			r.m.mu.Unlock()
			select {
			case <-c.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			switch reason, _ := vault.ReasonOf(c.err); reason {
			case "", vault.NotFound, vault.SoftDeleted, vault.Disabled, vault.Forbidden, vault.ServerError:
				return nil // of this secret; "" is also a defect of our own, or of a file
			case vault.Throttled:
				return errPause
			}
			return c.err
		})
	}
	return g.Wait()
}

// settled is how long after a change a listing can tell the next one: it counts
// whole seconds.
const settled = 2 * time.Second

// unchanged reports whether what is remembered of a reference still holds, as far
// as a listing tells, and if so marks it as seen now. Without a listing facts hold
// for half of the time that they are fresh.
func (m *Memory) unchanged(ref vault.Ref, listed, there bool, p vault.Properties) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, now := m.known[ref], m.opt.Now()
	if s == nil || s.facts == nil && s.err == nil {
		return false
	}
	if ref.Version != "" { // it never changes, but may be disabled
		return s.facts != nil && now.Sub(s.facts.Seen) < m.opt.UsableFor/2
	}
	if !listed {
		return false
	}
	reason, _ := vault.ReasonOf(s.err)
	switch {
	case s.facts != nil:
		if !there || !p.Enabled || !p.Updated.Equal(s.facts.Updated) || s.facts.fetched.Sub(p.Updated) < settled {
			return false
		}
		f := *s.facts // others may hold the one that is replaced
		f.Seen = now
		s.facts, s.late = &f, nil
	case !there && (reason == vault.NotFound || reason == vault.SoftDeleted):
	case there && !p.Enabled && reason == vault.Disabled:
	default:
		return false
	}
	s.at, s.due = now, now.Add(m.opt.FreshFor)
	return true
}

// forget drops what is wanted no longer and was not asked for since a while, and
// the budgets of vaults of which nothing is left.
func (m *Memory) forget(wanted map[vault.Ref]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.opt.Now()
	for k, s := range m.known {
		if !wanted[k] && s.pending == nil && now.Sub(s.at) >= m.opt.UsableFor {
			delete(m.known, k)
		}
	}
	used := map[string]bool{}
	for k := range m.known {
		used[k.Vault] = true
	}
	for name, b := range m.budgets {
		if !used[name] && b.idle(now) {
			delete(m.budgets, name)
		}
	}
}
