package hand

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs/vault"
)

// Candidate is a secret of the vault, judged for a store.
type Candidate struct {
	Secret string `json:"secret"`
	Key    string `json:"key"` // that it would get, or has
	Card   Card   `json:"card"`
	// Already is whether the store has it.
	Already bool `json:"already"`
	// Suits is whether it could be added; Why says why not, or what to know.
	Suits bool     `json:"suits"`
	Why   []Notice `json:"why"`
}

// Candidates lists what the store's vault holds, each judged as if it alone were added;
// those that suit come first. The client store takes a certificate and its key together,
// so that there each is judged as it is and the pair when it is planned.
func (h *Hand) Candidates(ctx context.Context, namespace, nameOrRole string) ([]Candidate, error) {
	if h.opt.Vault == nil {
		return nil, errors.New("no vault is given: set vault.kind in the configuration, or --vault azure")
	}
	v, s, err := h.find(ctx, namespace, nameOrRole)
	if err != nil {
		return nil, err
	}
	class, err := h.classFor(ctx, v, s, "")
	if err != nil {
		return nil, err
	}
	names, err := h.listVault(ctx, class.SPC.Vault.Value)
	if err != nil {
		return nil, err
	}
	out := []Candidate{}
	for _, name := range names {
		c, err := h.candidate(ctx, v, s, name)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	rank := func(c Candidate) int {
		switch {
		case c.Suits && !c.Already:
			return 0
		case c.Already:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b Candidate) int { return rank(a) - rank(b) })
	return out, nil
}

func (h *Hand) listVault(ctx context.Context, name string) ([]string, error) {
	var names []string
	pages := h.opt.Vault.List(vault.Ref{Vault: name})
	for more := true; more; {
		page, next, err := pages.Next(ctx)
		if err != nil {
			return nil, withRemedy(err)
		}
		for _, p := range page {
			names = append(names, p.Name)
		}
		more = next
	}
	slices.Sort(names)
	return names, nil
}

func (h *Hand) candidate(ctx context.Context, v *view, s *seen, name string) (Candidate, error) {
	c := Candidate{Secret: name, Card: emptyCard(), Why: []Notice{}}
	for key, ref := range s.refs {
		if strings.EqualFold(ref.Name, name) {
			c.Key, c.Already = key, true
		}
	}
	if b := s.bundles[c.Key]; c.Already && b != nil {
		c.Card, c.Suits = CardOf(b), true
		return c, nil
	}
	p, err := h.planAdd(ctx, v, s, AddRequest{Items: []Item{{Secret: name}}})
	if err != nil {
		if ctx.Err() != nil {
			return c, err
		}
		c.Why = append(c.Why, Notice{About: name, Text: err.Error(), Remedy: remedyOf(err)})
		return c, nil
	}
	c.Key, c.Card, c.Suits = p.Items[0].Key, p.Items[0].Card, !p.Refused()
	c.Why = append(append(c.Why, p.Refusals...), p.Warnings...)
	return c, nil
}
