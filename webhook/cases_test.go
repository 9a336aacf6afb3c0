package webhook_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/cases"
)

// caseFolder is where the cases' files are, seen from this package.
const caseFolder = "../test/cases"

// Each case, played on a real API server and with the real client of Key Vault:
// the verdict is the audit's, byte for byte, and what each actor meets is as the
// case lists it.
func TestCases(t *testing.T) {
	all, err := cases.All()
	must(t, err)
	s := newStage(t)
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			got := s.play(t, c)
			if *update {
				must(t, c.Rewrite(caseFolder, nil, got))
				return
			}
			if diff := cmp.Diff(c.Effects, got); diff != "" {
				t.Errorf("effects (-listed +met):\n%s", diff)
			}
		})
	}
}

// play puts the objects of a case into the cluster past the webhook, and then
// makes each one's change through it.
func (s *stage) play(t *testing.T, c *cases.Case) []string {
	t.Helper()
	audit := s.set(t, c)
	reqs, err := c.Requests()
	must(t, err)
	now, old := manifests(t, c.Objects), manifests(t, c.Old)
	t.Cleanup(func() { s.remove(t, slices.Concat(now, old)...) })
	if len(c.CRD) > 0 {
		s.refused(t, c, now)
		return []string{}
	}
	for _, o := range now {
		s.put(t, o)
	}
	effects := []string{}
	for i, o := range now {
		want, err := audit.Review(t.Context(), reqs[i])
		must(t, err)
		switch reqs[i].Operation {
		case review.Update:
			s.put(t, named(t, old, o))
		case review.Audit: // it is seen as it comes
			s.remove(t, o)
		}
		for _, a := range s.actors {
			s.judge.forget()
			if effect := met(t, a.change(s.ctx, reqs[i].Operation, o), a.seen.codes()); effect != "" {
				effects = append(effects, fmt.Sprintf("%s %s: %s", a.name, kindName(o), effect))
			}
			got, asked := s.judge.first()
			if guarded := inventory.Guarded(reqs[i].Subject); asked != guarded {
				t.Errorf("%s: the webhook was asked about %s: %t, it is guarded: %t", a.name, kindName(o), asked, guarded)
			}
			if diff := cmp.Diff(jsonOf(t, want), jsonOf(t, got)); asked && diff != "" {
				t.Errorf("%s: the verdict on %s is not the audit's (-audit +webhook):\n%s", a.name, kindName(o), diff)
			}
		}
		s.put(t, o)
	}
	return effects
}

// refused checks that the API server refuses by itself what the case says. Such
// a world cannot be put into a cluster; it is for the audit alone.
func (s *stage) refused(t *testing.T, c *cases.Case, all []*unstructured.Unstructured) {
	t.Helper()
	for _, o := range all {
		if err := s.glass.create(s.ctx, o); slices.Contains(c.CRD, kindName(o)) != apierrors.IsInvalid(err) {
			t.Errorf("the API server says of %s: %v", kindName(o), err)
		}
	}
}

// met says in short what an actor was told: the codes of the refusal, or of the
// warnings.
func met(t *testing.T, err error, warned string) string {
	t.Helper()
	var told []string
	if codes := denied(t, err); err != nil {
		told = append(told, "denied "+strings.Join(codes, " "))
	}
	if warned != "" {
		told = append(told, "warned "+warned)
	}
	return strings.Join(told, ", ")
}

// manifests reads a case's objects as kubectl does.
func manifests(t *testing.T, raw []byte) []*unstructured.Unstructured {
	t.Helper()
	if len(raw) == 0 {
		return nil
	}
	return objects(t, string(raw))
}

func kindName(o *unstructured.Unstructured) string { return o.GetKind() + "/" + o.GetName() }

func named(t *testing.T, all []*unstructured.Unstructured, like *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	i := slices.IndexFunc(all, func(o *unstructured.Unstructured) bool { return kindName(o) == kindName(like) })
	if i < 0 {
		t.Fatalf("%s has no old version", kindName(like))
	}
	return all[i]
}

func jsonOf(t *testing.T, v verdict.Verdict) string {
	t.Helper()
	raw, err := json.MarshalIndent(v, "", " ")
	must(t, err)
	return string(raw)
}

// put makes an object stand in the cluster as it is given, past the webhook.
func (s *stage) put(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	err := s.glass.create(s.ctx, o)
	if apierrors.IsAlreadyExists(err) {
		err = s.glass.update(s.ctx, o)
	}
	if err != nil {
		t.Fatalf("put %s into the cluster: %v", kindName(o), err)
	}
}

func (s *stage) remove(t *testing.T, all ...*unstructured.Unstructured) {
	t.Helper()
	for _, o := range all {
		if err := client.IgnoreNotFound(s.glass.delete(s.ctx, o)); err != nil {
			t.Fatalf("remove %s: %v", kindName(o), err)
		}
	}
}
