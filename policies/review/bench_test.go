package review_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/certtest"
)

func ofFour(t testing.TB) *plant {
	p := healthy(t)
	p.secretOf[trust] = map[string][]byte{}
	for i := range 4 {
		name := fmt.Sprintf("server-%d", i)
		p.secretOf[trust][name+".der"] = server(t, certtest.Options{CommonName: name}).DER
	}
	return p
}

func subject(t testing.TB, p *plant, kind string) review.Request {
	set := p.load()
	for _, o := range set.Objects {
		if o.ID.Kind == kind {
			return review.Request{Operation: review.Audit, Subject: o.Object, Peers: set, Now: certtest.Epoch()}
		}
	}
	t.Fatal("no such subject")
	return review.Request{}
}

func benchmark(b *testing.B, r *review.Reviewer, req review.Request) {
	b.Helper()
	if v, err := r.Review(context.Background(), req); err != nil || v.Worst() == verdict.Deny || v.Worst() == verdict.Warn {
		b.Fatal(v.Findings, err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Review(context.Background(), req); err != nil {
			b.Fatal(err)
		}
	}
}

// A store Secret of four certificates whose bytes were seen before, as a sync
// controller re-applies them for ever.
func BenchmarkReviewSecretOfFour(b *testing.B) {
	p := ofFour(b)
	benchmark(b, p.reviewer(), subject(b, p, store.KindSecret))
}

func ofFifty(t testing.TB) *plant {
	p := healthy(t)
	der := server(t, certtest.Options{}).DER
	for i := range 50 - len(p.entries) {
		name := fmt.Sprintf("server-%d", i)
		p.put(name, der, "application/pkix-cert")
		p.entries = append(p.entries, "objectName: "+name+"\nobjectType: secret\nobjectEncoding: hex")
	}
	return p
}

// A SecretProviderClass of 50 entries whose secrets are known.
func BenchmarkReviewProviderClassOf50(b *testing.B) {
	p := ofFifty(b)
	benchmark(b, p.reviewer(), subject(b, p, store.KindSecretProviderClass))
}

// What the merged set saves: the same rules asked as they were written.
func BenchmarkEvaluateSecretOfFour(b *testing.B) {
	p := ofFour(b)
	r := p.reviewer()
	doc, err := r.Document(context.Background(), subject(b, p, store.KindSecret))
	if err != nil {
		b.Fatal(err)
	}
	for name, evaluate := range map[string]func() ([]engine.Result, error){
		"merged":    func() ([]engine.Result, error) { return p.opt.Engine.Evaluate(context.Background(), doc) },
		"originals": func() ([]engine.Result, error) { return p.opt.Engine.Reference(context.Background(), doc) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := evaluate(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
