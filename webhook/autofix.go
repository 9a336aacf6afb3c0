package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// FixedAnnotation tells which lines the webhook added to objects of a
// SecretProviderClass: a JSON object of the added field's value by field, by objectName.
// Like store.HeldAnnotation it says nothing of time.
const FixedAnnotation = "storewarden.io/fixed"

// fixes are lines that objects lack, by objectName and field.
type fixes map[string]map[string]string

func (f fixes) add(entry, field, value string) {
	if f[entry] == nil {
		f[entry] = map[string]string{}
	}
	f[entry][field] = value
}

// autofix is the mutating webhook for SecretProviderClasses: it adds the lines whose
// absence the rules find, where only one line can be meant (METADATA fix).
//
// A GitOps controller applies its text again and again, and compares what a dry run gives
// with what stands. So the answer must be the same each time: a line that was added stays
// added while the vault does not answer, and until the rules have a word against it; a
// dry run is answered as the real write is.
func (h *Handler) autofix(ctx context.Context, c change) (outcome, error) {
	pass := outcome{response: &admissionv1.AdmissionResponse{Allowed: true}, kind: c.subject.ID.Kind, result: "skipped", actor: c.actor.Class}
	if c.subject.SPC == nil || c.op == review.Delete || h.circumstance(c).Actor == verdict.ControlLoop {
		return pass, nil
	}
	now, old, err := readClass(c)
	if err != nil {
		return pass, err
	}
	// Whoever may write the object may write the record too; what is none is none, and
	// AddFields adds single lines alone.
	before := fixes{}
	if json.Unmarshal([]byte(old.Metadata.Annotations[FixedAnnotation]), &before) != nil {
		before = fixes{}
	}
	first, fixed, text, err := h.fix(ctx, c, now, before)
	if err != nil {
		return pass, err
	}
	record := ""
	if len(fixed) > 0 {
		raw, err := json.Marshal(fixed) // in order of names
		if err != nil {
			return pass, err
		}
		record = string(raw)
	}
	ops := setMark(nil, "/metadata/annotations", now.Metadata.Annotations, FixedAnnotation, record)
	if text != now.text() {
		ops = append(ops, operation{Op: "replace", Path: "/spec/parameters/objects", Value: text})
	}
	if len(ops) == 0 {
		return pass, nil
	}
	if pass.response.Patch, err = json.Marshal(ops); err != nil {
		return pass, err
	}
	pass.response.PatchType, pass.result = new(admissionv1.PatchTypeJSONPatch), "mutated"
	pass.effect.Warn = told(first, fixed)
	pass.response.Warnings = warnings(first, pass.effect.Warn)
	h.tell(c, first, pass)
	return pass, nil
}

// told are the findings that lines were added for.
func told(v verdict.Verdict, fixed fixes) []verdict.Finding {
	var out []verdict.Finding
	for _, f := range v.Findings {
		if value := fixed[f.Entry][f.Fix.Field]; f.Fix.Field != "" && value == f.Fix.Value {
			f.Message += "; Storewarden added " + f.Fix.Field + ": " + value
			out = append(out, f)
		}
	}
	return out
}

// maxRounds bounds how often a text is reviewed anew: a line that was added may show that
// another is missing, and one that was added before may be wrong by now.
const maxRounds = 4

// fix adds the lines that the rules find missing, and those of before that they have no
// word against. The verdict is on what was written.
func (h *Handler) fix(ctx context.Context, c change, written class, before fixes) (first verdict.Verdict, fixed fixes, text string, err error) {
	ask := h.ask(c)
	if first, err = h.opt.Judge.Review(ctx, ask); err != nil {
		return first, nil, "", err
	}
	found, v := fixes{}, first
	text = written.text()
	for range maxRounds {
		for _, f := range v.Findings {
			if f.Fix.Field != "" && f.Severity != verdict.Info {
				found.add(f.Entry, f.Fix.Field, f.Fix.Value)
			}
		}
		_, next := written.with(found, before)
		if next == text {
			break
		}
		text = next
		if ask.Subject, err = written.parse(text); err != nil {
			return first, nil, "", err
		}
		if v, err = h.opt.Judge.Review(ctx, ask); err != nil {
			return first, nil, "", err
		}
		maps.DeleteFunc(before, func(entry string, _ map[string]string) bool { return worse(first, v, entry) })
	}
	fixed, text = written.with(found, before)
	return first, fixed, text, nil
}

// worse reports whether an entry is denied for something that it was not denied for.
func worse(before, after verdict.Verdict, entry string) bool {
	denies := func(v verdict.Verdict, code string) bool {
		return slices.ContainsFunc(v.Findings, func(f verdict.Finding) bool {
			return f.Entry == entry && f.Severity == verdict.Deny && f.Code == code
		})
	}
	return slices.ContainsFunc(after.Findings, func(f verdict.Finding) bool {
		return denies(after, f.Code) && !denies(before, f.Code)
	})
}

// class is what is read of a SecretProviderClass to write it anew.
type class struct {
	raw json.RawMessage
	marks
	Spec struct {
		Parameters map[string]string `json:"parameters"`
	} `json:"spec"`
}

func readClass(c change) (now, old class, err error) {
	now.raw = c.Request.Object
	if json.Unmarshal(c.Request.Object, &now) != nil || unmarshal(c.Request.OldObject, &old) != nil {
		return now, old, fmt.Errorf("read annotations and objects of %s: they are not of their types", c.subject.ID)
	}
	return now, old, nil
}

func (c class) text() string { return c.Spec.Parameters["objects"] }

// with adds lines to the text, and tells which: those whose object is there, and lacks
// the field. Of two objects of one name nobody can say which is meant.
func (c class) with(wanted ...fixes) (added fixes, text string) {
	entries := store.ParseObjects(c.text()).Entries
	names, count := map[int]string{}, map[string]int{}
	for _, e := range entries {
		names[e.Index] = e.Name
		count[e.Name]++
	}
	var lines []store.Addition
	for _, e := range entries {
		has := map[string]string{"objectType": e.Type, "objectEncoding": e.Encoding}
		for _, field := range slices.Sorted(maps.Keys(has)) {
			for _, w := range wanted {
				if value := w[e.Name][field]; value != "" && has[field] == "" && count[e.Name] == 1 {
					has[field] = value
					lines = append(lines, store.Addition{Index: e.Index, Field: field, Value: value})
				}
			}
		}
	}
	text, lines = store.AddFields(c.text(), lines)
	added = fixes{}
	for _, l := range lines {
		added.add(names[l.Index], l.Field, l.Value)
	}
	return added, text
}

// parse is the class with another text of its objects.
func (c class) parse(text string) (*store.Object, error) {
	var whole map[string]any
	if err := json.Unmarshal(c.raw, &whole); err != nil {
		return nil, errors.New("read a SecretProviderClass anew")
	}
	spec, _ := whole["spec"].(map[string]any)
	parameters, _ := spec["parameters"].(map[string]any)
	if parameters == nil {
		return nil, errors.New("a SecretProviderClass has no parameters to write anew")
	}
	parameters["objects"] = text
	raw, err := json.Marshal(whole)
	if err != nil {
		return nil, errors.New("write a SecretProviderClass anew")
	}
	return store.Parse(raw)
}
