package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/cmd/internal/config"
)

func load(t *testing.T, text string, env map[string]string) (config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(path, func(name string) string { return env[name] })
}

func TestExampleIsTheDefault(t *testing.T) {
	got, err := load(t, config.Example, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), got); diff != "" {
		t.Errorf("the example differs from the defaults:\n%s", diff)
	}
}

func TestLoad(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		env  map[string]string
		want []string // parts of the error; none for success
	}{
		"empty":            {text: ""},
		"a comment":        {text: "# nothing\n"},
		"environment wins": {text: "profile: strict", env: map[string]string{"STOREWARDEN_PROFILE": "lenient"}, want: []string{`"lenient"`}},
		"unknown key":      {text: "profil: strict", want: []string{"line 1", "profil"}},
		"unknown nested":   {text: "vault:\n  endpint: x", want: []string{"line 2", "endpint"}},
		"wrong type":       {text: "namespaces: 7", want: []string{"line 1"}},
		"all at once": {text: "profile: x\nvault: {kind: dir}\nseverities: {X-01: fatal}\nwebhook: {timeout: 1h}\nactors: [{class: ghost, mode: quarantine}]\nexceptions: [{code: X-01}]\nstores: [{name: a}]",
			want: []string{"profile:", "vault.path:", "severities.X-01:", "webhook.timeout:", "actors[0].class:", "actors[0].mode:", "users or groups", "exceptions[0]:", "stores[0]:"}},
		"rounds and debug":        {text: "rounds: {in: everywhere}\nwebhook: {debug: here}", want: []string{"rounds.in:", "webhook.debug:"}},
		"a debug address":         {text: "webhook: {debug: '127.0.0.1:8443'}"},
		"a policy without a path": {text: "policies: ['']", want: []string{"policies[0]:"}},
		"two documents":           {text: "profile: strict\n---\nprofil: x", want: []string{"more than one YAML document"}},
		"no namespace":            {text: "namespaces: []", want: []string{"namespaces:"}},
		"endpoint without tls":    {text: "vault: {kind: azure, endpoint: 'http://{vault}'}", want: []string{"vault.endpoint:"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tc.text, tc.env)
			if len(tc.want) == 0 && err != nil {
				t.Errorf("refused: %v", err)
			}
			for _, part := range tc.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not say %q: %v", part, err)
				}
			}
		})
	}
}

func TestAllowedVault(t *testing.T) {
	c, err := load(t, "vault: {allowed: {azure-iot-operations: [my-aio-kv, 'plant-*'], '*': [common]}}", nil)
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[[2]string]bool{
		{"azure-iot-operations", "my-aio-kv"}: true, {"azure-iot-operations", "MY-AIO-KV"}: true,
		{"azure-iot-operations", "plant-7"}: true, {"azure-iot-operations", "other"}: false,
		{"elsewhere", "my-aio-kv"}: false, {"elsewhere", "common"}: true,
	} {
		if got := c.AllowedVault(ref[0], ref[1]); got != want {
			t.Errorf("%v: %v", ref, got)
		}
	}
	if config.Default().AllowedVault("azure-iot-operations", "my-aio-kv") {
		t.Error("an empty list allows a vault")
	}
}
