package review_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/certtest"
)

// An audit is told when each certificate and CRL of the object itself ends, not
// of its sibling list; an admission is not.
func TestEnds(t *testing.T) {
	p := healthy(t)
	set := p.load()
	subject, err := set.Get(context.Background(), store.KindSecretSync, namespace, issuer)
	if err != nil {
		t.Fatal(err)
	}
	ends := func(op review.Operation) []verdict.End {
		v, err := p.reviewer().Review(context.Background(), review.Request{Operation: op, Subject: subject, Peers: set, Now: certtest.Epoch()})
		if err != nil {
			t.Fatal(err)
		}
		return v.Ends
	}
	got := ends(review.Audit)
	for i := range got {
		if len(got[i].Fingerprint) != 64 || !got[i].Time.After(certtest.Epoch()) {
			t.Errorf("%+v has no thumbprint or no time", got[i])
		}
		got[i].Fingerprint, got[i].Time = "", certtest.Epoch()
	}
	want := []verdict.End{
		{Kind: "certificate", Subject: "CN=Plant CA", Entry: "ca.der", Field: "spec.secretObject.data[0]", VaultRef: "plant-kv/ca-der", Time: certtest.Epoch()},
		{Kind: "crl", Subject: "CN=Plant CA", Entry: "ca.crl", Field: "spec.secretObject.data[1]", VaultRef: "plant-kv/ca-crl", Time: certtest.Epoch()},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := ends(review.Create); got != nil {
		t.Errorf("an admission pays for %d ends", len(got))
	}
}
