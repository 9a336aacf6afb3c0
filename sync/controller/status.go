package controller

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/plan"
)

// Condition is one of Ready, Degraded, VaultReachable and Expiring.
type Condition struct {
	Status          metav1.ConditionStatus
	Reason, Message string
	retry           error // tries again with growing pauses
}

// The reasons of the condition Ready; a failed write has its own.
const (
	reasonSynced    = "Synced"
	reasonHeld      = "EntriesHeld"
	reasonMissing   = "EntriesMissing"
	reasonForeign   = "ForeignKeys"
	reasonShrink    = "ShrinkBlocked"
	reasonSource    = "SourceUnseen"
	reasonRefused   = "Refused"
	reasonWaiting   = "WaitingForSecretSync"
	reasonDuplicate = "DuplicateStore"
	reasonNotAStore = "NotAStore"
	reasonExpiring  = "ExpiringSoon" // of the condition Expiring
)

// EntryStatus is an entry of the inventory.
type EntryStatus struct {
	Key          string       `json:"key"`
	Source       string       `json:"source,omitempty"`
	VaultVersion string       `json:"vaultVersion,omitempty"`
	Subject      string       `json:"subject,omitempty"`
	Fingerprint  string       `json:"fingerprint,omitempty"`
	NotAfter     *metav1.Time `json:"notAfter,omitempty"`
	State        plan.State   `json:"state"`
	Findings     []string     `json:"findings,omitempty"`
	Message      string       `json:"message,omitempty"`
}

// Summary counts them.
type Summary struct {
	Synced       int          `json:"synced"`
	Held         int          `json:"held"`
	Missing      int          `json:"missing"`
	Foreign      int          `json:"foreign"`
	Retained     int          `json:"retained"`
	ExpiringSoon int          `json:"expiringSoon"`
	NextExpiry   *metav1.Time `json:"nextExpiry,omitempty"`
}

// status is what stands in the ConnectorStore.
type status struct {
	ObservedGeneration int64              `json:"observedGeneration"`
	Conditions         []metav1.Condition `json:"conditions"`
	Summary            Summary            `json:"summary"`
	Entries            []EntryStatus      `json:"entries"`
	Truncated          int                `json:"truncated,omitempty"`
}

// maxEntries is how many entries a status holds.
const maxEntries = 1000

// learnVerdict keeps what the judge says of what will stand in the store.
func (c *Controller) learnVerdict(o *Outlook, g *gathering, v verdict.Verdict) {
	seen := map[string]*certs.Bundle{} // by digest
	for _, w := range g.wishes {
		if w.bundle != nil {
			seen[w.Digest] = w.bundle
		}
	}
	codes := map[string][]string{}
	for _, f := range v.Findings {
		if f.Entry != "" && f.Severity != verdict.Info && !slices.Contains(codes[f.Entry], f.Code) {
			codes[f.Entry] = append(codes[f.Entry], f.Code)
		}
	}
	data := o.Plan.Proposed(o.actual)
	for _, e := range o.Plan.Entries {
		s := EntryStatus{Key: e.Key, Source: e.Source, VaultVersion: e.VaultVersion, State: e.State, Findings: slices.Concat(e.Codes, codes[e.Key]), Message: e.Message}
		slices.Sort(s.Findings)
		s.Findings = slices.Compact(s.Findings)
		if value := data[e.Key]; value != nil {
			b := seen[plan.Digest(value)]
			if b == nil {
				decoded := decode.Bytes(value)
				b = &decoded
			}
			describeValue(&s, b)
		}
		o.Entries = append(o.Entries, s)
	}
	if !v.NextChange.IsZero() && v.NextChange.Before(o.Next) {
		o.Next = v.NextChange
	}
}

// describeValue tells what the store holds, or will.
func describeValue(s *EntryStatus, b *certs.Bundle) {
	end := time.Time{}
	switch {
	case len(b.Certificates) > 0:
		s.Subject, s.Fingerprint, end = b.Certificates[0].Subject, b.Certificates[0].SHA256, b.Certificates[0].NotAfter
	case len(b.CRLs) > 0:
		s.Subject, s.Fingerprint, end = "CRL of "+b.CRLs[0].Issuer, b.CRLs[0].SHA256, b.CRLs[0].NextUpdate
	}
	if !end.IsZero() {
		s.NotAfter = &metav1.Time{Time: end.UTC()}
	}
}

// unwritten puts into the entries what the Secret holds, where the plan was not written.
func (c *Controller) unwritten(o *Outlook) {
	for i, e := range o.Entries {
		if !o.Plan.Changed(e.Key) {
			continue
		}
		o.Entries[i] = EntryStatus{Key: e.Key, Source: e.Source, State: plan.Held, Message: "it was not written: " + o.Ready.Reason}
		if value := o.actual.Data[e.Key]; value != nil {
			b := decode.Bytes(value)
			describeValue(&o.Entries[i], &b)
		}
	}
	for _, key := range o.Plan.Remove {
		e := EntryStatus{Key: key, State: plan.Retained, Message: "its removal was not written: " + o.Ready.Reason}
		b := decode.Bytes(o.actual.Data[key])
		describeValue(&e, &b)
		o.Entries = append(o.Entries, e)
	}
	slices.SortFunc(o.Entries, func(a, b EntryStatus) int { return cmp.Compare(a.Key, b.Key) })
	for i := range o.Plan.Entries { // for metrics
		if e := &o.Plan.Entries[i]; o.Plan.Changed(e.Key) {
			e.State = plan.Held
		}
	}
	o.summary = Summary{}
	c.count(o)
}

// describe makes conditions and summary of a plan.
func (c *Controller) describe(o *Outlook, g *gathering) {
	c.count(o)
	o.vault = vaultCondition(g)
	if o.Ready.Reason != "" {
		return
	}
	o.Ready = readiness(o, g)
}

// count sums the entries up.
func (c *Controller) count(o *Outlook) {
	for _, e := range o.Entries {
		switch e.State {
		case plan.Synced:
			o.summary.Synced++
		case plan.Held:
			o.summary.Held++
		case plan.Missing:
			o.summary.Missing++
		case plan.Foreign:
			o.summary.Foreign++
		case plan.Retained:
			o.summary.Retained++
		}
		if e.NotAfter == nil {
			continue
		}
		if warn := e.NotAfter.Add(-c.opt.ExpiryWarning); c.endsSoon(e) {
			o.summary.ExpiringSoon++
		} else if warn.Before(o.Next) {
			o.Next = warn
		}
		if o.summary.NextExpiry == nil || e.NotAfter.Before(o.summary.NextExpiry) {
			o.summary.NextExpiry = e.NotAfter
		}
	}
}

func vaultCondition(g *gathering) Condition {
	switch {
	case g.vault != nil:
		return Condition{Status: metav1.ConditionFalse, Reason: string(g.vault.Reason), Message: g.vault.Message}
	case !g.asked:
		return Condition{Status: metav1.ConditionUnknown, Reason: "NotAsked", Message: "no source needs a vault"}
	}
	return Condition{Status: metav1.ConditionTrue, Reason: "Answers"}
}

// readiness is the worst that can be said.
func readiness(o *Outlook, g *gathering) Condition {
	of := func(s plan.State) []string {
		var keys []string
		for _, e := range o.Entries {
			if e.State == s {
				keys = append(keys, e.Key)
			}
		}
		return keys
	}
	no := func(reason, format string, args ...any) Condition {
		return Condition{Status: metav1.ConditionFalse, Reason: reason, Message: fmt.Sprintf(format, args...)}
	}
	held, missing, others := of(plan.Held), of(plan.Missing), of(plan.Foreign)
	switch {
	case len(o.Plan.Blocked) > 0:
		return no(reasonShrink, "%d of our keys would go at once, more than %d%%: %s. Where that is meant: kubectl -n %s annotate connectorstore %s storewarden.io/allow-shrink=%s --overwrite",
			len(o.Plan.Blocked), plan.MaxRemoved, few(o.Plan.Blocked), o.store.GetNamespace(), o.store.GetName(), o.Plan.Hash)
	case len(held) > 0:
		why := ""
		if len(o.Held) > 0 {
			f := o.Held[0]
			why = fmt.Sprintf(". %s: %s. Fix: %s", f.Code, f.Message, f.Remedy)
		}
		return no(reasonHeld, "held back: %s%s", few(held), why)
	case len(missing) > 0:
		i := slices.IndexFunc(o.Entries, func(e EntryStatus) bool { return e.State == plan.Missing })
		return no(reasonMissing, "not seen: %s. %s", few(missing), o.Entries[i].Message)
	case len(others) > 0:
		return no(reasonForeign, "another field manager owns %s: remove them there, or from the sources here; adopt: true takes a key over that holds the same", few(others))
	case len(g.unseen) > 0:
		return no(reasonSource, "%s", few(g.unseen))
	}
	return Condition{Status: metav1.ConditionTrue, Reason: reasonSynced, Message: fmt.Sprintf("%d entries", o.summary.Synced+o.summary.Retained)}
}

// report writes the status where it differs, and raises an event where Ready turned.
func (c *Controller) report(ctx context.Context, o *Outlook) error {
	var old status
	if raw, ok, _ := unstructured.NestedMap(o.store.Object, "status"); ok {
		if b, err := json.Marshal(raw); err == nil {
			_ = json.Unmarshal(b, &old) // what cannot be read is written anew
		}
	}
	now := metav1.NewTime(c.opt.Now().UTC().Truncate(time.Second))
	s := status{ObservedGeneration: o.store.GetGeneration(), Summary: o.summary, Entries: o.Entries,
		Conditions: slices.Clone(old.Conditions)}
	if s.Entries == nil {
		s.Entries = []EntryStatus{}
	}
	if len(s.Entries) > maxEntries {
		s.Entries, s.Truncated = s.Entries[:maxEntries], len(s.Entries)-maxEntries
	}
	degraded := Condition{Status: metav1.ConditionFalse, Reason: "AsDeclared"}
	if o.Ready.Status != metav1.ConditionTrue {
		degraded = Condition{Status: metav1.ConditionTrue, Reason: o.Ready.Reason}
	}
	turned := false
	for _, cond := range []struct {
		kind string
		Condition
	}{{"Ready", o.Ready}, {"Degraded", degraded}, {"VaultReachable", o.vault}, {"Expiring", c.expiring(o)}} {
		before := meta.FindStatusCondition(s.Conditions, cond.kind)
		if cond.kind == "Ready" {
			turned = before == nil || before.Reason != cond.Reason || before.Message != cond.Message
		}
		meta.SetStatusCondition(&s.Conditions, metav1.Condition{Type: cond.kind, Status: cond.Status, Reason: cond.Reason, Message: cond.Message,
			ObservedGeneration: s.ObservedGeneration, LastTransitionTime: now})
	}
	if normal(old) == normal(s) {
		return nil
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&s)
	if err != nil {
		return fmt.Errorf("write status of ConnectorStore %s: %w", o.store.GetName(), err)
	}
	patched := o.store.DeepCopy()
	patched.Object["status"] = fields
	if err := c.opt.Client.Status().Patch(ctx, patched, client.MergeFrom(o.store), client.FieldOwner(plan.Manager)); err != nil {
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("write status of ConnectorStore %s: %w", o.store.GetName(), err)
	}
	c.announce(o, old)
	if turned {
		c.opt.Event(o.store, o.Ready.Status != metav1.ConditionTrue, o.Ready.Reason, o.Ready.Message)
	}
	return nil
}

// endsSoon reports whether an entry's end is near, or over.
func (c *Controller) endsSoon(e EntryStatus) bool {
	return e.NotAfter != nil && !c.opt.Now().Before(e.NotAfter.Add(-c.opt.ExpiryWarning))
}

// expiring is the condition that tells ahead of what ends.
func (c *Controller) expiring(o *Outlook) Condition {
	ending := c.ending(o, func(EntryStatus) bool { return true })
	if len(ending) == 0 {
		return Condition{Status: metav1.ConditionFalse, Reason: "NothingSoon"}
	}
	return Condition{Status: metav1.ConditionTrue, Reason: reasonExpiring, Message: "put a new version into the vault before it ends: " + few(ending)}
}

// ending names the entries that end soon, the first first.
func (c *Controller) ending(o *Outlook, of func(EntryStatus) bool) []string {
	soon := slices.DeleteFunc(slices.Clone(o.Entries), func(e EntryStatus) bool { return !c.endsSoon(e) || !of(e) })
	slices.SortStableFunc(soon, func(a, b EntryStatus) int { return a.NotAfter.Compare(b.NotAfter.Time) })
	names := make([]string, len(soon))
	for i, e := range soon {
		names[i] = fmt.Sprintf("%s (%s) on %s", e.Key, e.Subject, e.NotAfter.UTC().Format(time.DateOnly))
	}
	return names
}

// announce raises an event for what ends soon and did not a pass ago.
func (c *Controller) announce(o *Outlook, old status) {
	known := map[string]bool{}
	for _, e := range old.Entries {
		known[e.Key+e.Fingerprint] = true
	}
	more := o.summary.ExpiringSoon > old.Summary.ExpiringSoon // time alone did it
	ending := c.ending(o, func(e EntryStatus) bool { return more || !known[e.Key+e.Fingerprint] })
	if len(ending) > 0 {
		c.opt.Event(o.store, true, reasonExpiring, "what ends soon: "+few(ending)+"; put a new version into the vault, and it is taken over")
	}
}

// wasReady reports whether a status was told of what is declared now.
func wasReady(u *unstructured.Unstructured) bool {
	observed, ok, _ := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
	return ok && observed == u.GetGeneration()
}

// normal is a status as it comes back from the API server, for comparing.
func normal(s status) string {
	if s.Conditions == nil {
		s.Conditions = []metav1.Condition{}
	}
	if len(s.Entries) == 0 {
		s.Entries = []EntryStatus{}
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return string(raw)
}
