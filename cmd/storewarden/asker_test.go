package main

import (
	"bufio"
	"errors"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/sync/hand"
)

// Nothing is done without a yes, and what cannot be undone takes a second one.
func TestCarryOutAsks(t *testing.T) {
	plan := func() *hand.Plan {
		return &hand.Plan{Title: "Purge", Steps: []hand.Step{{Kind: hand.PurgeSecret, Object: "vault secret kv/a", What: "purge the secret", Why: "of this test", Irreversible: true}}}
	}
	for name, tc := range map[string]struct {
		con          asker
		apply, purge bool
		code         int // exitFailed: it came to the second question, and that was not answered
		asked        int
	}{
		"nobody there":              {asker{}, false, false, exitFindings, 0},
		"a no":                      {asker{in: bufio.NewReader(strings.NewReader("\n")), terminal: true}, false, false, exitFindings, 1},
		"anything else":             {asker{in: bufio.NewReader(strings.NewReader("maybe\n")), terminal: true}, false, true, exitFindings, 1},
		"a yes, and no second":      {asker{in: bufio.NewReader(strings.NewReader("y\nn\n")), terminal: true}, false, false, exitFailed, 2},
		"--apply, and no second":    {asker{}, true, false, exitFailed, 0},
		"--apply, and asked: a no":  {asker{in: bufio.NewReader(strings.NewReader("no\n")), terminal: true}, true, false, exitFailed, 1},
		"a yes without an end line": {asker{in: bufio.NewReader(strings.NewReader("n")), terminal: true}, false, false, exitFindings, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			tc.con.out = &out
			err := carryOut(t.Context(), nil, plan(), tc.con, "text", tc.apply, tc.purge)
			var code exit
			if got := errors.As(err, &code); err == nil || got != (tc.code == exitFindings) {
				t.Errorf("%v", err)
			}
			if n := strings.Count(out.String(), "[y/N]"); n != tc.asked {
				t.Errorf("asked %d times, want %d:\n%s", n, tc.asked, out.String())
			}
		})
	}
}
