package hand

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Mendable are the codes whose remedy is mechanical: there is one right text, and it
// follows from what is there.
func Mendable() []string { return append(slices.Clone(inText), inVault...) }

// inText are settled in the text of a SecretProviderClass, inVault by uploading a value
// anew with the right words beside it.
var (
	inText  = []string{"SPC-15", "SPC-19", "SPC-22"}
	inVault = []string{"KV-08", "KV-10"}
)

// MendsVault reports whether a code is settled in the vault, and in no file.
func MendsVault(code string) bool { return slices.Contains(inVault, code) }

// Encoding tells in which encoding the vault holds the secret of an entry; ok is false
// where that is not known.
type Encoding func(ctx context.Context, p *store.SecretProviderClass, e store.Entry) (encoding string, ok bool)

// EncodingIn asks a vault.
func EncodingIn(r vault.Reader) Encoding {
	return func(ctx context.Context, p *store.SecretProviderClass, e store.Entry) (string, bool) {
		if r == nil {
			return "", false
		}
		s, err := r.Get(ctx, refOf(p, e))
		if err != nil {
			return "", false
		}
		c, err := contentOf(s)
		return c.encoding, err == nil
	}
}

// MendClass repairs the entries of a SecretProviderClass in the lines of a text that holds
// them, a file or spec.parameters.objects itself, and tells which findings that settles.
// lineOf is the place of an entry's "- |" in the lines, from 0. What is not touched stays
// as it is, comments and order too; what is not mechanical is left alone.
func MendClass(ctx context.Context, lines []string, p *store.SecretProviderClass, findings []verdict.Finding, lineOf func(store.Entry) int, encoding Encoding) (out []string, mended []verdict.Finding) {
	out = slices.Clone(lines)
	for _, e := range slices.Backward(p.Objects.Entries) { // a line that comes moves what is below
		for _, f := range findings {
			if e.Trouble != "" || !strings.HasPrefix(f.Field+".", e.Field+".") || !slices.Contains(inText, f.Code) {
				continue
			}
			block, ok := blockAt(out, lineOf(e))
			if !ok {
				continue
			}
			before, ok := block.read(block.lines)
			if !ok || !sameFields(before, e, "") {
				continue // the lines are another entry's
			}
			after, name, want, ok := mend(ctx, p, e, f, block, encoding)
			if !ok {
				continue
			}
			now, ok := block.read(after)
			if !ok || !sameFields(before, now, name) || want != "" && valueOf(now, name) != want {
				continue // it is written in a way in which a line means something else
			}
			out = slices.Replace(out, block.from, block.to, after...)
			mended = append(mended, f)
			e.Unknown, e.Name, e.Alias, e.Version, e.Type = now.Unknown, now.Name, now.Alias, now.Version, now.Type
			e.Format, e.Encoding, e.FilePermission, e.History = now.Format, now.Encoding, now.FilePermission, now.History
		}
	}
	return out, mended
}

// valueOf is a field of an entry by its name.
func valueOf(e store.Entry, name string) string {
	return map[string]string{"objectName": e.Name, "objectAlias": e.Alias, "objectVersion": e.Version, "objectType": e.Type, "objectFormat": e.Format,
		"objectEncoding": e.Encoding, "filePermission": e.FilePermission, "objectVersionHistory": strconv.Itoa(e.History)}[name]
}

// sameFields reports whether the provider reads two entries alike, but for one field.
func sameFields(a, b store.Entry, but string) bool {
	for _, name := range []string{"objectName", "objectAlias", "objectVersion", "objectType", "objectFormat", "objectEncoding", "filePermission", "objectVersionHistory"} {
		if name != but && valueOf(a, name) != valueOf(b, name) {
			return false
		}
	}
	return a.Dropped == b.Dropped
}

// block is an entry's own lines, below its dash.
type block struct {
	from, to int
	head     string
	lines    []string
}

// read is what the provider reads in lines of the block, if it reads anything.
func (b block) read(lines []string) (store.Entry, bool) {
	o := store.ParseObjects("array:\n" + b.head + "\n" + strings.Join(lines, "\n") + "\n")
	if o.Trouble != "" || len(o.Entries) != 1 || o.Entries[0].Trouble != "" {
		return store.Entry{}, false
	}
	return o.Entries[0], true
}

// opening is the first line of an entry that is written as a literal block.
var opening = regexp.MustCompile(`^( *)- +\|[+-]?\s*(#.*)?$`)

func blockAt(lines []string, dash int) (block, bool) {
	if dash < 0 || dash >= len(lines) {
		return block{}, false
	}
	m := opening.FindStringSubmatch(strings.TrimSuffix(lines[dash], "\r"))
	if m == nil {
		return block{}, false
	}
	to := dash + 1
	for i := to; i < len(lines) && (indent(lines[i]) > len(m[1]) || strings.TrimSpace(lines[i]) == ""); i++ {
		if strings.TrimSpace(lines[i]) != "" {
			to = i + 1 // blank lines at the end are between it and the next
		}
	}
	return block{dash + 1, to, lines[dash], slices.Clone(lines[dash+1 : to])}, to > dash+1
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// fieldLine is a line "name: value # comment".
var fieldLine = regexp.MustCompile(`^( *)([A-Za-z]+)( *:)( *)([^#\s]*)(\s*(#.*)?)$`)

// mend is the block without the finding, the field that it changes and what to, "" for what
// stood there.
func mend(ctx context.Context, p *store.SecretProviderClass, e store.Entry, f verdict.Finding, b block, encoding Encoding) (lines []string, name, value string, ok bool) {
	if f.Fix != (verdict.Fix{}) { // the rule knows the one line that is meant
		return b.put(f.Fix.Field, f.Fix.Value)
	}
	switch f.Code {
	case "SPC-15":
		for _, u := range e.Unknown {
			if u.Suggestion != "" && strings.HasSuffix(f.Field, "."+u.Name) && b.find(u.Suggestion) < 0 {
				return b.rename(u.Name, u.Suggestion)
			}
		}
	case "SPC-19":
		if t := strings.ToLower(e.Type); t == "secret" || t == "secrets" {
			return b.put("objectType", "secret")
		}
	case "SPC-22":
		if enc, ok := encoding(ctx, p, e); ok && enc != "" {
			return b.put("objectEncoding", enc)
		}
	}
	return nil, "", "", false
}

// find is the place of a field, -1 for none.
func (b block) find(name string) int {
	return slices.IndexFunc(b.lines, func(l string) bool {
		m := fieldLine.FindStringSubmatch(l)
		return m != nil && m[2] == name
	})
}

func (b block) rename(from, to string) (lines []string, name, value string, ok bool) {
	i := b.find(from)
	if i < 0 {
		return nil, "", "", false
	}
	b.lines[i] = fieldLine.ReplaceAllString(b.lines[i], "${1}"+to+"${3}${4}${5}${6}")
	return b.lines, to, "", true
}

// put sets a field, or adds it where the az CLI has it: the encoding first, the type last.
func (b block) put(name, value string) (lines []string, field, to string, ok bool) {
	if i := b.find(name); i >= 0 {
		m := fieldLine.FindStringSubmatch(b.lines[i])
		b.lines[i] = m[1] + name + ": " + value + m[6]
		return b.lines, name, value, true
	}
	line := strings.Repeat(" ", indent(b.lines[0])) + name + ": " + value
	if strings.HasSuffix(b.lines[0], "\r") {
		line += "\r"
	}
	if name == "objectEncoding" {
		return slices.Insert(b.lines, 0, line), name, value, true
	}
	return append(b.lines, line), name, value, true
}

// PlanFix plans to repair what the SecretProviderClasses of the namespaces have wrong, as
// far as that is mechanical; no codes mean all of them. It writes nothing.
func (h *Hand) PlanFix(ctx context.Context, codes []string) (*Plan, error) {
	p := newPlan()
	p.Title = "Repair what has one right answer"
	for _, ns := range h.opt.Namespaces {
		before := len(p.Steps)
		v, err := h.look(ctx, ns)
		if err != nil {
			return nil, err
		}
		classes, err := v.peers.List(ctx, store.KindSecretProviderClass, ns)
		if err != nil {
			return nil, fmt.Errorf("list SecretProviderClass in namespace %s: %w", ns, err)
		}
		for _, o := range classes {
			if err := h.fixClass(ctx, p, v, o, codes); err != nil {
				return nil, err
			}
		}
		if err := h.rights(ctx, p, p.Steps[before:], ns); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (h *Hand) fixClass(ctx context.Context, p *Plan, v *view, o *store.Object, codes []string) error {
	if o.SPC == nil {
		return nil
	}
	found, err := v.judge.Review(ctx, review.Request{Operation: review.Audit, Subject: o, Peers: v.peers, Now: h.opt.Now()})
	if err != nil {
		return err
	}
	wanted := slices.DeleteFunc(slices.Clone(found.Findings), func(f verdict.Finding) bool { return len(codes) > 0 && !slices.Contains(codes, f.Code) })
	if err := h.relabel(ctx, p, v, wanted); err != nil {
		return err
	}
	id := o.ID
	repair := func(ctx context.Context, u *unstructured.Unstructured) ([]verdict.Finding, error) {
		now, err := parse(u)
		if err != nil {
			return nil, err
		}
		lines, mended := MendClass(ctx, strings.Split(objectsText(u), "\n"), now.SPC, wanted, func(e store.Entry) int { return e.Line - 1 }, EncodingIn(v.reader))
		return mended, setObjectsText(u, strings.Join(lines, "\n"))
	}
	u, err := h.get(ctx, store.KindSecretProviderClass, id.Namespace, id.Name)
	if err != nil || u == nil {
		return err
	}
	before := objectsText(u)
	mended, err := repair(ctx, u)
	if err != nil || len(mended) == 0 {
		return err
	}
	step := Step{Kind: EditClass, Object: id.String(), What: "repair " + codesOf(mended), Why: mended[0].Message, Changes: changedLines(before, objectsText(u))}
	step.do = func(ctx context.Context) error {
		return h.edit(ctx, store.KindSecretProviderClass, id.Namespace, id.Name, func(u *unstructured.Unstructured) (bool, error) {
			if objectsText(u) != before {
				return false, errChanged(id.String())
			}
			mended, err := repair(ctx, u)
			return len(mended) > 0, err
		})
	}
	p.step(step)
	if o.Projected {
		p.warn("SPC-41", id.String(), "Azure keeps this object, and will write it anew without the repair", "Do it there: az iot ops secretsync secret set --help")
	}
	return nil
}

func errChanged(object string) error {
	return fmt.Errorf("%s was changed since the plan was made: plan again", object)
}

func codesOf(all []verdict.Finding) string {
	var codes []string
	for _, f := range all {
		codes = append(codes, f.Code)
	}
	slices.Sort(codes)
	return strings.Join(slices.Compact(codes), ", ")
}

// changedLines are the lines that go and come; a repair keeps the order of the others.
func changedLines(before, after string) []string {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	var out []string
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(a) > 0 && len(b) > 0 && a[0] == b[0]:
			a, b = a[1:], b[1:]
		case len(b) > 0 && (len(a) == 0 || slices.Contains(b[1:min(len(b), 3)], a[0])):
			out, b = append(out, "+ "+b[0]), b[1:]
		case len(b) > 0:
			out, a, b = append(out, "- "+a[0], "+ "+b[0]), a[1:], b[1:]
		default:
			out, a = append(out, "- "+a[0]), a[1:]
		}
	}
	return out
}
