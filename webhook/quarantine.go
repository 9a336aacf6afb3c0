package webhook

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Held is one entry that is not what somebody wrote.
type Held struct {
	By    string   `json:"by"`    // who wrote what was refused
	Codes []string `json:"codes"` // of the findings, or of those of the entry it belongs to
	// SHA256 is of the refused bytes; only of lists, whose entries are public.
	SHA256 string `json:"sha256,omitempty"`
}

// quarantine is the mutating webhook, for sync controllers: of a store Secret that they
// write the bad entries keep the value they had, or stay absent, and the good ones go
// through. Where nothing good would be left, or the whole object is wrong, it changes
// nothing, and the validating webhook refuses.
func (h *Handler) quarantine(ctx context.Context, c change) (outcome, error) {
	under := h.circumstance(c)
	pass := outcome{response: &admissionv1.AdmissionResponse{Allowed: true}, kind: c.subject.ID.Kind, result: "skipped", actor: c.actor.Class}
	if c.subject.Secret == nil || c.op == review.Delete || under.Actor == verdict.ControlLoop {
		return pass, nil
	}
	held := holding{codes: map[string][]string{}}
	var v verdict.Verdict
	if under.Mode == verdict.ModeQuarantine {
		var ok bool
		var err error
		if v, ok, err = h.hold(ctx, c, under, &held); err != nil || !ok {
			return pass, err
		}
	}
	patch, err := held.patch(c, store.Role(v.Role), h.opt.Inventory.RoleByName(c.subject.ID))
	if err != nil || patch == nil {
		return pass, err
	}
	pass.response.Patch, pass.response.PatchType = patch, new(admissionv1.PatchTypeJSONPatch)
	pass.response.Warnings = warnings(v, held.findings)
	pass.effect.Hold, pass.result = held.findings, "mutated"
	if len(held.findings) > 0 {
		pass.result = "held"
		h.tell(c, v, pass)
	}
	return pass, nil
}

// hold finds what must be held until nothing that is left must be; it is not ok where
// the write is to be refused as a whole. The verdict is on what was written.
func (h *Handler) hold(ctx context.Context, c change, under verdict.Change, held *holding) (first verdict.Verdict, ok bool, err error) {
	ask := h.ask(c)
	for {
		v, effect, err := h.enforce(ctx, ask, under)
		if err != nil || effect.Denied() {
			return first, false, err
		}
		if ask.Subject == c.subject {
			first = v
		}
		if !held.add(store.Role(v.Role), c, effect.Hold) {
			break
		}
		ask.Subject = held.restored(c)
	}
	return first, len(held.codes) == 0 || (c.op != review.Create || len(ask.Subject.Secret.Data) > 0) && c.fits(ask.Subject), nil
}

// fits reports whether the API server takes what is left: its own refusal of a type that
// lacks its keys is a 422, and says nothing of why they are gone.
func (c change) fits(left *store.Object) bool {
	for _, key := range []string{"tls.crt", "tls.key"} {
		_, is := left.Secret.Data[key]
		_, was := c.subject.Secret.Data[key]
		if was && !is && c.subject.Secret.Type == "kubernetes.io/tls" {
			return false
		}
	}
	return true
}

// holding is which keys are held, for which codes, and what is said of it.
type holding struct {
	codes    map[string][]string
	findings []verdict.Finding
}

// add holds what findings are about, with all that changes together with it, and
// reports whether anything is held that was not. An entry that stands as it stood
// cannot be held any further.
func (h *holding) add(role store.Role, c change, findings []verdict.Finding) (any bool) {
	for _, f := range findings {
		holds := false
		for _, key := range c.keys() {
			if role.Unit(key) != role.Unit(f.Entry) || slices.Contains(h.codes[key], f.Code) || !c.touches(role, key) {
				continue
			}
			h.codes[key] = append(h.codes[key], f.Code)
			holds = true
		}
		if holds {
			any = true
			f.Message += "; it is held back, " + c.instead(f.Entry)
			h.findings = append(h.findings, f)
		}
	}
	return any
}

// keys are those of the Secret before and after.
func (c change) keys() []string {
	keys := slices.Clone(c.subject.Secret.Keys)
	if c.old != nil && c.old.Secret != nil {
		keys = append(keys, c.old.Secret.Keys...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// before is what a key held.
func (c change) before(key string) (store.Value, bool) {
	if c.old == nil || c.old.Secret == nil {
		return nil, false
	}
	v, ok := c.old.Secret.Data[key]
	return v, ok
}

// touches reports whether anything that changes together with the key does.
func (c change) touches(role store.Role, key string) bool {
	for _, k := range c.keys() {
		now, is := c.subject.Secret.Data[k]
		was, there := c.before(k)
		if role.Unit(k) == role.Unit(key) && (is != there || string(now) != string(was)) {
			return true
		}
	}
	return false
}

// instead says what stands in a held entry's place.
func (c change) instead(key string) string {
	if _, ok := c.before(key); ok {
		return "the value before stays"
	}
	return "it is not written"
}

// restored is the Secret as the webhook leaves it.
func (h holding) restored(c change) *store.Object {
	o := *c.subject
	s := *o.Secret
	s.Data = maps.Clone(s.Data)
	for key := range h.codes {
		if was, ok := c.before(key); ok {
			s.Data[key] = was
		} else {
			delete(s.Data, key)
		}
	}
	s.Keys = slices.Sorted(maps.Keys(s.Data))
	o.Secret = &s
	return &o
}

// operation is one of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// marks are what is changed beside the data.
type marks struct {
	Metadata struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
}

// patch is the JSON patch that makes what was written what shall stand; nil where it is.
func (h holding) patch(c change, role, named store.Role) ([]byte, error) {
	var now, old marks
	if err := cmp.Or(json.Unmarshal(c.Request.Object, &now), unmarshal(c.Request.OldObject, &old)); err != nil {
		return nil, fmt.Errorf("read labels and annotations of %s: %w", c.subject.ID, err)
	}
	var ops []operation
	if named != store.RoleUnknown && now.Metadata.Labels[store.StoreLabel] == "" {
		ops = setMark(ops, "/metadata/labels", now.Metadata.Labels, store.StoreLabel, string(named))
	}
	text, err := h.annotation(c, role, old.Metadata.Annotations[store.HeldAnnotation])
	if err != nil {
		return nil, err
	}
	ops = setMark(ops, "/metadata/annotations", now.Metadata.Annotations, store.HeldAnnotation, text)
	ops = append(ops, h.data(c)...)
	if len(ops) == 0 {
		return nil, nil
	}
	return json.Marshal(ops)
}

// setMark sets a label or an annotation, or removes one that shall be "".
func setMark(ops []operation, at string, have map[string]string, key, value string) []operation {
	switch {
	case value == have[key]:
		return ops
	case value == "":
		return append(ops, operation{Op: "remove", Path: at + "/" + pointer(key)})
	case len(have) == 0:
		return append(ops, operation{Op: "add", Path: at, Value: map[string]string{key: value}})
	}
	return append(ops, operation{Op: "add", Path: at + "/" + pointer(key), Value: value})
}

// data puts held entries back.
func (h holding) data(c change) []operation {
	var ops []operation
	empty := len(c.subject.Secret.Data) == 0
	for _, key := range slices.Sorted(maps.Keys(h.codes)) {
		at := "/data/" + pointer(key)
		was, there := c.before(key)
		_, written := c.subject.Secret.Data[key]
		switch {
		case !there && written:
			ops = append(ops, operation{Op: "remove", Path: at})
		case there && empty:
			ops = append(ops, operation{Op: "add", Path: "/data", Value: map[string][]byte{key: was}})
			empty = false
		case there:
			ops = append(ops, operation{Op: "add", Path: at, Value: []byte(was)})
		}
	}
	return ops
}

// annotation says what is held: by this writer now, and by others as before. What stands
// in the old object counts, since a writer may leave the annotation out.
func (h holding) annotation(c change, role store.Role, before string) (string, error) {
	held := map[string]Held{}
	if json.Unmarshal([]byte(before), &held) != nil {
		held = map[string]Held{} // somebody else wrote it; it is written anew
	}
	user := c.Request.UserInfo.Username
	// What another held is held no more once this write has changed it, or taken it away.
	maps.DeleteFunc(held, func(key string, e Held) bool { return e.By == user || c.touches(store.RoleUnknown, key) })
	for key, codes := range h.codes {
		value, written := c.subject.Secret.Data[key]
		if !written {
			continue // it is back because of what it belongs to
		}
		e := Held{By: user, Codes: slices.Sorted(slices.Values(codes))}
		switch role {
		case store.RoleTrust, store.RoleIssuer, store.RoleTLSTrust:
			sum := sha256.Sum256(value)
			e.SHA256 = hex.EncodeToString(sum[:])
		}
		held[key] = e
	}
	if len(held) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(held) // in order of keys
	return string(raw), err
}

// pointer escapes a name for a JSON pointer.
func pointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func unmarshal(raw []byte, into any) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}
