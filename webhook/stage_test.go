package webhook_test

import (
	"context"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/cases"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/webhook"
)

// stage is the webhook as the API server sees it, and those who come to it. One
// serves all cases: only its handler changes.
type stage struct {
	ctx     context.Context
	engines cases.Engines
	handler atomic.Pointer[webhook.Handler]
	judge   *recorder
	glass   *actor // bypasses the webhook
	actors  []*actor
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{ctx: context.WithoutCancel(t.Context())} // cleanup writes too
	s.glass = newActor(t, "glass", "eva", false, webhook.BreakGlass)
	s.actors = []*actor{
		newActor(t, "dry-run", "ana", true),
		newActor(t, "controller", "system:serviceaccount:plant:unlisted", true),
		newActor(t, "person", "ana", false),
	}
	s.set(t, &cases.Case{})
	(&door{}).register(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handler.Load().ServeHTTP(w, r)
	}), true)
	return s
}

// set prepares the webhook for a case, and returns what audits it: another
// judge, which sees the same vault.
func (s *stage) set(t *testing.T, c *cases.Case) *review.Reviewer {
	t.Helper()
	kv := keyvault.New(keyvault.Options{Now: func() time.Time { return c.Now }})
	must(t, c.Seed(kv))
	endpoint, caPEM, err := kv.Start()
	must(t, err)
	t.Cleanup(kv.Close)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	reviewer := func() *review.Reviewer {
		reader, err := azure.New(azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("token"), CredentialFor: c.CredentialFor})
		must(t, err)
		r, err := c.Reviewer(&s.engines, reader)
		must(t, err)
		return r
	}
	metrics, err := webhook.NewMetrics(prometheus.NewRegistry())
	must(t, err)
	live := cluster.NewLive(srv.Client)
	s.judge = &recorder{judge: reviewer()}
	h, err := webhook.New(webhook.Options{Judge: s.judge, Inventory: inventory, Strict: c.Profile == "strict",
		Peers: live, Live: live, Timeout: 10 * time.Second, Metrics: metrics,
		Now: func() time.Time { return c.Now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Profiles: defaults})
	must(t, err)
	s.handler.Store(h)
	return reviewer()
}

// recorder keeps the verdicts on changes; what stood before an update is asked
// about as an audit, and is not kept.
type recorder struct {
	judge webhook.Judge
	mu    sync.Mutex
	kept  []verdict.Verdict
}

func (r *recorder) Review(ctx context.Context, req review.Request) (verdict.Verdict, error) {
	v, err := r.judge.Review(ctx, req)
	if err == nil && req.Operation != review.Audit {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.kept = append(r.kept, v)
	}
	return v, err
}

func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = nil
}

// first is the verdict on the change as it was made: what is asked after is about what a
// quarantine left of it.
func (r *recorder) first() (v verdict.Verdict, asked bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) == 0 {
		return v, false
	}
	return r.kept[0], true
}

// actor is someone who changes objects, with all rights, and the warnings of the
// last change.
type actor struct {
	name   string
	dryRun bool
	client client.Client
	seen   *warningsSeen
}

func newActor(t *testing.T, name, user string, dryRun bool, groups ...string) *actor {
	t.Helper()
	a := &actor{name: name, dryRun: dryRun}
	a.client, a.seen = as(t, user, groups...)
	return a
}

// change makes the change that an operation stands for; an audit sees an object
// as it would be made.
func (a *actor) change(ctx context.Context, op review.Operation, o *unstructured.Unstructured) error {
	switch op {
	case review.Delete:
		return a.delete(ctx, o)
	case review.Update:
		return a.update(ctx, o)
	}
	return a.create(ctx, o)
}

func (a *actor) create(ctx context.Context, o *unstructured.Unstructured) error {
	a.seen.texts = nil
	var opts []client.CreateOption
	if a.dryRun {
		opts = append(opts, client.DryRunAll)
	}
	err := a.client.Create(ctx, o.DeepCopy(), opts...)
	if apierrors.IsNotFound(err) { // its namespace is missing
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: o.GetNamespace()}}
		if err := srv.Client.Create(ctx, ns); err != nil {
			return err
		}
		return a.create(ctx, o)
	}
	return err
}

func (a *actor) update(ctx context.Context, o *unstructured.Unstructured) error {
	a.seen.texts = nil
	live := o.DeepCopy()
	if err := a.client.Get(ctx, client.ObjectKeyFromObject(o), live); err != nil {
		return err
	}
	next := o.DeepCopy()
	next.SetResourceVersion(live.GetResourceVersion())
	var opts []client.UpdateOption
	if a.dryRun {
		opts = append(opts, client.DryRunAll)
	}
	return a.client.Update(ctx, next, opts...)
}

func (a *actor) delete(ctx context.Context, o *unstructured.Unstructured) error {
	a.seen.texts = nil
	var opts []client.DeleteOption
	if a.dryRun {
		opts = append(opts, client.DryRunAll)
	}
	return a.client.Delete(ctx, o.DeepCopy(), opts...)
}
