// Package plan decides what the sync loop writes: from what a store should hold,
// what it holds and who wrote it, and what the judge refuses, to the keys and values
// that Storewarden is to own, and to what is said of every entry. It is pure: the same
// world gives the same plan, and nothing here can be undone by an API that fails half
// way.
//
// What it never does: list a key that another field manager owns, replace a good value
// by one that is refused or unknown, change a part of a pair, or remove more than a
// fair share of a list unasked.
package plan

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/storewarden/storewarden/certs/store"
)

// State is how an entry fares.
type State string

// The closed list of states.
const (
	Synced   State = "Synced"   // the store holds what was wished for
	Held     State = "Held"     // what was wished for is refused; the last good value stays
	Missing  State = "Missing"  // what was wished for could not be seen; the last good value stays
	Foreign  State = "Foreign"  // another field manager owns the key
	Retained State = "Retained" // no source names the key any more, and it stays
)

// States lists them.
func States() []State { return []State{Synced, Held, Missing, Foreign, Retained} }

// Wish is one entry that a store should hold.
type Wish struct {
	Key    string
	Source string // the name of the source that asks for it
	// Digest is the SHA-256 of the bytes, lower-case hex; "" where they could not be
	// seen, and Trouble says why.
	Digest string
	// Value is needed where the store does not hold those bytes yet.
	Value            store.Value
	VaultVersion     string
	Trouble, Message string
	// Adopt lets the key be owned beside another field manager that wrote the same
	// bytes, so that the other one can let go of it.
	Adopt bool
}

// Actual is a store's Secret as it stands.
type Actual struct {
	Exists bool
	UID    string
	Data   map[string]store.Value
	// Owners are the field managers of each key.
	Owners map[string][]string
}

// OwnedKeys are the keys of a Secret's data in one manager's set of managed fields, as the
// API server writes it (fieldsV1).
func OwnedKeys(fieldsV1 []byte) []string {
	var set struct {
		Data map[string]json.RawMessage `json:"f:data"`
	}
	if json.Unmarshal(fieldsV1, &set) != nil {
		return nil
	}
	var out []string
	for field := range set.Data {
		if key, ok := strings.CutPrefix(field, "f:"); ok {
			out = append(out, key)
		}
	}
	return out
}

// Manager is the field manager of what Storewarden writes.
const Manager = "storewarden"

func (a Actual) ours(key string) bool { return slices.Contains(a.Owners[key], Manager) }

// others reports whether somebody else owns the key, or it is there and nobody does.
func (a Actual) others(key string) bool {
	_, there := a.Data[key]
	return slices.ContainsFunc(a.Owners[key], func(m string) bool { return m != Manager }) || there && len(a.Owners[key]) == 0
}

func (a Actual) digest(key string) string {
	v, ok := a.Data[key]
	if !ok {
		return ""
	}
	return Digest(v)
}

// Digest is the SHA-256 of a value, lower-case hex.
func Digest(v []byte) string {
	sum := sha256.Sum256(v)
	return hex.EncodeToString(sum[:])
}

// Options are the policies of a store.
type Options struct {
	Role store.Role
	// Prune removes keys of ours that no source names any more.
	Prune bool
	// Needed tells whether a key that no source names must stay all the same, because
	// something that the store holds chains to it; it is given what stays under the keys
	// that are wished for. Nil needs none.
	Needed func(stays map[string]store.Value) func(key string) bool
	// AllowShrink is the hash of a plan that may remove more than the guard lets through.
	AllowShrink string
	// Refused are the codes of findings that deny an entry, by key.
	Refused map[string][]string
	// NoRemoval says, if not "", why nothing may be removed now: a source could not tell
	// what it names.
	NoRemoval string
}

// Entry is what is said of one key.
type Entry struct {
	Key, Source, VaultVersion string
	State                     State
	Codes                     []string // of the findings that hold it
	Message                   string   // "" where the state says it all
}

// Plan is what is to be written.
type Plan struct {
	// Data are all keys that Storewarden is to own, with their values.
	Data map[string]store.Value
	// Add, Change and Remove are keys in order of name; what is only taken into our
	// ownership is in none of them.
	Add, Change, Remove []string
	// Write is whether the store differs from the plan.
	Write   bool
	Entries []Entry
	// Blocked are removals that the guard keeps back, Hash what lets them through.
	Blocked []string
	Hash    string
}

// New makes the plan.
func New(wishes []Wish, a Actual, o Options) Plan {
	p := Plan{Data: map[string]store.Value{}}
	wished := map[string]bool{}
	units := map[string][]Wish{}
	for _, w := range slices.SortedStableFunc(slices.Values(wishes), func(x, y Wish) int { return cmp.Compare(x.Key, y.Key) }) {
		if wished[w.Key] {
			continue // the first source of a key counts; Gather tells of the second
		}
		wished[w.Key] = true
		units[o.Role.Unit(w.Key)] = append(units[o.Role.Unit(w.Key)], w)
	}
	for _, name := range slices.Sorted(maps.Keys(units)) {
		p.unit(units[name], a, o)
	}
	p.removals(wished, a, o)
	p.compare(a)
	slices.SortFunc(p.Entries, func(x, y Entry) int { return cmp.Compare(x.Key, y.Key) })
	return p
}

// unit takes all of it or nothing.
func (p *Plan) unit(ws []Wish, a Actual, o Options) {
	bad := ""
	for _, w := range ws {
		if foreign(w, a) || w.Digest == "" || len(o.Refused[w.Key]) > 0 {
			bad = cmp.Or(bad, w.Key)
		}
	}
	for _, w := range ws {
		e := Entry{Key: w.Key, Source: w.Source, VaultVersion: w.VaultVersion, State: Synced}
		current, there := a.Data[w.Key]
		switch {
		case foreign(w, a):
			e.State, e.Message = Foreign, "another field manager owns this key: "+owners(a, w.Key)
			p.Entries = append(p.Entries, e)
			continue
		case w.Digest == "":
			e.State, e.Message = Missing, w.Trouble+": "+w.Message
		case len(o.Refused[w.Key]) > 0:
			e.State, e.Codes, e.Message = Held, o.Refused[w.Key], "it would be refused"
		case bad != "" && a.digest(w.Key) != w.Digest:
			e.State, e.Message = Held, "it changes together with "+bad
		default:
			if a.digest(w.Key) == w.Digest {
				p.Data[w.Key] = current
			} else {
				p.Data[w.Key] = w.Value
			}
			p.Entries = append(p.Entries, e)
			continue
		}
		if there {
			p.Data[w.Key] = current
			e.Message += "; the value before stays"
		} else {
			e.Message += "; it is not written"
		}
		p.Entries = append(p.Entries, e)
	}
}

// foreign reports whether a key is somebody else's.
func foreign(w Wish, a Actual) bool {
	return a.others(w.Key) && !(w.Adopt && w.Digest != "" && a.digest(w.Key) == w.Digest)
}

func owners(a Actual, key string) string {
	var out []string
	for _, m := range a.Owners[key] {
		if m != Manager {
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		return "not known"
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// MaxRemoved is the share of our keys, in percent, that goes at once unasked. A
// single key always may, unless the list would be empty.
const MaxRemoved = 20

// removals decides about our keys that nobody wishes for.
func (p *Plan) removals(wished map[string]bool, a Actual, o Options) {
	var going []string
	owned := 0
	stays := maps.Clone(p.Data)
	needed := sync.OnceValue(func() func(string) bool { return o.Needed(stays) })
	for _, key := range slices.Sorted(maps.Keys(a.Data)) {
		if !a.ours(key) {
			continue
		}
		owned++
		if wished[key] {
			continue
		}
		if a.others(key) {
			continue // it stays the other's
		}
		e := Entry{Key: key, State: Retained, Message: "no source names it any more"}
		switch {
		case !o.Prune:
		case o.NoRemoval != "":
			e.Message += "; it stays while " + o.NoRemoval
		case o.Needed != nil && needed()(key):
			e.Message += "; it stays while something in the store chains to it"
		default:
			going = append(going, key)
			continue
		}
		p.Data[key] = a.Data[key]
		p.Entries = append(p.Entries, e)
	}
	if len(going) == 0 {
		return
	}
	left := len(p.Data)
	for key := range a.Data {
		if _, ours := p.Data[key]; !ours && !slices.Contains(going, key) {
			left++
		}
	}
	p.Hash = hash(a, going)
	if (left > 0 && len(going) <= max(1, owned*MaxRemoved/100)) || o.AllowShrink == p.Hash {
		p.Remove = going
		return
	}
	p.Blocked = going
	for _, key := range going {
		p.Data[key] = a.Data[key]
		p.Entries = append(p.Entries, Entry{Key: key, State: Retained, Message: "no source names it any more; it stays until its removal is allowed"})
	}
}

// hash names one plan to remove: of this Secret, these keys and these values.
func hash(a Actual, going []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", a.UID)
	for _, key := range going {
		fmt.Fprintf(h, "%s %s\n", key, a.digest(key))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// compare finds what differs.
func (p *Plan) compare(a Actual) {
	for _, key := range slices.Sorted(maps.Keys(p.Data)) {
		current, there := a.Data[key]
		switch {
		case !there:
			p.Add = append(p.Add, key)
		case !bytes.Equal(current, p.Data[key]):
			p.Change = append(p.Change, key)
		case !a.ours(key):
			p.Write = true
		}
	}
	for key := range a.Owners { // what we own and shall not, be it removed or another's
		if _, stays := p.Data[key]; !stays && a.ours(key) {
			p.Write = true
		}
	}
	p.Write = p.Write || len(p.Add)+len(p.Change)+len(p.Remove) > 0
}

// Proposed is the Secret's data as the plan leaves it, for the judge.
func (p Plan) Proposed(a Actual) map[string]store.Value {
	out := map[string]store.Value{}
	for key, v := range a.Data {
		if !slices.Contains(p.Remove, key) {
			out[key] = v
		}
	}
	maps.Copy(out, p.Data)
	return out
}

// Changed reports whether the plan puts other bytes under a key than are there.
func (p Plan) Changed(key string) bool {
	return slices.Contains(p.Add, key) || slices.Contains(p.Change, key)
}
