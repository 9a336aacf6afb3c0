package vault_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs/vault"
)

// marker is the text that must never be printed; its hex and base64 forms
// would give it away as well.
const marker = "MARKED-secret-value"

func forms() []string {
	return []string{
		marker,
		fmt.Sprintf("%x", marker), fmt.Sprintf("%X", marker), fmt.Sprintf("% x", marker),
		fmt.Sprintf("%v", []byte(marker)), "TUFSS0VELXNlY3JldC12YWx1ZQ",
	}
}

func leaks(s string) bool {
	for _, form := range forms() {
		if strings.Contains(s, form) {
			return true
		}
	}
	return false
}

func TestValueNeverPrints(t *testing.T) {
	value := vault.NewValue(marker)
	secret := vault.Secret{Ref: vault.Ref{Vault: "kv1", Name: "s"}, Value: value}
	nested := map[string]any{"a": []vault.Value{value}, "b": &secret}
	for name, v := range map[string]any{
		"value": value, "pointer": &value, "secret": secret, "pointer to secret": &secret, "nested": nested,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%c", "%U", "%08.3f", "%t", "%b", "%p"} {
			if got := fmt.Sprintf(verb, v); leaks(got) {
				t.Errorf("%s in %s gives the value away", verb, name)
			}
		}
		if got := fmt.Sprint(v) + fmt.Sprintln(v); leaks(got) {
			t.Errorf("Sprint of %s gives the value away", name)
		}
		if got, err := json.Marshal(v); err != nil || leaks(string(got)) {
			t.Errorf("json of %s: leak or error %v", name, err)
		}
		if err := fmt.Errorf("read %v: %w", v, errors.New("cause")); leaks(err.Error()) {
			t.Errorf("an error with %s gives the value away", name)
		}
		for handler, got := range logged(v) {
			if leaks(got) {
				t.Errorf("%s log of %s gives the value away", handler, name)
			}
		}
	}
}

func logged(v any) map[string]string {
	var text, js, classic bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("read", "v", v, slog.Group("g", "v", v))
	slog.New(slog.NewJSONHandler(&js, nil)).Info("read", "v", v, slog.Group("g", "v", v))
	log.New(&classic, "", 0).Printf("%v %+v", v, v)
	return map[string]string{"slog text": text.String(), "slog json": js.String(), "classic": classic.String()}
}

func TestValueInOtherEncodings(t *testing.T) {
	value := vault.NewValue(marker)
	if got, err := xml.Marshal(value); err != nil || leaks(string(got)) {
		t.Errorf("xml: leak or error %v", err)
	}
	if diff := cmp.Diff(vault.Secret{Value: value}, vault.Secret{Value: vault.NewValue("other")}); diff == "" || leaks(diff) {
		t.Error("cmp sees no difference, or gives the value away")
	}
	var buf bytes.Buffer
	// gob may refuse the type; what counts is that nothing is written.
	_ = gob.NewEncoder(&buf).Encode(value)
	if leaks(buf.String()) {
		t.Error("gob gives the value away")
	}
	if got := value.String() + value.GoString(); leaks(got) {
		t.Error("String or GoString gives the value away")
	}
}

func TestValueReveals(t *testing.T) {
	if got := vault.NewValue(marker).Reveal(); got != marker {
		t.Error("Reveal does not return the text")
	}
	if got := (vault.Value{}).Reveal(); got != "" || !vault.NewValue("").Equal(vault.Value{}) {
		t.Error("the zero Value is not the empty text")
	}
	if got := fmt.Sprint(vault.NewValue(marker)); got != "REDACTED" {
		t.Errorf("printed %q, want REDACTED", got)
	}
	// The test's own detector must be able to fail.
	if !leaks(fmt.Sprintf("%x", marker)) || leaks("REDACTED") {
		t.Error("the detector of leaks does not work")
	}
}

func TestReasonsAreClosedAndUnique(t *testing.T) {
	seen := map[vault.Reason]bool{}
	for _, r := range vault.Reasons() {
		if seen[r] || r == "" {
			t.Errorf("reason %q twice or empty", r)
		}
		seen[r] = true
	}
	if len(seen) != 14 {
		t.Errorf("%d reasons, want the 14 of the design", len(seen))
	}
}
