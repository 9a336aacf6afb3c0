package warm

import (
	"slices"
	"strings"
	"time"
)

// Answers counts how references were answered since the start.
type Answers struct {
	Fresh   uint64 // from memory, without a call
	Stale   uint64 // from memory, and asked again behind the answer
	Fetched uint64 // by a call that the asker waited for
	Refused uint64 // not at all: too many were new in one request
}

func (a *Answers) count(fresh bool) {
	if fresh {
		a.Fresh++
		return
	}
	a.Stale++
}

// Stats is what a Memory holds at one moment.
type Stats struct {
	Answers Answers
	Vaults  []VaultStats // by name
}

// VaultStats is what is held of one vault.
type VaultStats struct {
	Vault   string
	Facts   int       // references whose secret is known
	Trouble int       // references that ended in an error
	Oldest  time.Time // of the facts, when they were last known to be so; zero without any
	// Paused is for how long the vault, which throttles, is still left alone.
	Paused time.Duration
	// Rate is how many calls a second are allowed at present.
	Rate float64
}

// Stats tells what is held.
func (m *Memory) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	byVault := map[string]*VaultStats{}
	for name, b := range m.budgets {
		byVault[name] = &VaultStats{Vault: name, Paused: max(0, b.paused(m.opt.Now())), Rate: float64(b.limiter.Limit())}
	}
	for k, s := range m.known {
		v := byVault[k.Vault]
		switch {
		case v == nil: // not asked yet
		case s.facts != nil:
			v.Facts++
			if v.Oldest.IsZero() || s.facts.Seen.Before(v.Oldest) {
				v.Oldest = s.facts.Seen
			}
		case s.err != nil:
			v.Trouble++
		}
	}
	stats := Stats{Answers: m.answers, Vaults: []VaultStats{}}
	for _, v := range byVault {
		stats.Vaults = append(stats.Vaults, *v)
	}
	slices.SortFunc(stats.Vaults, func(a, b VaultStats) int { return strings.Compare(a.Vault, b.Vault) })
	return stats
}
