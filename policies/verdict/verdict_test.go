package verdict_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/policies/verdict"
)

func TestEnforce(t *testing.T) {
	secret := verdict.Object{Kind: "Secret"}
	deny := verdict.Finding{Code: "X-01", Severity: verdict.Deny, Entry: "a.der"}
	with := func(b verdict.Basis) verdict.Finding { f := deny; f.Basis = b; return f }
	before := &verdict.Verdict{Findings: []verdict.Finding{deny}, Texts: map[string]string{"a.der": "1"}}
	person := verdict.Change{Door: verdict.Webhook, Actor: verdict.Person}
	for name, tc := range map[string]struct {
		finding verdict.Finding
		change  func(c *verdict.Change)
		texts   map[string]string
		want    string
	}{
		"a person is denied":             {deny, func(*verdict.Change) {}, nil, "deny"},
		"an info stays one":              {verdict.Finding{Severity: verdict.Info}, func(*verdict.Change) {}, nil, "info"},
		"an audit softens nothing":       {with(verdict.OnPeer), func(c *verdict.Change) { c.Door, c.Actor, c.Mode = verdict.Audit, verdict.Arc, verdict.ModeWarn }, nil, "deny"},
		"the sync loop needs no order":   {with(verdict.OnPeerEntry), func(c *verdict.Change) { c.Door, c.Actor = verdict.Sync, verdict.Syncer }, nil, "warn"},
		"the sync loop writes no denial": {deny, func(c *verdict.Change) { c.Door, c.Actor = verdict.Sync, verdict.Syncer }, nil, "deny"},
		"the Arc agent is warned":        {deny, func(c *verdict.Change) { c.Actor, c.Mode = verdict.Arc, verdict.ModeWarn }, nil, "warn"},
		"a sync controller is held":      {deny, func(c *verdict.Change) { c.Actor, c.Mode = verdict.Syncer, verdict.ModeQuarantine }, nil, "hold"},
		"held back by nobody":            {deny, func(c *verdict.Change) { c.Actor, c.Mode, c.Last = verdict.Syncer, verdict.ModeQuarantine, true }, nil, "deny"},
		"put back, and strict": {deny, func(c *verdict.Change) {
			c.Actor, c.Mode, c.Last, c.Strict, c.Old = verdict.Syncer, verdict.ModeQuarantine, true, true, before
		}, map[string]string{"a.der": "1"}, "warn"},
		"GitOps is denied its content":  {deny, func(c *verdict.Change) { c.Actor, c.Mode = verdict.GitOps, verdict.ModeDeny }, nil, "deny"},
		"control loops always pass":     {deny, func(c *verdict.Change) { c.Actor = verdict.ControlLoop }, nil, "warn"},
		"a delete warns":                {deny, func(c *verdict.Change) { c.Delete = true }, nil, "warn"},
		"a strict delete by a person":   {deny, func(c *verdict.Change) { c.Delete, c.Strict = true, true }, nil, "deny"},
		"a strict delete by a robot":    {deny, func(c *verdict.Change) { c.Delete, c.Strict, c.Actor = true, true, verdict.GitOps }, nil, "warn"},
		"an absent peer warns a person": {with(verdict.OnPeer), func(*verdict.Change) {}, nil, "warn"},
		"an absent entry denies":        {with(verdict.OnPeerEntry), func(*verdict.Change) {}, nil, "deny"},
		"an absent entry, dry run":      {with(verdict.OnPeerEntry), func(c *verdict.Change) { c.DryRun = true }, nil, "warn"},
		"an absent entry, GitOps":       {with(verdict.OnPeerEntry), func(c *verdict.Change) { c.Actor = verdict.GitOps }, nil, "warn"},
		"references, a person":          {with(verdict.OnReferences), func(*verdict.Change) {}, nil, "deny"},
		"references, dry run":           {with(verdict.OnReferences), func(c *verdict.Change) { c.DryRun = true }, nil, "warn"},
		"stood before, untouched":       {deny, func(c *verdict.Change) { c.Old = before }, map[string]string{"a.der": "1"}, "warn"},
		"stood before, touched":         {deny, func(c *verdict.Change) { c.Old = before }, map[string]string{"a.der": "2"}, "deny"},
		"untouched, but a new finding":  {verdict.Finding{Code: "X-02", Severity: verdict.Deny, Entry: "a.der"}, func(c *verdict.Change) { c.Old = before }, map[string]string{"a.der": "1"}, "deny"},
		"stood before, strict":          {deny, func(c *verdict.Change) { c.Old, c.Strict = before, true }, map[string]string{"a.der": "1"}, "deny"},
		"revoked by what was added":     {verdict.Finding{Code: "X-18", Severity: verdict.Deny, Entry: "a.der", Basis: verdict.OnNeighbour}, func(c *verdict.Change) { c.Old = before }, map[string]string{"a.der": "1"}, "warn"},
		"revoked, and added itself":     {verdict.Finding{Code: "X-18", Severity: verdict.Deny, Entry: "b.der", Basis: verdict.OnNeighbour}, func(c *verdict.Change) { c.Old = before }, map[string]string{"b.der": "1"}, "deny"},
		"by hand, a person":             {verdict.Finding{Severity: verdict.Warn, Basis: verdict.OnHand}, func(*verdict.Change) {}, nil, "warn"},
		"by hand, GitOps":               {verdict.Finding{Severity: verdict.Warn, Basis: verdict.OnHand}, func(c *verdict.Change) { c.Actor = verdict.GitOps }, nil, "warn"},
		"not by hand":                   {with(verdict.OnHand), func(c *verdict.Change) { c.Actor = verdict.Syncer }, nil, "info"},
		"perhaps the owner":             {with(verdict.OnHand), func(c *verdict.Change) { c.Actor = verdict.Unlisted }, nil, "info"},
		"was milder before": {deny, func(c *verdict.Change) {
			c.Old = &verdict.Verdict{Findings: []verdict.Finding{{Code: "X-01", Severity: verdict.Warn, Entry: "a.der"}}, Texts: before.Texts}
		}, map[string]string{"a.der": "1"}, "deny"},
		"nothing good to let through": {deny, func(c *verdict.Change) { c.Actor, c.Mode, c.Create = verdict.Syncer, verdict.ModeQuarantine, true }, nil, "deny"},
		"of the object, the same": {verdict.Finding{Code: "SPC-01", Severity: verdict.Deny, Message: "m"}, func(c *verdict.Change) {
			c.Old = &verdict.Verdict{Findings: []verdict.Finding{{Code: "SPC-01", Severity: verdict.Deny, Message: "m"}}}
		}, nil, "warn"},
		"of the object, another message": {verdict.Finding{Code: "SPC-01", Severity: verdict.Deny, Message: "m"}, func(c *verdict.Change) {
			c.Old = &verdict.Verdict{Findings: []verdict.Finding{{Code: "SPC-01", Severity: verdict.Deny, Message: "n"}}}
		}, nil, "deny"},
	} {
		t.Run(name, func(t *testing.T) {
			c := person
			tc.change(&c)
			e := verdict.Enforce(verdict.Verdict{Object: secret, Entries: 1, Findings: []verdict.Finding{tc.finding}, Texts: tc.texts}, c)
			got := map[bool]string{len(e.Deny) == 1: "deny", len(e.Hold) == 1: "hold", len(e.Warn) == 1: "warn", len(e.Info) == 1: "info"}[true]
			if got != tc.want || len(e.Deny)+len(e.Hold)+len(e.Warn)+len(e.Info) != 1 {
				t.Errorf("the effect is %+v, want %s", e, tc.want)
			}
		})
	}
}

func TestSort(t *testing.T) {
	v := verdict.Verdict{Findings: []verdict.Finding{
		{Code: "B", Severity: verdict.Warn, Field: "objects[10]"}, {Code: "A", Severity: verdict.Info}, {Code: "C", Severity: verdict.Deny, Field: "x"},
		{Code: "B", Severity: verdict.Warn, Field: "objects[2]"}, {Code: "A", Severity: verdict.Warn, Field: "objects[2]"}, {Code: "C", Severity: verdict.Deny, Field: "x"},
	}}
	v.Sort()
	var got []string
	for _, f := range v.Findings {
		got = append(got, string(f.Severity)+" "+f.Code+" "+f.Field)
	}
	want := []string{"deny C x", "warn A objects[2]", "warn B objects[2]", "warn B objects[10]", "info A "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if v.Worst() != verdict.Deny || (&verdict.Verdict{}).Worst() != "" {
		t.Error("the worst severity is wrong")
	}
}
