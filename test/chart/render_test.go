package chart_test

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const manifests = "../../manifests"

// object is one object as it is written in a manifest.
type object map[string]any

// objects are those of an installation, by kind, namespace and name.
type objects map[string]object

// at is what stands at a path of an object, nil for nothing.
func (o object) at(fields ...string) any {
	var v any = map[string]any(o)
	for _, f := range fields {
		m, _ := v.(map[string]any)
		v = m[f]
	}
	return v
}

// add reads the objects of a text with one or more documents.
func (all objects) add(t *testing.T, text string) {
	t.Helper()
	for doc := range strings.SplitSeq("\n"+text, "\n---\n") {
		var o object
		if err := yaml.UnmarshalStrict([]byte(doc), &o); err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		if o == nil {
			continue
		}
		key := path.Join(o.at("apiVersion").(string), o.at("kind").(string))
		if namespace, ok := o.at("metadata", "namespace").(string); ok {
			key += " " + namespace
		}
		key += " " + o.at("metadata", "name").(string)
		if all[key] != nil {
			t.Errorf("%s is there twice", key)
		}
		all[key] = o
	}
}

// render is what helm does with values in YAML, its schema included. Files are those of
// templates, without the notes.
func render(values, namespace string) (files map[string]string, notes string, err error) {
	chart, err := loader.LoadDir(filepath.Join(manifests, "chart"))
	if err != nil {
		return nil, "", err
	}
	read, err := chartutil.ReadValues([]byte(values))
	if err != nil {
		return nil, "", err
	}
	all, err := chartutil.ToRenderValues(chart, read, chartutil.ReleaseOptions{Name: "storewarden", Namespace: namespace, Revision: 1, IsInstall: true}, nil)
	if err != nil {
		return nil, "", err
	}
	files, err = engine.Render(chart, all)
	const notesFile = "storewarden/templates/NOTES.txt"
	notes = files[notesFile]
	delete(files, notesFile)
	return files, notes, err
}

// installed are the objects that helm installs.
func installed(t *testing.T, values string) objects {
	t.Helper()
	files, _, err := render(values, "storewarden")
	if err != nil {
		t.Fatal(err)
	}
	all := objects{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all.add(t, files[name])
	}
	return all
}

// hashed is the name that kustomize gives the configuration.
var hashed = regexp.MustCompile(`storewarden-config-[0-9a-z]{10}\b`)

// applied are the objects of an overlay, the configuration under its plain name.
func applied(t *testing.T, overlay string) objects {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(manifests, "overlays", overlay))
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	if !hashed.Match(text) {
		t.Fatal("the configuration has no name with a hash")
	}
	all := objects{}
	all.add(t, hashed.ReplaceAllString(string(text), "storewarden-config"))
	return all
}

// config is the configuration of an installation.
func (all objects) config(t *testing.T) object {
	t.Helper()
	text, _ := all["v1/ConfigMap storewarden storewarden-config"].at("data", "config.yaml").(string)
	var c object
	if err := yaml.UnmarshalStrict([]byte(text), &c); err != nil || c == nil {
		t.Fatalf("%v in config.yaml:\n%s", err, text)
	}
	return c
}

// overlays are the installations that there are.
func overlays(t *testing.T) []string {
	t.Helper()
	found, err := os.ReadDir(filepath.Join(manifests, "overlays"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range found {
		names = append(names, o.Name())
	}
	if len(names) < 7 {
		t.Fatalf("only the overlays %v", names)
	}
	return names
}

// values are those with which the chart is an overlay.
func values(t *testing.T, overlay string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(manifests, "chart/ci", overlay+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
