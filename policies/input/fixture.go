package input

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Fixtures is data.fixture, what the tests of rules are made of: a document, the
// settings, and one of each type that the document lists, under its name in
// lower case. All values are zero but for what a test would have to say each time.
func Fixtures() (map[string]any, error) {
	doc := Document{Operation: "create", VaultAsked: true, Subject: Subject{Kind: "SecretSync"}}
	fixtures := map[string]any{"config": DefaultConfig()}
	filled := reflect.ValueOf(&doc).Elem()
	fill(filled)
	fixtures["document"] = doc
	for i := range filled.NumField() {
		if t := filled.Field(i).Type(); t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
			one := reflect.New(t.Elem()).Elem()
			fill(one)
			fixtures[strings.ToLower(t.Elem().Name())] = one.Interface()
		}
	}
	raw, err := json.Marshal(fixtures)
	if err != nil {
		return nil, fmt.Errorf("fixtures: %w", err)
	}
	var plain map[string]any
	return plain, json.Unmarshal(raw, &plain)
}

// fill makes empty lists of those that are nil, which a document never holds.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Struct:
			fill(f)
		case f.Kind() == reflect.Slice && f.IsNil():
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		}
	}
}
