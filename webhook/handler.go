// Package webhook is the door that the API server opens: it decodes an
// AdmissionReview once into the few fields it needs, has the object reviewed,
// and answers. A change that is refused is refused with 403 and every reason at
// once; a change that is let through may carry warnings. It decides nothing
// itself: policies/review judges, verdict.Enforce says what that means here.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Path is where the validating webhook answers; QuarantinePath and AutofixPath are where
// the mutating ones do.
const (
	Path           = "/validate"
	QuarantinePath = "/quarantine"
	AutofixPath    = "/autofix"
)

// maxBody is two objects at the API server's own limit of 3 MiB each, and room
// for the envelope.
const maxBody = 7 << 20

// Judge is who judges: a *review.Reviewer.
type Judge interface {
	Review(ctx context.Context, req review.Request) (verdict.Verdict, error)
}

// Options are what New needs.
type Options struct {
	Judge     Judge
	Inventory store.Inventory
	// Strict is whether the strict profile is in force: nothing that was wrong
	// before is forgiven, and deletes may be denied.
	Strict bool
	// Peers answers from memory; Live reads the API server now, and is asked
	// before a person's change is refused for what a peer lacks.
	Peers, Live review.Peers
	Profiles    []Profile
	// Timeout is the deadline where the request names none.
	Timeout time.Duration
	Now     func() time.Time
	Log     *slog.Logger
	Metrics *Metrics
	// Notify tells of a change that was let through with findings by someone who
	// does not read warnings; nil for nobody.
	Notify func(about verdict.Object, warn []verdict.Finding)
}

// Handler answers AdmissionReviews.
type Handler struct{ opt Options }

// New makes a handler.
func New(opt Options) (*Handler, error) {
	if opt.Judge == nil || opt.Peers == nil || opt.Live == nil || opt.Log == nil || opt.Metrics == nil || opt.Now == nil || opt.Timeout <= 0 {
		return nil, errors.New("webhook: Judge, Peers, Live, Log, Metrics, Now and Timeout are required")
	}
	return &Handler{opt}, nil
}

// request is the slim decode of an AdmissionReview: what is not needed is not
// built.
type request struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Request    *struct {
		UID       types.UID       `json:"uid"`
		Namespace string          `json:"namespace"`
		Operation string          `json:"operation"`
		Object    json.RawMessage `json:"object"`
		OldObject json.RawMessage `json:"oldObject"`
		DryRun    bool            `json:"dryRun"`
		UserInfo  struct {
			Username string   `json:"username"`
			Groups   []string `json:"groups"`
		} `json:"userInfo"`
	} `json:"request"`
}

// ServeHTTP answers one AdmissionReview. A body that is none is a client error;
// trouble of ours is an answer of 500 in the review, which a controller retries.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var req request
	malformed := func(say string, code int) {
		h.opt.Metrics.observe(outcome{result: "malformed"}, time.Since(start))
		http.Error(w, say, code)
	}
	switch {
	case err != nil:
		malformed("the body could not be read, or is over 7 MiB", http.StatusRequestEntityTooLarge)
		return
	case json.Unmarshal(body, &req) != nil || req.Request == nil || req.Request.UID == "":
		malformed("the body is not an AdmissionReview with a request", http.StatusBadRequest)
		return
	case req.APIVersion != admissionv1.SchemeGroupVersion.String():
		malformed("only AdmissionReviews of admission.k8s.io/v1 are answered", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.deadline(r))
	defer cancel()
	door := h.judge
	switch r.URL.Path {
	case QuarantinePath:
		door = h.quarantine
	case AutofixPath:
		door = h.autofix
	}
	out := h.answer(ctx, &req, door)
	out.response.UID = req.Request.UID
	h.opt.Metrics.observe(out, time.Since(start))
	w.Header().Set("Content-Type", "application/json")
	err = json.NewEncoder(w).Encode(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: req.APIVersion, Kind: req.Kind}, Response: out.response})
	if err != nil {
		h.opt.Log.Warn("the API server did not take the answer", "error", err)
	}
}

// deadline leaves the API server a tenth of its timeout, 100 ms at least, for
// the way back: an answer that comes late is no answer.
func (h *Handler) deadline(r *http.Request) time.Duration {
	d := h.opt.Timeout
	if t, err := time.ParseDuration(r.URL.Query().Get("timeout")); err == nil && t > 0 {
		d = t
	}
	return max(d-max(d/10, 100*time.Millisecond), 50*time.Millisecond)
}

// outcome is an answer with what the metrics and the log say of it.
type outcome struct {
	response *admissionv1.AdmissionResponse
	kind     string
	result   string // allowed, denied, held, mutated, error, skipped or malformed
	effect   verdict.Effect
	actor    verdict.Actor
}

// change is an admission, read.
type change struct {
	*request
	subject, old *store.Object
	op           review.Operation
	actor        Profile
}

// circumstance is what the change is enforced under.
func (h *Handler) circumstance(c change) verdict.Change {
	out := verdict.Change{Door: verdict.Webhook, Actor: c.actor.Class, DryRun: c.Request.DryRun, Create: c.op == review.Create, Delete: c.op == review.Delete,
		Strict: h.opt.Strict, Mode: c.actor.mode(c.subject.ID.Kind, h.opt.Strict)}
	if c.subject.Deleting {
		out.Actor = verdict.ControlLoop // the object is on its way out already
	}
	return out
}

// ask is what the judge is asked about the change.
func (h *Handler) ask(c change) review.Request {
	return review.Request{Operation: c.op, Subject: c.subject, Old: c.old, Peers: h.opt.Peers, Now: h.opt.Now()}
}

// answer contains a panic: one bad object must not take the others' webhook
// away. The value is not logged, since it may quote what was decoded.
func (h *Handler) answer(ctx context.Context, req *request, door func(context.Context, change) (outcome, error)) (out outcome) {
	by := classify(h.opt.Profiles, req.Request.UserInfo.Username, req.Request.UserInfo.Groups)
	var subject *store.Object
	defer func() {
		if p := recover(); p != nil {
			h.opt.Log.Error("a review panicked", "namespace", req.Request.Namespace, "stack", string(debug.Stack()))
			out = h.unjudged(req, by, subject, errors.New("storewarden met a defect of its own; see its log"))
		}
	}()
	subject, old, op, err := objects(req)
	if err != nil {
		return h.unjudged(req, by, nil, err)
	}
	if subject == nil || !h.guarded(subject, old) {
		return outcome{response: &admissionv1.AdmissionResponse{Allowed: true}, result: "skipped"}
	}
	out, err = door(ctx, change{req, subject, old, op, by})
	if err != nil {
		h.opt.Log.Error("a review failed", "kind", subject.ID.Kind, "namespace", subject.ID.Namespace, "name", subject.ID.Name, "error", err)
		return h.unjudged(req, by, subject, err)
	}
	return out
}

// unjudged is the answer where no judgement was possible: a refusal, but for what no
// judgement could have refused. What goes must be able to go.
func (h *Handler) unjudged(req *request, by Profile, subject *store.Object, err error) outcome {
	kind, going := "", false
	if subject != nil {
		kind, going = subject.ID.Kind, subject.Deleting && req.Request.Operation != "CREATE"
	}
	out := failed(kind, err)
	strict := h.opt.Strict && by.Class == verdict.Person
	if by.Class == verdict.ControlLoop || going || req.Request.Operation == "DELETE" && !strict {
		out.response = &admissionv1.AdmissionResponse{Allowed: true, Warnings: []string{cut("storewarden could not judge this change, and lets it pass: "+oneLine(err.Error()), maxWarning)}}
	}
	return out
}

// guarded looks at the old object too: a Secret must not leave the guard by
// losing its label.
func (h *Handler) guarded(subject, old *store.Object) bool {
	return h.opt.Inventory.Guarded(subject) || (old != nil && h.opt.Inventory.Guarded(old))
}

// judge is the validating webhook: the last line. A bad entry of a sync controller that
// nobody has held back is refused here.
func (h *Handler) judge(ctx context.Context, c change) (outcome, error) {
	under := h.circumstance(c)
	under.Last = true
	ask := h.ask(c)
	v, effect, err := h.enforce(ctx, ask, under)
	if err == nil && effect.Denied() && h.lookAgain(&ask, effect.Deny) {
		v, effect, err = h.enforce(ctx, ask, under)
	}
	if err != nil {
		return outcome{}, err
	}
	out := outcome{response: respond(v, effect), kind: c.subject.ID.Kind, result: "allowed", effect: effect, actor: c.actor.Class}
	if effect.Denied() {
		out.result = "denied"
	}
	h.tell(c, v, out)
	return out, nil
}

// enforce reviews, and for an update that would be refused also reviews what
// stood before: what the change does not touch is not held against it.
func (h *Handler) enforce(ctx context.Context, ask review.Request, change verdict.Change) (verdict.Verdict, verdict.Effect, error) {
	v, err := h.opt.Judge.Review(ctx, ask)
	if err != nil {
		return v, verdict.Effect{}, err
	}
	effect := verdict.Enforce(v, change)
	if ask.Old == nil || (len(effect.Deny) == 0 && len(effect.Hold) == 0) {
		return v, effect, nil
	}
	before := ask
	before.Operation, before.Subject, before.Old = review.Audit, ask.Old, nil
	old, err := h.opt.Judge.Review(ctx, before)
	if err != nil {
		return v, effect, err
	}
	change.Old = &old
	return v, verdict.Enforce(v, change), nil
}

// lookAgain asks for what may have changed a moment ago, before a change is
// refused for it: a peer that was just applied, or a vault secret that was just
// uploaded as the last denial said.
func (h *Handler) lookAgain(ask *review.Request, deny []verdict.Finding) bool {
	again := false
	for _, f := range deny {
		if f.Basis == verdict.OnPeerEntry || f.Basis == verdict.OnReferences {
			ask.Peers, again = h.opt.Live, true
		}
		if f.VaultRef != "" && f.Object.Kind != store.KindSecret {
			ask.Again, again = append(ask.Again, f.VaultRef), true
		}
	}
	return again
}

// tell logs, and lets those who do not read warnings know; a dry run has no
// side effects.
func (h *Handler) tell(c change, v verdict.Verdict, out outcome) {
	codes := func(fs []verdict.Finding) string {
		names := make([]string, len(fs))
		for i, f := range fs {
			names[i] = f.Code
		}
		return strings.Join(names, " ")
	}
	if len(out.effect.Deny)+len(out.effect.Hold)+len(out.effect.Warn) > 0 {
		h.opt.Log.Info("reviewed", "result", out.result, "kind", v.Object.Kind, "namespace", v.Object.Namespace, "name", v.Object.Name,
			"user", c.Request.UserInfo.Username, "actor", string(out.actor), "dryRun", c.Request.DryRun,
			"deny", codes(out.effect.Deny), "hold", codes(out.effect.Hold), "warn", codes(out.effect.Warn), "vaultSeen", v.VaultSeen)
	}
	said := append(out.effect.Hold, out.effect.Warn...)
	if h.opt.Notify != nil && !c.Request.DryRun && out.result != "denied" && out.actor != verdict.Person && len(said) > 0 {
		h.opt.Notify(v.Object, said)
	}
}

// objects parses what is judged. For a delete that is the old object.
func objects(req *request) (subject, old *store.Object, op review.Operation, err error) {
	parse := func(raw json.RawMessage) (*store.Object, error) {
		o, err := store.Parse(raw)
		if errors.Is(err, store.ErrOtherKind) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the object cannot be read: %w", err)
		}
		if o.ID.Namespace == "" {
			o.ID.Namespace = req.Request.Namespace
		}
		return o, nil
	}
	switch req.Request.Operation {
	case "CREATE":
		subject, err = parse(req.Request.Object)
		return subject, nil, review.Create, err
	case "UPDATE":
		if subject, err = parse(req.Request.Object); err != nil {
			return nil, nil, "", err
		}
		old, err = parse(req.Request.OldObject)
		return subject, old, review.Update, err
	case "DELETE":
		subject, err = parse(req.Request.OldObject)
		return subject, nil, review.Delete, err
	}
	return nil, nil, "", nil // CONNECT changes nothing
}

// respond is the answer in the API server's words. Always 403 for a refusal:
// with 409 and 422 kubectl --force and Flux delete and recreate the live object.
func respond(v verdict.Verdict, e verdict.Effect) *admissionv1.AdmissionResponse {
	r := &admissionv1.AdmissionResponse{Allowed: !e.Denied(), Warnings: warnings(v, e.Warn)}
	var said []string
	for _, f := range append(append([]verdict.Finding{}, e.Deny...), e.Warn...) {
		said = append(said, string(f.Severity)+" "+sentence(f))
	}
	if len(said) > 0 {
		r.AuditAnnotations = map[string]string{"findings": cut(strings.Join(said, "\n"), maxAnnotation)}
	}
	if e.Denied() {
		r.Result = &metav1.Status{Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden,
			Message: denial(v, e.Deny), Details: &metav1.StatusDetails{Name: v.Object.Name, Kind: v.Object.Kind, Causes: causes(e.Deny)}}
	}
	return r
}

// failed is an answer for when we could not judge: not allowed, and with a code
// that a controller retries.
func failed(kind string, err error) outcome {
	return outcome{kind: kind, result: "error", response: &admissionv1.AdmissionResponse{Result: &metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Reason: metav1.StatusReasonInternalError,
		Message: "storewarden could not judge this change, nothing was changed: " + oneLine(err.Error())}}}
}
