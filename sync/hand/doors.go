package hand

import (
	"context"
	"errors"
)

// Stores tells of every store of the namespaces, by namespace, role and name. What cannot
// be seen is a problem of the store; an error means that the cluster did not answer.
func (h *Hand) Stores(ctx context.Context) ([]Store, error) { return nil, errors.New("not built yet") }

// Store tells of one store, by its Secret's name or by role; namespace "" is the first.
func (h *Hand) Store(ctx context.Context, namespace, nameOrRole string) (Store, error) {
	return Store{}, errors.New("not built yet")
}

// PlanAdd plans to put items into a store; it writes nothing. An error means that no plan
// can be made: what speaks against one that can be made is in its Refusals.
func (h *Hand) PlanAdd(ctx context.Context, req AddRequest) (*Plan, error) {
	return nil, errors.New("not built yet")
}

// PlanRemove plans to take keys out of a store; it writes nothing.
func (h *Hand) PlanRemove(ctx context.Context, req RemoveRequest) (*Plan, error) {
	return nil, errors.New("not built yet")
}

// Candidate is a secret of the vault, judged for a store.
type Candidate struct {
	Secret string `json:"secret"`
	Key    string `json:"key"` // that it would get
	Card   Card   `json:"card"`
	// Already is whether the store has it under some key.
	Already bool `json:"already"`
	// Suits is whether it could be added; Why says why not, or what to know.
	Suits bool     `json:"suits"`
	Why   []Notice `json:"why"`
}

// Candidates lists what the store's vault holds, each judged as if it were added, those
// that suit first.
func (h *Hand) Candidates(ctx context.Context, namespace, nameOrRole string) ([]Candidate, error) {
	return nil, errors.New("not built yet")
}
