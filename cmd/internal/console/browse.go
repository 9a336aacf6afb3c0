package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/hand"
)

// filter says which entries are shown. The zero value shows all.
type filter struct {
	Role     string // trust, issuer, client or other
	State    string // a hand.State
	Ends     string // ended, or within so many days: 30, 90
	Problems bool   // only what has a finding, or is not good
	Query    string // words that all must be found
}

func readFilter(q url.Values) filter {
	return filter{Role: q.Get("role"), State: q.Get("state"), Ends: q.Get("ends"), Problems: q.Get("problems") != "", Query: strings.TrimSpace(q.Get("q"))}
}

// Empty tells whether everything is shown.
func (f filter) Empty() bool { return f == filter{} }

func (f filter) store(s hand.Store) bool {
	switch f.Role {
	case "trust":
		return s.Role == store.RoleTrust
	case "issuer":
		return s.Role == store.RoleIssuer
	case "client":
		return s.Role == store.RoleClient
	case "other":
		return s.Role != store.RoleTrust && s.Role != store.RoleIssuer && s.Role != store.RoleClient
	}
	return true
}

func (f filter) entry(s hand.Store, e hand.Entry, now time.Time) bool {
	if f.State != "" && string(e.State) != f.State || f.Problems && e.State == hand.Good && len(e.Findings) == 0 {
		return false
	}
	if f.Ends != "" {
		days := daysLeft(e.Ends, now)
		switch {
		case e.Ends.IsZero():
			return false
		case f.Ends == "ended" && days >= 0, f.Ends == "30" && days > 30, f.Ends == "90" && days > 90:
			return false
		}
	}
	text := searchText(s, e)
	for word := range strings.FieldsSeq(strings.ToLower(f.Query)) {
		if !strings.Contains(text, word) && !strings.Contains(text, strings.ReplaceAll(word, ":", "")) {
			return false
		}
	}
	return true
}

// searchText is all of an entry that a person may search by, in lower case.
func searchText(s hand.Store, e hand.Entry) string {
	all := []string{s.Namespace, s.Name, s.Vault, roleText(s.Role), e.Key, e.Origin.Text(), stateText(e.State).Word, string(e.Card.Kind)}
	for _, x := range e.Card.Certificates {
		all = append(all, x.Subject, x.Issuer, x.Serial, x.Thumbprint, x.SHA256)
		all = append(append(append(all, x.URIs...), x.DNSNames...), x.IPAddresses...)
	}
	for _, l := range e.Card.CRLs {
		all = append(all, l.Issuer, l.SHA256)
	}
	for _, f := range e.Findings {
		all = append(all, f.Code)
	}
	return strings.ToLower(strings.Join(all, "\n"))
}

// shown is a store with those of its entries that pass a filter.
type shown struct {
	hand.Store
	Shown []hand.Entry
}

// storesPage is the body of the first page.
type storesPage struct {
	Filter  filter
	Stores  []shown
	Entries int // that are shown
	All     int
	Counts  []count
	States  []hand.State
}

// count is a number of entries, and the filter that shows them.
type count struct {
	mark
	Label string
	N     int
	Link  string
}

func (c *Console) showStores(w http.ResponseWriter, r *http.Request, s *session) error {
	all, seen, err := c.seen.read(r.Context(), c.opt.Stores)
	if err != nil {
		return err
	}
	now, body := c.opt.Now(), storesPage{Filter: readFilter(r.URL.Query()), States: hand.States()}
	for _, st := range all {
		body.All += len(st.Entries)
		if !body.Filter.store(st) {
			continue
		}
		view := shown{Store: st}
		for _, e := range st.Entries {
			if body.Filter.entry(st, e, now) {
				view.Shown = append(view.Shown, e)
			}
		}
		body.Entries += len(view.Shown)
		if len(view.Shown) > 0 || body.Filter == (filter{Role: body.Filter.Role}) || body.Filter.Problems && len(st.Findings)+len(st.Problems) > 0 {
			body.Stores = append(body.Stores, view)
		}
	}
	body.Counts = counts(all)
	c.render(w, r, s, "stores", view{Title: "Stores and certificates", Nav: "/", Seen: seen, Body: body})
	return nil
}

// counts are the numbers above the list: what stands how.
func counts(all []hand.Store) []count {
	by := map[hand.State]int{}
	for _, s := range all {
		for _, e := range s.Entries {
			by[e.State]++
		}
	}
	out := []count{}
	for _, s := range hand.States() {
		m := stateText(s)
		if by[s] == 0 {
			m.Class = "quiet"
		}
		out = append(out, count{mark: m, Label: m.Word, N: by[s], Link: link("/", "state", string(s))})
	}
	return out
}

func (c *Console) showStore(w http.ResponseWriter, r *http.Request, s *session) error {
	st, seen, err := c.storeAt(r.Context(), r.URL.Query().Get("at"))
	if err != nil {
		return err
	}
	c.render(w, r, s, "store", view{Title: roleText(st.Role) + " " + st.Name, Nav: "/", Seen: seen, Body: shown{Store: st, Shown: st.Entries}})
	return nil
}

// entryPage is the body of the page of one entry.
type entryPage struct {
	Store hand.Store
	Entry hand.Entry
}

func (c *Console) showEntry(w http.ResponseWriter, r *http.Request, s *session) error {
	st, seen, err := c.storeAt(r.Context(), r.URL.Query().Get("at"))
	if err != nil {
		return err
	}
	key := r.URL.Query().Get("key")
	i := slices.IndexFunc(st.Entries, func(e hand.Entry) bool { return e.Key == key })
	if i < 0 {
		return &trouble{http.StatusNotFound, "Store " + st.Name + " has no key " + key + ".", "Go to the store and choose one of its keys."}
	}
	c.render(w, r, s, "entry", view{Title: key, Nav: "/", Seen: seen, Body: entryPage{st, st.Entries[i]}})
	return nil
}

// found is a finding with the entry that it is about, Key "" for the store itself.
type found struct {
	verdict.Finding
	Store hand.Store
	Key   string
}

// unseen is a part of the world that could not be seen.
type unseen struct {
	verdict.Problem
	Store hand.Store
}

type findingsPage struct {
	Groups []findingGroup
	Unseen []unseen
	N      int
}

type findingGroup struct {
	Severity verdict.Severity
	Findings []found
}

func (c *Console) showFindings(w http.ResponseWriter, r *http.Request, s *session) error {
	all, seen, err := c.seen.read(r.Context(), c.opt.Stores)
	if err != nil {
		return err
	}
	var body findingsPage
	var list []found
	for _, st := range all {
		for _, f := range st.Findings {
			list = append(list, found{f, st, ""})
		}
		for _, e := range st.Entries {
			for _, f := range e.Findings {
				list = append(list, found{f, st, e.Key})
			}
		}
		for _, p := range st.Problems {
			if !slices.ContainsFunc(body.Unseen, func(u unseen) bool { return u.Problem == p }) {
				body.Unseen = append(body.Unseen, unseen{p, st})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Code, b.Code))
	})
	for _, f := range list {
		if n := len(body.Groups); n == 0 || body.Groups[n-1].Severity != f.Severity {
			body.Groups = append(body.Groups, findingGroup{Severity: f.Severity})
		}
		g := &body.Groups[len(body.Groups)-1]
		g.Findings = append(g.Findings, f)
	}
	body.N = len(list)
	c.render(w, r, s, "findings", view{Title: "Findings", Nav: "/findings", Seen: seen, Body: body})
	return nil
}

// chainsPage shows how every certificate stands, those with something missing first.
type chainsPage struct {
	Chains []entryPage
	Alone  []entryPage // have nothing above them, and need nothing
}

func (c *Console) showChains(w http.ResponseWriter, r *http.Request, s *session) error {
	all, seen, err := c.seen.read(r.Context(), c.opt.Stores)
	if err != nil {
		return err
	}
	var body chainsPage
	for _, st := range all {
		for _, e := range st.Entries {
			switch {
			case len(e.Card.Certificates)+len(e.Card.CRLs) == 0:
			case gaps(e.Chain) == 0 && len(e.Chain.Above)+len(e.Chain.CRLs) == 0:
				body.Alone = append(body.Alone, entryPage{st, e})
			default:
				body.Chains = append(body.Chains, entryPage{st, e})
			}
		}
	}
	slices.SortStableFunc(body.Chains, func(a, b entryPage) int { return cmp.Compare(gaps(b.Entry.Chain), gaps(a.Entry.Chain)) })
	c.render(w, r, s, "chains", view{Title: "Chains", Nav: "/chains", Seen: seen, Body: body})
	return nil
}

// gaps counts what a chain misses; an issuer weighs more than a CRL.
func gaps(c hand.Chain) int {
	n := len(c.NoCRL)
	if c.Missing != "" {
		n += 100
	}
	return n
}
