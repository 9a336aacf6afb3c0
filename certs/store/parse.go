package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrOtherKind is returned by Parse for an object of a kind that is not judged.
var ErrOtherKind = errors.New("not a kind that is judged")

type metadata struct {
	Name              string            `json:"name"`
	Namespace         string            `json:"namespace"`
	Labels            map[string]string `json:"labels"`
	Owners            []Owner           `json:"ownerReferences"`
	DeletionTimestamp *string           `json:"deletionTimestamp"`
}

// wire is the one slim decode: the union of the fields of the three kinds.
type wire struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       struct {
		Provider       string            `json:"provider"`
		Parameters     map[string]string `json:"parameters"`
		ProviderClass  string            `json:"secretProviderClassName"`
		ServiceAccount string            `json:"serviceAccountName"`
		SecretObject   struct {
			Type string    `json:"type"`
			Data []Mapping `json:"data"`
		} `json:"secretObject"`
	} `json:"spec"`
	Type       string            `json:"type"`
	Immutable  bool              `json:"immutable"`
	Data       map[string]Value  `json:"data"`
	StringData map[string]string `json:"stringData"`
}

// KindOf tells the judged kind that an apiVersion and kind name, "" for others.
// Any version of the two custom groups is taken, so that a newer one is judged
// rather than skipped.
func KindOf(apiVersion, kind string) string {
	group, _, _ := strings.Cut(apiVersion, "/")
	switch {
	case kind == KindSecretProviderClass && group == "secrets-store.csi.x-k8s.io",
		kind == KindSecretSync && group == "secret-sync.x-k8s.io",
		kind == KindSecret && apiVersion == SecretAPI:
		return kind
	}
	return ""
}

// Parse reads one object from JSON. The error never holds a value of a Secret;
// for an object of another kind it is ErrOtherKind.
func Parse(raw []byte) (*Object, error) {
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, parseError(raw, err)
	}
	if KindOf(w.APIVersion, w.Kind) == "" {
		return nil, ErrOtherKind
	}
	o := &Object{
		ID:       ID{w.APIVersion, w.Kind, w.Metadata.Namespace, w.Metadata.Name},
		Labels:   w.Metadata.Labels,
		Owners:   w.Metadata.Owners,
		Deleting: w.Metadata.DeletionTimestamp != nil,
	}
	switch w.Kind {
	case KindSecretProviderClass:
		o.SPC = parseProviderClass(w.Spec.Provider, w.Spec.Parameters)
	case KindSecretSync:
		o.Sync = &SecretSync{ProviderClass: w.Spec.ProviderClass, ServiceAccount: w.Spec.ServiceAccount,
			SecretType: w.Spec.SecretObject.Type, Mappings: w.Spec.SecretObject.Data}
	case KindSecret:
		o.Secret = parseSecret(&w)
	}
	return o, nil
}

// parseError names what was wrong without quoting the input: encoding/json
// quotes no values for type errors, but base64 errors may quote a byte.
func parseError(raw []byte, err error) error {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	// A wrong type in a field that is not looked at must not stop a folder with
	// objects of other kinds from being read.
	if json.Unmarshal(raw, &head) == nil && KindOf(head.APIVersion, head.Kind) == "" {
		return ErrOtherKind
	}
	var t *json.UnmarshalTypeError
	var s *json.SyntaxError
	switch {
	case errors.As(err, &t):
		return fmt.Errorf("field %s must be a %s, not a %s", t.Field, t.Type.Kind(), t.Value)
	case errors.As(err, &s):
		return fmt.Errorf("not JSON at byte %d", s.Offset)
	}
	return errors.New("a value of data is not base64")
}

func parseSecret(w *wire) *Secret {
	s := &Secret{Type: w.Type, Immutable: w.Immutable, Data: w.Data}
	if s.Data == nil {
		s.Data = make(map[string]Value, len(w.StringData))
	}
	for k, v := range w.StringData { // the API server folds it in the same way
		s.Data[k] = Value(v)
	}
	s.Keys = make([]string, 0, len(s.Data))
	for k := range s.Data {
		s.Keys = append(s.Keys, k)
	}
	slices.Sort(s.Keys)
	return s
}
