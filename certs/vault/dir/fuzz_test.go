package dir

import (
	"strings"
	"testing"

	"github.com/storewarden/storewarden/certs/vault"
)

// Whatever a file holds: parse comes back without a panic, an enabled secret
// has the value that the file gives it, and an error never quotes the file
// (shown by a word that no message of ours has).
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"value":"v","id":"https://kv1.vault.azure.net/secrets/s/1","tags":{"file-encoding":"hex"}}`, // read
		`{"value":null,"attributes":{"enabled":false}}`,                                               // a disabled one
		`{"value":"v","attributes":{"expires":"2026-03-01T08:00:00+00:00","nbf":1772352000}}`,         // both forms of time
		`{"value":"v","attributes":{"created":"QQQQ"}}`,                                               // a bad time
		`{"value":["QQQQ"]}`,  // a wrong type
		`{"tags":{"QQQQ":1}}`, // a wrong type under a key of the file's
		`{"value":"QQQQ`,      // cut off
		"\xef\xbb\xbf{}",
		"\xff\xfe",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ref := vault.Ref{Vault: "kv1", Name: "s"}
		s, err := parse(data, ref)
		if err != nil {
			if strings.Contains(err.Error(), "QQQQ") || s.Value.Reveal() != "" {
				t.Error("the error quotes the file, or comes with a value")
			}
			return
		}
		if s.Ref != ref {
			t.Errorf("ref %q, want %q", s.Ref, ref)
		}
	})
}
