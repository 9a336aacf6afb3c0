package apiserver

import (
	"embed"
	"fmt"
	"io/fs"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/manifests"
)

// files holds the definitions, written from the observed behaviour or the documentation of the upstream ones, which cannot be
// fetched everywhere, and one valid object of each kind. Whoever can fetch them replaces the files in crds/.
//
//go:embed crds/*.yaml samples/*.yaml
var files embed.FS

// crds are those of others, and Storewarden's own as it is installed.
func crds() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	all, err := decodeAll[apiextensionsv1.CustomResourceDefinition]("crds/*.yaml")
	if err != nil {
		return nil, err
	}
	raw, err := manifests.Files.ReadFile(manifests.ConnectorStores)
	if err != nil {
		return nil, fmt.Errorf("read Storewarden's own definition: %w", err)
	}
	own := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(raw, own); err != nil {
		return nil, fmt.Errorf("decode Storewarden's own definition: %w", err)
	}
	return append(all, own), nil
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
