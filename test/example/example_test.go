// Package example holds the example GitOps folder and its exported vault, which
// "make quick" audits. Both are made from package scene; this test keeps them so.
package example_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/scene"
)

var update = flag.Bool("update", false, "write the example anew")

// file is what "az keyvault secret show -o json" prints.
type file struct {
	Attributes struct {
		Created       time.Time `json:"created"`
		Enabled       bool      `json:"enabled"`
		RecoveryLevel string    `json:"recoveryLevel"`
		Updated       time.Time `json:"updated"`
	} `json:"attributes"`
	ContentType string            `json:"contentType"`
	ID          string            `json:"id"`
	Kid         *string           `json:"kid"`
	Managed     *bool             `json:"managed"`
	Name        string            `json:"name"`
	Tags        map[string]string `json:"tags"`
	Value       string            `json:"value"`
}

func TestExampleIsMadeFromTheScene(t *testing.T) {
	now := certtest.Epoch()
	want := map[string][]byte{"gitops/plant.yaml": []byte("# A healthy plant." + scene.Good())}
	for i, m := range scene.Mistakes() {
		if i == 0 || i == 2 || i == 4 {
			want["gitops/mistake-"+string(rune('1'+i))+".yaml"] = []byte("# " + m.Title + "." + m.Objects)
		}
	}
	want["gitops/kustomization.yaml"] = []byte("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [plant.yaml]\n")
	secrets, err := scene.Secrets(now)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range secrets {
		f := file{ContentType: s.ContentType, Name: name, Tags: s.Tags, Value: s.Value}
		version := strings.Repeat("0", 31) + "1"
		f.ID = "https://" + scene.Vault + ".vault.azure.net/secrets/" + name + "/" + version
		f.Attributes.Created, f.Attributes.Updated = now, now
		f.Attributes.Enabled, f.Attributes.RecoveryLevel = !s.Disabled, "Recoverable+Purgeable"
		if s.Managed {
			kid := "https://" + scene.Vault + ".vault.azure.net/keys/" + name + "/" + version
			f.Kid, f.Managed = &kid, &s.Managed
		}
		raw, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want["vault/"+scene.Vault+"/"+name+".json"] = append(raw, '\n')
	}
	for path, content := range want {
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, content) {
			t.Errorf("%s has drifted: go test ./test/example -update", path)
		}
	}
}
