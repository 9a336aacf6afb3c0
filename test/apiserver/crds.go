package apiserver

import (
	"embed"
	"fmt"
	"io/fs"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// files holds the definitions, written from the observed behaviour or the documentation of the upstream ones, which cannot be
// fetched everywhere, and one valid object of each kind. Whoever can fetch them replaces the files in crds/.
//
//go:embed crds/*.yaml samples/*.yaml
var files embed.FS

func crds() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	return decodeAll[apiextensionsv1.CustomResourceDefinition]("crds/*.yaml")
}

func sampleObjects() ([]*unstructured.Unstructured, error) {
	return decodeAll[unstructured.Unstructured]("samples/*.yaml")
}

func decodeAll[T any](pattern string) ([]*T, error) {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", pattern, err)
	}
	var all []*T
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		o := new(T)
		if err := yaml.UnmarshalStrict(b, o); err != nil {
			return nil, fmt.Errorf("decode %s: %w", name, err)
		}
		all = append(all, o)
	}
	return all, nil
}
