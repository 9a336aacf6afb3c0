package warm

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/storewarden/storewarden/certs/vault"
)

// listing is the last one of a vault that was read to its end.
type listing struct {
	secrets []vault.Properties // by name
	at      time.Time
	err     error // of a later attempt
}

// List is what a vault of RefreshOptions.Listed held when it was last listed to its
// end; it makes no call. It is an error while nothing is known, and when what is known
// is older than UsableFor.
func (m *Memory) List(_ context.Context, of vault.Ref) ([]vault.Properties, error) {
	of = key(of).InVault()
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.listings[of]
	switch {
	case l != nil && !l.at.IsZero() && m.opt.Now().Sub(l.at) < m.opt.UsableFor:
		return l.secrets, nil
	case l != nil && l.err != nil:
		return nil, l.err
	}
	return nil, &vault.Error{Ref: of, Reason: vault.Timeout, Message: "the vault was not listed yet", Err: ErrNotListed}
}

// ErrNotListed is wrapped where the first listing of a vault is still to come.
var ErrNotListed = errors.New("not listed yet")

// setListing keeps the outcome of a listing; one that failed leaves what is known. No
// listing at all is one that is not permitted.
func (m *Memory) setListing(of vault.Ref, there map[string]vault.Properties, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := &listing{}
	if old := m.listings[of]; old != nil {
		*l = *old
	}
	switch {
	case err != nil:
		l.err = err
	case there == nil:
		l.err = &vault.Error{Ref: of, Reason: vault.Forbidden, Message: "the identity may not list this vault"}
	default:
		l.secrets, l.at, l.err = []vault.Properties{}, m.opt.Now(), nil
		for _, p := range there {
			l.secrets = append(l.secrets, p)
		}
		slices.SortFunc(l.secrets, func(a, b vault.Properties) int { return cmp.Compare(a.Name, b.Name) })
	}
	m.listings[of] = l
}

// keepListings drops those that are kept no longer.
func (m *Memory) keepListings(keep map[vault.Ref]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for of := range m.listings {
		if !keep[of] {
			delete(m.listings, of)
		}
	}
}
