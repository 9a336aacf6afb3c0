package controller_test

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"regexp"
	"sigs.k8s.io/yaml"
	"strings"
	"testing"
)

func join(sources []string) string { return strings.Join(sources, ", ") }

// allowed is the hash that a message tells to annotate.
func allowed(t *testing.T, message string) string {
	t.Helper()
	m := regexp.MustCompile(`storewarden\.io/allow-shrink=([0-9a-f]{16})`).FindStringSubmatch(message)
	if m == nil {
		t.Fatalf("no hash in %q", message)
	}
	return m[1]
}

func yamlInto(text string, u *unstructured.Unstructured) error {
	return yaml.Unmarshal([]byte(text), &u.Object)
}
