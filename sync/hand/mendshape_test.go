package hand_test

import (
	"strings"
	"testing"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/hand"
)

// A repair never makes an entry worse, in whatever way its fields are written: what cannot
// be put right by one line is left as it is.
func TestMendReadsWhatItWrote(t *testing.T) {
	for name, entry := range map[string]string{
		"quoted key":        "  objectName: a\n  \"objectType\": Secret\n",
		"blank line":        "  objectName: a\n\n  objectType: Secret\n",
		"flow":              "  {objectName: a, objectType: Secret}\n",
		"value below":       "  objectName: a\n  objectType:\n    Secret\n",
		"tag":               "  objectName: a\n  objectType: !!str Secret\n",
		"anchor":            "  objectName: &x a\n  objectType: &t Secret\n  objectAlias: *x\n",
		"CRLF, blank line":  "  objectName: a\r\n\r\n  objectType: Secret\r\n",
		"plain":             "  objectName: a\n  objectType: Secret # why\n",
		"missing, blank":    "  objectName: a\n\n  objectAlias: b\n\n",
		"missing, no break": "  objectName: a",
	} {
		t.Run(name, func(t *testing.T) {
			text := "array:\n- |\n" + entry
			before := store.ParseObjects(text)
			p := &store.SecretProviderClass{Objects: before}
			f := verdict.Finding{Code: "SPC-19", Field: before.Entries[0].Field + ".objectType"}
			if before.Entries[0].Type == "" {
				f.Fix = verdict.Fix{Field: "objectType", Value: "secret"}
			}
			lines, mended := hand.MendClass(t.Context(), strings.Split(text, "\n"), p, []verdict.Finding{f}, func(e store.Entry) int { return e.Line - 1 }, hand.EncodingIn(nil))
			got := strings.Join(lines, "\n")
			after := store.ParseObjects(got)
			switch {
			case len(mended) == 0 && got != text:
				t.Errorf("nothing is settled, and it became %q", got)
			case len(mended) > 0 && (len(after.Entries) != 1 || after.Entries[0].Trouble != "" || after.Entries[0].Type != "secret" || after.Entries[0].Name != "a" || after.Entries[0].Alias != before.Entries[0].Alias):
				t.Errorf("%q became %q: %+v", text, got, after)
			}
		})
	}
}
