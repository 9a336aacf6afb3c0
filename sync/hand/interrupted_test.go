package hand_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/sync/hand"
	"github.com/storewarden/storewarden/test/certtest"
)

var errKilled = errors.New("killed")

// stopAt stops before or after the n-th write, and tells whether it came to that.
func (p *plant) stopAt(n int) (stopped func() bool) {
	seen, hit := 0, false
	p.stop = func(_ string, _ bool) error {
		if seen++; seen == n+1 {
			hit = true
			return errKilled
		}
		return nil
	}
	return func() bool { return hit }
}

// A run that ends at any instant, before a write or after it and before its answer, leaves
// nothing that the judge denies, the sync controller goes on working, and the same request
// planned anew finishes it.
func TestInterruptedAdd(t *testing.T) {
	c := server(t, "own")
	key := certtest.Must(c.Key.PEM(certtest.PKCS8))(t)
	req := hand.AddRequest{Store: "client", Items: []hand.Item{{File: "own.der", Data: c.DER}, {File: "own.pem", Data: key}}}
	n := 0
	for ; ; n++ {
		p := newPlant(t)
		p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
		must(t, p.sse.Sync(t.Context(), p.ns, trust))
		stopped := p.stopAt(n)
		plan, err := p.hand.PlanAdd(t.Context(), req)
		must(t, err)
		err = p.hand.Apply(t.Context(), plan, nil)
		if !stopped() {
			must(t, err)
			break
		}
		if !errors.Is(err, errKilled) && !strings.Contains(fmt.Sprint(err), errKilled.Error()) {
			t.Fatalf("instant %d: %v", n, err)
		}
		p.unharmed(n, "press-1-der>press-1.der")
		p.stop = func(string, bool) error { return nil }
		again, err := p.hand.PlanAdd(t.Context(), req)
		must(t, err)
		if again.Refused() {
			t.Fatalf("instant %d: a second run is refused: %+v", n, again.Refusals)
		}
		must(t, p.hand.Apply(t.Context(), again, nil))
		if got := p.mappings(own); got != "own-der>own.der own-pem>own.pem" || strings.Count(p.objects(), "objectName") != 3 {
			t.Fatalf("instant %d: mappings %s, objects %q", n, got, p.objects())
		}
		must(t, p.sse.Sync(t.Context(), p.ns, own))
	}
	if n != 8 { // two secrets, the class and the SecretSync, before and after each
		t.Errorf("%d instants, want 8", n)
	}
}

func TestInterruptedRemove(t *testing.T) {
	req := hand.RemoveRequest{Store: "trust", Keys: []string{"oven-1.der"}, Purge: true}
	for name, last := range map[string]bool{"one of two keys": false, "the last key": true} {
		t.Run(name, func(t *testing.T) {
			n := 0
			for ; ; n++ {
				p := newPlant(t)
				c := server(t, "own")
				p.add("client", hand.Item{File: "own.der", Data: c.DER}, hand.Item{File: "own.pem", Data: certtest.Must(c.Key.PEM(certtest.PKCS8))(t)})
				stay := ""
				if !last {
					p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
					stay = "press-1-der>press-1.der"
				}
				p.add("trust", hand.Item{File: "oven-1.der", Data: server(t, "oven-1").DER, Secret: "of-the-oven"})
				must(t, p.sse.Sync(t.Context(), p.ns, own))
				stopped := p.stopAt(n)
				plan := p.planRemove(req)
				err := p.hand.Apply(t.Context(), plan, nil)
				if !stopped() {
					must(t, err)
					break
				}
				p.unharmed(n, stay)
				p.stop = func(string, bool) error { return nil }
				again, err := p.hand.PlanRemove(t.Context(), req)
				switch {
				case err != nil && n < 11: // after the last write all is done
					t.Fatalf("instant %d: %v", n, err)
				case err == nil:
					if again.Refused() {
						t.Fatalf("instant %d: a second run is refused: %+v", n, again.Refusals)
					}
					must(t, p.hand.Apply(t.Context(), again, nil))
				}
				p.removed(n, stay)
			}
			if n != 12 { // the note, the mapping, the entry, delete, purge and the note
				t.Errorf("%d instants, want 12", n)
			}
		})
	}
}

// removed checks that nothing of oven-1 is left.
func (p *plant) removed(n int, stay string) {
	p.t.Helper()
	if got := p.mappings(trust); got != stay {
		p.t.Fatalf("instant %d: mappings %s, want %s", n, got, stay)
	}
	u := p.get(store.SecretProviderClassAPI, store.KindSecretProviderClass, class)
	if len(u.GetAnnotations()) != 0 || strings.Contains(p.objects(), "of-the-oven") {
		p.t.Fatalf("instant %d: annotations %v, objects %q", n, u.GetAnnotations(), p.objects())
	}
	_, err := p.sse.Vault.Get(p.t.Context(), vault.Ref{Vault: kvName, Name: "of-the-oven"})
	if reason, _ := vault.ReasonOf(err); reason != vault.NotFound {
		p.t.Fatalf("instant %d: the secret: %v", n, err)
	}
}

// unharmed checks that nothing is denied, and that the sync controller still takes what it
// took before.
func (p *plant) unharmed(n int, had string) {
	p.t.Helper()
	if got := p.denied(); len(got) != 0 {
		p.t.Fatalf("instant %d: denied %q", n, got)
	}
	for _, name := range []string{trust, issuer, own} {
		if p.mappings(name) != "" {
			if err := p.sse.Sync(p.t.Context(), p.ns, name); err != nil {
				p.t.Fatalf("instant %d: the sync controller: %v", n, err)
			}
		}
	}
	if !strings.Contains(p.mappings(trust), had) {
		p.t.Fatalf("instant %d: mappings %s lost %s", n, p.mappings(trust), had)
	}
}
