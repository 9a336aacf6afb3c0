package console

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/storewarden/storewarden/sync/hand"
)

// months is how far the timeline looks ahead: what ends later is not planned for yet.
const months = 24

// ending is an entry by when it ends.
type ending struct {
	Store hand.Store
	Entry hand.Entry
	mark
	Width float64 // of its bar, in percent of the timeline
}

// column is one month of the timeline, or what ended before it or ends after it.
type column struct {
	Label      string
	Year       string // where a year begins, else ""
	N          int
	Class      string
	X, Y, H    float64
	MidX       float64
	ShowsLabel bool
}

// The timeline's measures, in units of its own view box.
const (
	lineWidth, lineHeight = 1080.0, 190.0
	barsTop, barsBottom   = 24.0, 140.0
)

type expiryPage struct {
	Columns []column
	Slot    float64 // width of a column
	Bar     float64
	Ends    []ending
	Never   int
	Text    string // the picture in words
}

func (c *Console) showExpiry(w http.ResponseWriter, r *http.Request, s *session) error {
	all, seen, err := c.seen.read(r.Context(), c.opt.Stores)
	if err != nil {
		return err
	}
	c.render(w, r, s, "expiry", view{Title: "What ends when", Nav: "/expiry", Seen: seen, Body: expiryOf(all, c.opt.Now(), c.opt.Soon)})
	return nil
}

func expiryOf(all []hand.Store, now time.Time, soon time.Duration) expiryPage {
	var body expiryPage
	for _, st := range all {
		for _, e := range st.Entries {
			if e.Ends.IsZero() {
				body.Never++
				continue
			}
			body.Ends = append(body.Ends, ending{Store: st, Entry: e, mark: endMark(e.Ends, now, soon), Width: barWidth(e.Ends, now)})
		}
	}
	slices.SortStableFunc(body.Ends, func(a, b ending) int {
		return cmp.Or(a.Entry.Ends.Compare(b.Entry.Ends), cmp.Compare(a.Entry.Key, b.Entry.Key))
	})
	body.draw(now, soon)
	return body
}

func endMark(end, now time.Time, soon time.Duration) mark {
	switch {
	case !end.After(now):
		return mark{"deny", "✕", "ended"}
	case end.Sub(now) <= soon:
		return mark{"warn", "!", "soon"}
	}
	return mark{"good", "✓", "later"}
}

// barWidth is the part of the timeline that is left; what has ended has all of it, so that
// it is seen.
func barWidth(end, now time.Time) float64 {
	const all = months * 365.0 / 12
	days := daysLeft(end, now)
	if days < 0 {
		return 100
	}
	return min(float64(days), all) * 100 / all
}

// draw fills the columns: one for what has ended, one a month, one for what ends later.
func (p *expiryPage) draw(now time.Time, soon time.Duration) {
	first := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	p.Columns = make([]column, months+2)
	p.Slot = lineWidth / float64(len(p.Columns))
	p.Bar = p.Slot * 0.7
	for i := range p.Columns {
		col := &p.Columns[i]
		switch month := first.AddDate(0, i-1, 0); {
		case i == 0:
			col.Label = "ended"
		case i == len(p.Columns)-1:
			col.Label = "later"
		default:
			col.Label = month.Format("Jan")
			if i == 1 || month.Month() == time.January {
				col.Year = month.Format("2006")
			}
		}
		col.Class, col.MidX = "good", (float64(i)+0.5)*p.Slot
		col.X = col.MidX - p.Bar/2
	}
	late, near := 0, 0
	for _, e := range p.Ends {
		i := len(p.Columns) - 1
		end := e.Entry.Ends.UTC()
		if m := (end.Year()-first.Year())*12 + int(end.Month()) - int(first.Month()); m < months {
			i = m + 1
		}
		if e.Class == "deny" {
			i = 0
			late++
		}
		if e.Class == "warn" {
			near++
		}
		p.Columns[i].N++
		if e.Class != "good" && p.Columns[i].Class != "deny" {
			p.Columns[i].Class = e.Class
		}
	}
	most := 1
	for _, col := range p.Columns {
		most = max(most, col.N)
	}
	for i := range p.Columns {
		col := &p.Columns[i]
		if col.N > 0 {
			col.H = max(6, (barsBottom-barsTop)*float64(col.N)/float64(max(most, 4)))
		}
		col.Y = barsBottom - col.H
	}
	p.Text = fmt.Sprintf("Ended: %d. Within the next %d days: %d. Later: %d.", late, int(soon.Hours()/24), near, len(p.Ends)-late-near)
}
