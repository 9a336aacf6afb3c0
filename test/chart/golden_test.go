package chart_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the rendered overlays anew")

// What an overlay installs is written down, so that a change of it is read as code is. The
// definition of ConnectorStores stands as a file already.
func TestGolden(t *testing.T) {
	for _, overlay := range overlays(t) {
		all := applied(t, overlay)
		delete(all, crd)
		want := bytes.NewBufferString("# Made from manifests/overlays/" + overlay + ": go -C test/chart test -run Golden -update\n")
		for _, key := range slices.Sorted(maps.Keys(all)) {
			text, err := yaml.Marshal(all[key])
			if err != nil {
				t.Fatal(err)
			}
			want.WriteString("---\n")
			want.Write(text)
		}
		name := filepath.Join("testdata", overlay+".yaml")
		if *update {
			if err := os.WriteFile(name, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("overlay %s installs something else than %s says: run this test with -update, and read what changed", overlay, name)
		}
	}
}
