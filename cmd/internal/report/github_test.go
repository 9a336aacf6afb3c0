package report_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/cmd/internal/report"
)

// The runner reads a line as a command if it begins so.
var command = regexp.MustCompile(`^::(error|warning|notice) ((?:[a-z]+=[^,:]*)(?:,[a-z]+=[^,:]*)*)::(.*)$`)

func unescape(s string) string {
	return strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace(s)
}

func TestGitHubCommands(t *testing.T) {
	out := strings.Split(strings.TrimSuffix(string(write(t, sample(), "github", options())), "\n"), "\n")
	var got []string
	for _, l := range out[:len(out)-1] {
		m := command.FindStringSubmatch(l)
		if m == nil {
			t.Errorf("not a command: %s", l)
			continue
		}
		at := map[string]string{}
		for p := range strings.SplitSeq(m[2], ",") {
			k, v, _ := strings.Cut(p, "=")
			at[k] = unescape(v)
		}
		title, _, _ := strings.Cut(at["title"], " ")
		if file, ok := at["file"]; ok && strings.Contains(file, "elsewhere") {
			at["file"] = "elsewhere"
		}
		got = append(got, m[1]+" "+title+" "+at["file"]+" "+at["line"])
		if title == "SS-02" && !strings.Contains(unescape(m[3]), "</script>") {
			t.Errorf("the message is not whole: %s", m[3])
		}
	}
	want := []string{
		"error Unreadable sub/broken.yaml 4", "error NotJudged sub/git ops/ä.yaml 60",
		"error KV-12  ", "error KV-12 sub/git ops/ä.yaml 11", "warning KV-12  ", "warning X-03 sub/git ops/ä.yaml 11", "notice SS-02 elsewhere 11",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if last := out[len(out)-1]; !strings.HasPrefix(last, "5 objects judged, 1 skipped: 2 deny, 2 warn, 1 info") {
		t.Errorf("the summary is %q", last)
	}
}

func TestGitHubIsSilentAboutWhatIsKnown(t *testing.T) {
	for name, tc := range map[string]struct {
		r    *report.Report
		want int
	}{"one known": {known(t), 6}, "all known": {allKnown(t), 2}, "nothing": {&report.Report{}, 0}} {
		if got := strings.Count("\n"+string(write(t, tc.r, "github", options())), "\n::"); got != tc.want {
			t.Errorf("%s: %d commands, want %d", name, got, tc.want)
		}
	}
}
