package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/sync/plan"
)

const sse = "secrets-store-sync-controller"

func wish(key, value string) plan.Wish {
	return plan.Wish{Key: key, Source: "s", Digest: plan.Digest([]byte(value)), Value: store.Value(value)}
}

func unseen(key string) plan.Wish {
	return plan.Wish{Key: key, Source: "s", Trouble: "NotFound", Message: "gone"}
}

// holds reads "key=value@manager+manager" words.
func holds(words ...string) plan.Actual {
	a := plan.Actual{Exists: true, UID: "u", Data: map[string]store.Value{}, Owners: map[string][]string{}}
	for _, w := range words {
		key, rest, _ := strings.Cut(w, "=")
		value, managers, _ := strings.Cut(rest, "@")
		a.Data[key] = store.Value(value)
		if managers == "" {
			managers = plan.Manager
		}
		a.Owners[key] = strings.Split(managers, "+")
	}
	return a
}

// says writes a plan as words: the data that will be ours, then states.
func says(p plan.Plan) string {
	var out []string
	for _, key := range slices.Sorted(func(yield func(string) bool) {
		for k := range p.Data {
			if !yield(k) {
				return
			}
		}
	}) {
		out = append(out, key+"="+string(p.Data[key]))
	}
	out = append(out, "|")
	for _, e := range p.Entries {
		out = append(out, e.Key+":"+string(e.State))
	}
	if len(p.Remove) > 0 {
		out = append(out, "| remove", strings.Join(p.Remove, ","))
	}
	if len(p.Blocked) > 0 {
		out = append(out, "| blocked", strings.Join(p.Blocked, ","))
	}
	if p.Write {
		out = append(out, "| write")
	}
	return strings.Join(out, " ")
}

func TestPlans(t *testing.T) {
	prune := plan.Options{Role: store.RoleTrust, Prune: true}
	refuse := func(key string) plan.Options {
		return plan.Options{Role: store.RoleTrust, Refused: map[string][]string{key: {"X-01"}}}
	}
	client := func(o plan.Options) plan.Options { o.Role = store.RoleClient; return o }
	ten := []string{"a=1", "b=1", "c=1", "d=1", "e=1", "f=1", "g=1", "h=1", "i=1", "j=1"}
	tests := map[string]struct {
		wishes []plan.Wish
		actual plan.Actual
		o      plan.Options
		want   string
	}{
		"a first fill":                {[]plan.Wish{wish("b", "2"), wish("a", "1")}, plan.Actual{}, plan.Options{}, "a=1 b=2 | a:Synced b:Synced | write"},
		"a second pass":               {[]plan.Wish{wish("a", "1")}, holds("a=1"), plan.Options{}, "a=1 | a:Synced"},
		"a rotation":                  {[]plan.Wish{wish("a", "2")}, holds("a=1"), plan.Options{}, "a=2 | a:Synced | write"},
		"a refused rotation":          {[]plan.Wish{wish("a", "2"), wish("b", "2")}, holds("a=1"), refuse("a"), "a=1 b=2 | a:Held b:Synced | write"},
		"a refused first fill":        {[]plan.Wish{wish("a", "2")}, holds(), refuse("a"), "| a:Held"},
		"unseen":                      {[]plan.Wish{unseen("a"), unseen("b")}, holds("a=1"), prune, "a=1 | a:Missing b:Missing"},
		"another's key":               {[]plan.Wish{wish("a", "2")}, holds("a=1@" + sse), plan.Options{}, "| a:Foreign"},
		"another's key, the same":     {[]plan.Wish{wish("a", "1")}, holds("a=1@" + sse), plan.Options{}, "| a:Foreign"},
		"a key of nobody":             {[]plan.Wish{wish("a", "1")}, plan.Actual{Exists: true, Data: map[string]store.Value{"a": store.Value("1")}}, plan.Options{}, "| a:Foreign"},
		"adopted":                     {[]plan.Wish{adopt(wish("a", "1"))}, holds("a=1@" + sse), plan.Options{}, "a=1 | a:Synced | write"},
		"adopted, no longer there":    {[]plan.Wish{adopt(wish("a", "1"))}, holds("a=1@" + sse + "+storewarden"), plan.Options{}, "a=1 | a:Synced"},
		"not adopted while different": {[]plan.Wish{adopt(wish("a", "2"))}, holds("a=1@" + sse), plan.Options{}, "| a:Foreign"},
		"owned by both, not adopted":  {[]plan.Wish{wish("a", "1")}, holds("a=1@" + sse + "+storewarden"), plan.Options{}, "| a:Foreign | write"},
		"somebody took ours":          {[]plan.Wish{wish("a", "1")}, holds("a=2@kubectl"), plan.Options{}, "| a:Foreign"},
		"others' keys are left alone": {[]plan.Wish{wish("a", "1")}, holds("a=1", "x=9@"+sse, "y=9@kubectl-patch"), prune, "a=1 | a:Synced"},
		"retained":                    {nil, holds("a=1"), plan.Options{}, "a=1 | a:Retained"},
		"one of two goes":             {[]plan.Wish{wish("a", "1")}, holds("a=1", "b=1"), prune, "a=1 | a:Synced | remove b | write"},
		"the last one stays":          {nil, holds("a=1"), prune, "a=1 | a:Retained | blocked a"},
		"the last of ours goes":       {nil, holds("a=1", "x=9@"+sse), prune, "| | remove a | write"},
		"two of ten go":               {wishes("abcdefgh"), holds(ten...), prune, "a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 | a:Synced b:Synced c:Synced d:Synced e:Synced f:Synced g:Synced h:Synced | remove i,j | write"},
		"three of ten stay":           {wishes("abcdefg"), holds(ten...), prune, "a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 | a:Synced b:Synced c:Synced d:Synced e:Synced f:Synced g:Synced h:Retained i:Retained j:Retained | blocked h,i,j"},
		"a source that cannot tell":   {wishes("a"), holds("a=1", "b=1"), plan.Options{Prune: true, NoRemoval: "the vault does not answer"}, "a=1 b=1 | a:Synced b:Retained"},
		"what is chained to stays":    {wishes("a"), holds("a=1", "b=1"), plan.Options{Prune: true, Needed: func(map[string]store.Value) func(string) bool { return func(string) bool { return true } }}, "a=1 b=1 | a:Synced b:Retained"},
		"a pair, whole":               {[]plan.Wish{wish("k.der", "2"), wish("k.pem", "2")}, holds("k.der=1", "k.pem=1"), client(plan.Options{}), "k.der=2 k.pem=2 | k.der:Synced k.pem:Synced | write"},
		"a pair, half refused":        {[]plan.Wish{wish("k.der", "2"), wish("k.pem", "2")}, holds("k.der=1", "k.pem=1"), client(refuse("k.der")), "k.der=1 k.pem=1 | k.der:Held k.pem:Held"},
		"a pair, half unseen":         {[]plan.Wish{unseen("k.der"), wish("k.pem", "2")}, holds("k.der=1", "k.pem=1"), client(plan.Options{}), "k.der=1 k.pem=1 | k.der:Missing k.pem:Held"},
		"a pair, half another's":      {[]plan.Wish{wish("k.der", "2"), wish("k.pem", "2")}, holds("k.der=1@"+sse, "k.pem=1"), client(plan.Options{}), "k.pem=1 | k.der:Foreign k.pem:Held"},
		"a login":                     {[]plan.Wish{wish("username", "2"), unseen("password")}, holds("username=1", "password=1"), client(plan.Options{}), "password=1 username=1 | password:Missing username:Held"},
		"a key wished for twice":      {[]plan.Wish{wish("a", "1"), wish("a", "2")}, holds(), plan.Options{}, "a=1 | a:Synced | write"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p := plan.New(tc.wishes, tc.actual, tc.o)
			if diff := cmp.Diff(tc.want, strings.TrimSpace(says(p))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func adopt(w plan.Wish) plan.Wish { w.Adopt = true; return w }

func wishes(keys string) []plan.Wish {
	var out []plan.Wish
	for _, k := range keys {
		out = append(out, wish(string(k), "1"))
	}
	return out
}

// What the guard keeps back goes once its own hash is given, and no other plan's.
func TestAllowShrink(t *testing.T) {
	a := holds("a=1", "b=1", "c=1")
	p := plan.New(nil, a, plan.Options{Prune: true})
	if len(p.Blocked) != 3 || p.Hash == "" || p.Write {
		t.Fatalf("%+v", p)
	}
	other := plan.New(nil, holds("a=1", "b=2", "c=1"), plan.Options{Prune: true, AllowShrink: p.Hash})
	if len(other.Blocked) != 3 {
		t.Error("the hash of one plan lets another through")
	}
	allowed := plan.New(nil, a, plan.Options{Prune: true, AllowShrink: p.Hash})
	if len(allowed.Blocked) != 0 || len(allowed.Remove) != 3 || !allowed.Write {
		t.Errorf("%+v", allowed)
	}
}

// Over random worlds: a plan never lists another's key, never loses or replaces a
// value but by one that was wished for and not refused, keeps pairs whole, and is
// still once it was carried out.
func TestInvariants(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	roles := []store.Role{store.RoleTrust, store.RoleIssuer, store.RoleClient}
	keys := []string{"a.der", "a.pem", "b.der", "b.crl", "c.der", "d.der", "e.der", "username", "password"}
	for n := range 20_000 {
		a := holds()
		var ws []plan.Wish
		o := plan.Options{Role: roles[n%3], Prune: rnd.IntN(2) == 0, Refused: map[string][]string{}}
		for _, k := range keys {
			if rnd.IntN(2) == 0 {
				a.Data[k] = store.Value(fmt.Sprint(rnd.IntN(3)))
				a.Owners[k] = [][]string{{plan.Manager}, {sse}, {plan.Manager, sse}, nil}[rnd.IntN(4)]
			}
			switch rnd.IntN(4) {
			case 0:
				ws = append(ws, unseen(k))
			case 1, 2:
				w := wish(k, fmt.Sprint(rnd.IntN(3)))
				w.Adopt = rnd.IntN(3) == 0
				ws = append(ws, w)
			}
			if rnd.IntN(4) == 0 {
				o.Refused[k] = []string{"X-01"}
			}
		}
		p := plan.New(ws, a, o)
		wished := map[string]plan.Wish{}
		for _, w := range ws {
			wished[w.Key] = w
		}
		for k, v := range p.Data {
			w, asked := wished[k]
			others := slices.Contains(a.Owners[k], sse) || len(a.Owners[k]) == 0 && a.Data[k] != nil
			if others && !(w.Adopt && string(v) == string(a.Data[k])) {
				t.Fatalf("%d: %s is another's and was listed", n, k)
			}
			if string(v) != string(a.Data[k]) && (!asked || w.Digest == "" || len(o.Refused[k]) > 0 || string(v) != string(w.Value)) {
				t.Fatalf("%d: %s became %q, which nobody may have wished for", n, k, v)
			}
		}
		removed := 0
		for k := range a.Data {
			if _, stays := p.Data[k]; !stays && slices.Equal(a.Owners[k], []string{plan.Manager}) {
				removed++
				if _, asked := wished[k]; asked || !o.Prune {
					t.Fatalf("%d: %s is lost", n, k)
				}
			}
		}
		if removed > 0 && len(p.Proposed(a)) == 0 {
			t.Fatalf("%d: the list collapses", n)
		}
		changed := map[string]int{}
		for k := range wished {
			if p.Changed(k) {
				changed[o.Role.Unit(k)]++
			}
		}
		for k, w := range wished {
			u := o.Role.Unit(k)
			if changed[u] > 0 && !p.Changed(k) && (w.Digest == "" || string(a.Data[k]) != string(w.Value)) {
				t.Fatalf("%d: a part of %s changed and %s did not", n, u, k)
			}
		}
		after := plan.Actual{Exists: true, UID: a.UID, Data: p.Proposed(a), Owners: map[string][]string{}}
		for k, managers := range a.Owners {
			for _, m := range managers {
				if m != plan.Manager {
					after.Owners[k] = append(after.Owners[k], m)
				}
			}
		}
		for k := range p.Data {
			after.Owners[k] = append(after.Owners[k], plan.Manager)
		}
		again := plan.New(ws, after, o)
		if again.Write && len(again.Remove) == 0 { // a guard lets the next small share go
			t.Fatalf("%d: a second pass writes: %s, then %s", n, says(p), says(again))
		}
		if diff := cmp.Diff(p.Data, again.Data, cmpopts.EquateEmpty()); diff != "" && len(again.Remove) == 0 {
			t.Fatalf("%d: a second pass differs: %s", n, diff)
		}
	}
}
