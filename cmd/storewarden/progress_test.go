package main

import (
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	for name, tc := range map[string]struct {
		each  time.Duration
		steps int
		want  string
	}{
		"quick work shows nothing":     {100 * time.Millisecond, 20, ""},
		"slow work shows where it is":  {time.Second, 3, "\rjudged 3 of 9 objects\r\x1b[K"},
		"not more than five a second":  {50 * time.Millisecond, 46, "\rjudged 41 of 9 objects\rjudged 46 of 9 objects\r\x1b[K"},
		"nothing to do, nothing shown": {time.Hour, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			now := time.Unix(0, 0)
			p := startProgress(&b, 9, func() time.Time { return now })
			for range tc.steps {
				now = now.Add(tc.each)
				p.step()
			}
			p.done()
			if got := b.String(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
