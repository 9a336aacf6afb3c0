package report

import (
	"bytes"
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

// encode writes JSON. A # is only ever in a string, where its escape means the
// same, and keeps the log of a pipeline from taking ##vso[…] for a command.
func encode(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("##"), []byte(`#\u0023`)))
	return err
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
