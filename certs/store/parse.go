package store

import (
	"encoding/base64"
	encoding "encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/json"
)

// ErrOtherKind is returned by Parse for an object of a kind that is not judged.
var ErrOtherKind = errors.New("not a kind that is judged")

type metadata struct {
	Name              string            `json:"name"`
	Namespace         string            `json:"namespace"`
	Labels            map[string]string `json:"labels"`
	Owners            []Owner           `json:"ownerReferences"`
	DeletionTimestamp *string           `json:"deletionTimestamp"`
	UID               string            `json:"uid"`
	// Of annotations only these are kept: kubectl puts whole objects there.
	Annotations struct {
		ARM         string `json:"management.azure.com/resourceId"`
		AllowShrink string `json:"storewarden.io/allow-shrink"`
		Held        string `json:"storewarden.io/held"`
	} `json:"annotations"`
}

// wire is the one slim decode: the union of the fields of all kinds.
type wire struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       struct {
		Provider      string            `json:"provider"`
		Parameters    map[string]string `json:"parameters"`
		ProviderClass string            `json:"secretProviderClassName"`
		SecretObjects []struct {
			Name string `json:"secretName"`
		} `json:"secretObjects"`
		ServiceAccount string `json:"serviceAccountName"`
		Force          string `json:"forceSynchronization"`
		SecretObject   struct {
			Type        string    `json:"type"`
			Data        []Mapping `json:"data"`
			Labels      any       `json:"labels"`
			Annotations any       `json:"annotations"`
		} `json:"secretObject"`
		consumerSpec
		issuanceSpec
	} `json:"spec"`
	Type       string            `json:"type"`
	Immutable  bool              `json:"immutable"`
	Data       map[string]Value  `json:"data"`
	StringData map[string]string `json:"stringData"`
}

// KindOf tells the judged kind that an apiVersion and kind name, "" for others.
// Any version of a custom group is taken, so that a newer one is judged
// rather than skipped.
func KindOf(apiVersion, kind string) string {
	group, _, _ := strings.Cut(apiVersion, "/")
	switch {
	case kind == KindSecretProviderClass && group == "secrets-store.csi.x-k8s.io",
		kind == KindSecretSync && group == "secret-sync.x-k8s.io",
		kind == KindSecret && apiVersion == SecretAPI,
		kind == KindDevice && group == deviceGroup,
		kind == KindConnectorTemplate && (group == templateGroup || group == oldTemplateGroup),
		kind == KindCertificate && group == certificateGroup,
		kind == KindConnectorStore && group == connectorStoreGroup:
		return kind
	}
	return ""
}

// HeldAnnotation tells which entries of a store Secret the webhook holds back: a JSON
// object by key. It says nothing of time, so that an identical write changes nothing.
const HeldAnnotation = "storewarden.io/held"

// held are the keys that a HeldAnnotation names; none where somebody else wrote it.
func held(annotation string) []string {
	var by map[string]struct{}
	if annotation == "" || encoding.Unmarshal([]byte(annotation), &by) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(by))
}

// Parse reads one object from JSON, with field names exact in case as the API
// server takes them. The error never holds a value of a Secret; for an object
// of another kind it is ErrOtherKind.
func Parse(raw []byte) (*Object, error) {
	var w wire
	if err := json.UnmarshalCaseSensitivePreserveInts(raw, &w); err != nil {
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

		Projected: w.Metadata.Annotations.ARM != "",
		UID:       w.Metadata.UID,
		Held:      held(w.Metadata.Annotations.Held),
	}
	switch w.Kind {
	case KindSecretProviderClass:
		o.SPC = parseProviderClass(w.Spec.Provider, w.Spec.Parameters)
		for _, s := range w.Spec.SecretObjects {
			o.SPC.SecretObjects = append(o.SPC.SecretObjects, s.Name)
		}
	case KindSecretSync:
		o.Sync = &SecretSync{ProviderClass: w.Spec.ProviderClass, ServiceAccount: w.Spec.ServiceAccount,
			SecretType: w.Spec.SecretObject.Type, Force: w.Spec.Force, Mappings: w.Spec.SecretObject.Data,
			Marks: append(marks("labels", w.Spec.SecretObject.Labels), marks("annotations", w.Spec.SecretObject.Annotations)...)}
	case KindSecret:
		o.Secret = parseSecret(&w)
	case KindDevice, KindConnectorTemplate:
		o.Consumer = parseConsumer(&w.Spec.consumerSpec)
	case KindCertificate:
		o.Issuance = parseIssuance(&w.Spec.issuanceSpec)
	case KindConnectorStore:
		var d struct { // its fields would hide others' of the same names
			Spec ConnectorStore `json:"spec"`
		}
		if err := json.UnmarshalCaseSensitivePreserveInts(raw, &d); err != nil {
			return nil, parseError(raw, err)
		}
		d.Spec.AllowShrink = w.Metadata.Annotations.AllowShrink
		o.Declared = &d.Spec
	}
	return o, nil
}

// marks are the labels or annotations that the API does not take: keys of the
// sync controller's own, or a list in place of a mapping.
func marks(name string, v any) []Mark {
	field := "spec.secretObject." + name
	m, ok := v.(map[string]any)
	if !ok && v != nil {
		return []Mark{{Field: field}}
	}
	var out []Mark
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(key, SyncLabel) {
			out = append(out, Mark{field, key})
		}
	}
	return out
}

// FieldError says that a field cannot be what it is.
type FieldError struct {
	Field   string // its path, as far as it is known
	Message string // never holds a value
}

func (e *FieldError) Error() string { return e.Field + " " + e.Message }

// SyntaxError says that the bytes are no JSON.
type SyntaxError struct {
	Offset int64 // bytes read before the error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("not JSON at byte %d", e.Offset) }

// parseError names what was wrong without quoting the input, as the decoder's
// own errors may: one byte in bad syntax, a number too large for its field.
func parseError(raw []byte, err error) error {
	if is, offset := json.SyntaxErrorOffset(err); is {
		return &SyntaxError{Offset: offset}
	}
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	// A wrong type in a field that is not looked at must not stop a folder with
	// objects of other kinds from being read.
	if json.UnmarshalCaseSensitivePreserveInts(raw, &head) == nil && KindOf(head.APIVersion, head.Kind) == "" {
		return ErrOtherKind
	}
	var t *encoding.UnmarshalTypeError
	if errors.As(err, &t) {
		got, _, _ := strings.Cut(t.Value, " ") // what follows a blank is the value
		// What our own types embed is no field of the object.
		field := strings.NewReplacer("consumerSpec.", "", "issuanceSpec.", "").Replace(t.Field)
		if field == "" {
			field = "the object"
		}
		return &FieldError{Field: field, Message: "must be " + wantedJSON(t.Type) + ", not " + article(got)}
	}
	return badBase64(raw)
}

// wantedJSON names a Go type in the words of who writes the object.
func wantedJSON(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Struct, reflect.Map:
		return "a mapping"
	}
	if t == reflect.TypeFor[Value]() {
		return "base64 text"
	}
	return "a list"
}

func article(jsonType string) string {
	switch jsonType {
	case "string":
		return "text"
	case "bool":
		return "true or false"
	case "object":
		return "a mapping"
	case "array":
		return "a list"
	}
	return "a " + jsonType
}

// badBase64 finds the first key whose value is not base64: the only other
// thing that the decoder complains of.
func badBase64(raw []byte) error {
	var w struct {
		Data map[string]any `json:"data"`
	}
	if err := json.UnmarshalCaseSensitivePreserveInts(raw, &w); err == nil {
		for _, k := range slices.Sorted(maps.Keys(w.Data)) {
			s, _ := w.Data[k].(string)
			if _, err := base64.StdEncoding.DecodeString(s); err != nil {
				return &FieldError{Field: DataField(k), Message: "must be base64 text"}
			}
		}
	}
	return &FieldError{Field: "data", Message: "must be base64 text"}
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
