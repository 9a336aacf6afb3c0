package report

import (
	"encoding/json"
	"io"
)

// schemaJSON tells our reports from any other JSON, and one shape from the next.
const schemaJSON = "storewarden.io/audit/v1"

// json writes the report; arrays are never null.
func (r *Report) json(w io.Writer) error {
	out := struct {
		Schema string `json:"schema"`
		Report
	}{schemaJSON, *r}
	out.Findings, out.Problems, out.Expiries = orEmpty(r.Findings), orEmpty(r.Problems), orEmpty(r.Expiries)
	return encode(w, out)
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
