package input

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Term builds the OPA value of a document directly: a round trip through JSON
// costs four times as much and is on the admission path.
func Term(d *Document) *ast.Term { return encode(reflect.ValueOf(d).Elem()) }

// encode covers the shapes that a Document is made of; every other is a
// programming error that the first test meets.
func encode(v reflect.Value) *ast.Term {
	switch v.Kind() {
	case reflect.String:
		return ast.InternedTerm(v.String())
	case reflect.Bool:
		return ast.InternedTerm(v.Bool())
	case reflect.Int:
		return ast.InternedTerm(int(v.Int()))
	case reflect.Int64:
		return ast.NewTerm(ast.Number(fmt.Sprint(v.Int())))
	case reflect.Slice:
		terms := make([]*ast.Term, v.Len())
		for i := range terms {
			terms[i] = encode(v.Index(i))
		}
		return ast.ArrayTerm(terms...)
	case reflect.Struct:
		keys := fieldKeys(v.Type())
		pairs := make([][2]*ast.Term, len(keys))
		for i, k := range keys {
			pairs[i] = [2]*ast.Term{k, encode(v.Field(i))}
		}
		return ast.ObjectTerm(pairs...)
	}
	panic("input: a Document cannot hold a " + v.Kind().String())
}

// keysByType keeps the key terms of each struct type; types are few and fixed.
var keysByType sync.Map

func fieldKeys(t reflect.Type) []*ast.Term {
	if keys, ok := keysByType.Load(t); ok {
		return keys.([]*ast.Term)
	}
	keys := make([]*ast.Term, t.NumField())
	for i := range keys {
		keys[i] = ast.StringTerm(fieldName(t.Field(i)))
	}
	keysByType.Store(t, keys)
	return keys
}

func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// Schema is the JSON schema of a Document, closed to unknown fields: with it a
// misspelt field in a rule does not compile.
func Schema() map[string]any {
	s := schemaFor[Document]()
	s["title"] = "The document that a Storewarden rule judges"
	return s
}

func schemaFor[T any]() map[string]any {
	s := schemaOf(reflect.TypeFor[T]())
	s["$schema"] = "http://json-schema.org/draft-07/schema#"
	return s
}

func schemaOf(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	}
	properties := make(map[string]any, t.NumField())
	required := make([]string, t.NumField())
	for i := range t.NumField() {
		name := fieldName(t.Field(i))
		properties[name], required[i] = schemaOf(t.Field(i).Type), name
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}
