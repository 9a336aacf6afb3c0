package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/storewarden/storewarden/policies/verdict"
)

// identity names a finding by what is wrong and where, in terms that outlive a
// rewording, another order, and another file or line: the code, the object
// without the version of its API, the entry by name, and the field without
// positions. The certificate is left out, since it is seen only with a vault.
func identity(f verdict.Finding) string {
	group := ""
	if i := strings.LastIndexByte(f.Object.APIVersion, '/'); i >= 0 {
		group = f.Object.APIVersion[:i]
	}
	h := sha256.New()
	for _, part := range []string{f.Code, group, f.Object.Kind, f.Object.Namespace, f.Object.Name, f.Entry, position.ReplaceAllString(f.Field, "[]")} {
		fmt.Fprintf(h, "%d:%s;", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

var position = regexp.MustCompile(`\[[0-9]+\]`)

// Baseline is what an earlier report found.
type Baseline struct{ findings []past }

type past struct {
	id          string
	certificate string // fingerprint, "" where none was seen
	severity    verdict.Severity
	taken       bool
}

// ReadBaseline reads an earlier report in our JSON or SARIF.
func ReadBaseline(raw []byte) (*Baseline, error) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	var head struct {
		Schema  *string          `json:"schema"`
		Version string           `json:"version"` // of SARIF
		Summary *json.RawMessage `json:"summary"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("it is not a report in JSON or SARIF, made with -o json or -o sarif: %w", err)
	}
	switch {
	case head.Schema != nil && *head.Schema == schemaJSON:
		return baselineOfJSON(raw)
	case head.Schema != nil && strings.HasPrefix(*head.Schema, "storewarden.io/audit/"):
		return nil, fmt.Errorf("it is of the form %s, of which this version knows only %s; make it anew with -o json", *head.Schema, schemaJSON)
	case head.Version == sarifVersion:
		return baselineOfSARIF(raw)
	case head.Schema == nil && head.Summary != nil:
		return nil, errors.New("it was made before findings had an id; make it anew with -o json")
	}
	return nil, errors.New("it is JSON, but no report of storewarden audit, made with -o json or -o sarif")
}

func baselineOfJSON(raw []byte) (*Baseline, error) {
	var old Report
	if err := json.Unmarshal(raw, &old); err != nil {
		return nil, err
	}
	b := &Baseline{}
	for i, f := range old.Findings {
		if err := b.add(f.ID, f.Fingerprint, f.Severity); err != nil {
			return nil, fmt.Errorf("findings[%d]: %w", i, err)
		}
	}
	return b, nil
}

func baselineOfSARIF(raw []byte) (*Baseline, error) {
	var log sarifLog
	if err := json.Unmarshal(raw, &log); err != nil {
		return nil, err
	}
	if len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Name != toolName {
		return nil, errors.New("it is SARIF, but not of one run of storewarden")
	}
	b := &Baseline{}
	for i, r := range log.Runs[0].Results {
		if err := b.add(r.PartialFingerprints[findingID], r.PartialFingerprints[certificateID], severityOf(r.Level)); err != nil {
			return nil, fmt.Errorf("results[%d]: %w", i, err)
		}
	}
	return b, nil
}

func (b *Baseline) add(id, certificate string, s verdict.Severity) error {
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != sha256.Size {
		return errors.New("its id is missing or not a SHA-256; make the baseline anew with -o json")
	}
	if s.Rank() == len(verdict.Severities()) {
		return fmt.Errorf("%q is no severity", s)
	}
	b.findings = append(b.findings, past{id: id, certificate: certificate, severity: s})
	return nil
}

// Compare marks the findings that a baseline knows, and counts those that it
// knows in vain. A finding is known once for each time that the baseline has it,
// about the same certificate where both saw one, and no milder than it is now.
func (r *Report) Compare(b *Baseline) {
	r.compared = true
	byID := map[string][]*past{}
	for i := range b.findings {
		p := &b.findings[i]
		p.taken = false
		byID[p.id] = append(byID[p.id], p)
	}
	// What fits exactly comes first, so that nothing else takes its place.
	for _, exactly := range []bool{true, false} {
		for i := range r.Findings {
			if f := &r.Findings[i]; !f.Known && !f.worsened {
				r.match(f, byID[f.ID], exactly)
			}
		}
	}
	for _, p := range b.findings {
		if !p.taken {
			r.Summary.Fixed++
		}
	}
}

func (r *Report) match(f *Finding, candidates []*past, exactly bool) {
	for _, p := range candidates {
		same := p.certificate == f.Fingerprint
		if p.taken || (!same && (exactly || (p.certificate != "" && f.Fingerprint != ""))) {
			continue
		}
		p.taken = true
		if p.severity.Rank() > f.Severity.Rank() {
			f.worsened = true
			return
		}
		f.Known = true
		r.Summary.count(f.Severity, -1)
		r.Summary.Known++
		return
	}
}
