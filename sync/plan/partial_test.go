package plan_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/sync/plan"
)

// The first source of a key counts, however many there are.
func TestTheFirstCountsAmongMany(t *testing.T) {
	for n := range 300 {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		var wishes []plan.Wish
		add := func(source, key, value string) {
			wishes = append(wishes, plan.Wish{Key: key, Source: source, Value: store.Value(value), Digest: plan.Digest([]byte(value))})
		}
		at := r.IntN(n + 1)
		for i := range n {
			if i == at {
				add("first", "m.der", "one")
			}
			add("x", fmt.Sprintf("%c%03d.der", 'a'+rune(r.IntN(26)), i), "v")
		}
		if at == n {
			add("first", "m.der", "one")
		}
		add("second", "m.der", "two")
		p := plan.New(wishes, plan.Actual{}, plan.Options{Role: store.RoleIssuer})
		if string(p.Data["m.der"]) != "one" {
			t.Errorf("with %d others the second counts", n)
		}
	}
}
