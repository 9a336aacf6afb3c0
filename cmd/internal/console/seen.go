package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/storewarden/storewarden/sync/hand"
)

// seenFor is how long pages show what was read: reading a plant takes a call for each
// object and vault secret, and a person who searches asks with every letter.
const seenFor = 30 * time.Second

// seen is what was read of the cluster last.
type seen struct {
	now    func() time.Time
	mu     sync.Mutex
	stores []hand.Store
	at     time.Time
}

// forget makes the next page read the cluster.
func (s *seen) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Time{}
}

// read gives the stores and when they were read. Whoever asks while they are being read
// waits for that. They are shared: nobody may write to them.
func (s *seen) read(ctx context.Context, from Stores) ([]hand.Store, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() || s.now().Sub(s.at) > seenFor {
		at := s.now()
		stores, err := from.Stores(ctx)
		if err != nil {
			return nil, time.Time{}, err
		}
		s.stores, s.at = stores, at
	}
	return s.stores, s.at, nil
}

// refresh reads the cluster anew, and goes back to where the person was.
func (c *Console) refresh(w http.ResponseWriter, r *http.Request, _ *session) error {
	c.seen.forget()
	http.Redirect(w, r, localPath(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}

// localPath is a path of this console, whatever a form says.
func localPath(s string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n") {
		return "/"
	}
	return s
}

// storeAt finds the store that a query or a form names as namespace/name.
func (c *Console) storeAt(ctx context.Context, at string) (hand.Store, time.Time, error) {
	all, seen, err := c.seen.read(ctx, c.opt.Stores)
	if err != nil {
		return hand.Store{}, seen, err
	}
	i := slices.IndexFunc(all, func(s hand.Store) bool { return s.Namespace+"/"+s.Name == at })
	if i < 0 {
		return hand.Store{}, seen, &trouble{http.StatusNotFound, "There is no store " + at + ".", "Choose one under Stores."}
	}
	return all[i], seen, nil
}
