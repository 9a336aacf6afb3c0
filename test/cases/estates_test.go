package cases_test

import (
	"strings"
	"testing"

	"github.com/storewarden/storewarden/test/cases"
)

// The estates are whole and healthy: behind no door is anybody told anything,
// and an audit has no more than information.
func TestEstatesAreLeftInPeace(t *testing.T) {
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	estates := 0
	for _, c := range all {
		if !strings.HasPrefix(c.Name, "healthy-estate-") {
			continue
		}
		estates++
		for _, l := range c.Findings {
			if !strings.HasPrefix(l, "info ") {
				t.Errorf("%s: %s", c.Name, l)
			}
		}
		for _, l := range c.Effects {
			t.Errorf("%s: %s", c.Name, l)
		}
	}
	if estates < 10 {
		t.Errorf("there are %d estates", estates)
	}
}
