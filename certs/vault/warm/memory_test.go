package warm_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/test/certtest"
)

// reader answers what a test says, counts calls, and can be held.
type reader struct {
	mu     sync.Mutex
	answer func(vault.Ref) (vault.Secret, error)
	calls  atomic.Int64
	gate   chan struct{}
}

func (r *reader) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	r.calls.Add(1)
	if r.gate != nil {
		select {
		case <-r.gate:
		case <-ctx.Done():
			return vault.Secret{}, ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.answer(ref)
}

func (r *reader) say(f func(vault.Ref) (vault.Secret, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

func certificate(t *testing.T) func(vault.Ref) (vault.Secret, error) {
	t.Helper()
	c := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "server"}))(t)
	return func(ref vault.Ref) (vault.Secret, error) {
		return vault.Secret{Ref: ref, Version: "1", Value: vault.NewValue(c.Hex()), Enabled: true, Tags: map[string]string{"file-encoding": "HEX"}}, nil
	}
}

func fails(reason vault.Reason) func(vault.Ref) (vault.Secret, error) {
	return func(ref vault.Ref) (vault.Secret, error) {
		return vault.Secret{}, &vault.Error{Ref: ref, Reason: reason, Message: "as the test says"}
	}
}

// clock is moved by the test.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d / time.Second)) }

var ref = vault.Ref{Vault: "kv", Name: "server-der"}

func TestFactsOfEachEncoding(t *testing.T) {
	r := &reader{answer: certificate(t)}
	a := warm.New(r, warm.Options{}).Look(context.Background(), []vault.Ref{ref})[0]
	if a.Err != nil {
		t.Fatal(a.Err)
	}
	if d := a.Facts.As(decode.Hex); d.Mismatch != "" || d.Bundle.Kind != certs.KindCertificate {
		t.Errorf("as hex: %q, %s", d.Mismatch, d.Bundle.Kind)
	}
	if d := a.Facts.As(decode.UTF8); d.Mismatch != warm.Wrapped || d.Bundle.Wrapped == nil || d.Bundle.Wrapped.Encodings[0] != "hex" {
		t.Errorf("as utf-8: %q", d.Mismatch)
	}
	if d := a.Facts.As(decode.Base64); d.Mismatch != "hex" {
		t.Errorf("hex read as base64 decodes to garbage, and is taken for good: %q", d.Mismatch)
	}
	if a.Facts.FileEncoding != "hex" || a.Facts.Looks != decode.Hex {
		t.Errorf("tag %q, looks %q", a.Facts.FileEncoding, a.Facts.Looks)
	}
}

func TestManyAskersMakeOneCall(t *testing.T) {
	r := &reader{answer: certificate(t), gate: make(chan struct{})}
	m := warm.New(r, warm.Options{})
	var wg sync.WaitGroup
	var started atomic.Int64
	for range 64 {
		wg.Go(func() {
			started.Add(1)
			// The name's case is not part of it, in Key Vault.
			for _, a := range m.Look(context.Background(), []vault.Ref{ref, {Vault: "KV", Name: "Server-DER"}}) {
				if a.Err != nil || a.Facts == nil {
					t.Errorf("got %v", a.Err)
				}
			}
		})
	}
	for started.Load() < 64 || r.calls.Load() == 0 {
		runtime.Gosched()
	}
	close(r.gate)
	wg.Wait()
	m.Look(context.Background(), []vault.Ref{ref})
	if n := r.calls.Load(); n != 1 {
		t.Errorf("%d calls for one secret", n)
	}
}

func TestErrorsAreForgotten(t *testing.T) {
	var c clock
	r := &reader{answer: fails(vault.Unreachable)}
	m := warm.New(r, warm.Options{Now: c.now})
	look := func() warm.Answer { return m.Look(context.Background(), []vault.Ref{ref})[0] }
	for range 3 {
		if reason, _ := vault.ReasonOf(look().Err); reason != vault.Unreachable {
			t.Fatalf("got %q", reason)
		}
	}
	if n := r.calls.Load(); n != 1 {
		t.Errorf("an error was asked for again at once: %d calls", n)
	}
	r.say(certificate(t))
	c.advance(6 * time.Second)
	if a := look(); a.Err != nil {
		t.Errorf("the error outlived its cause: %v", a.Err)
	}
}

func TestGoodFactsOutliveAnOutage(t *testing.T) {
	var c clock
	r := &reader{answer: certificate(t)}
	m := warm.New(r, warm.Options{Now: c.now})
	look := func() warm.Answer { return m.Look(context.Background(), []vault.Ref{ref})[0] }
	if a := look(); a.Err != nil {
		t.Fatal(a.Err)
	}
	r.say(fails(vault.Unreachable))
	c.advance(2 * time.Minute)
	if a := look(); a.Facts == nil {
		t.Fatal("facts were dropped while they are refreshed")
	}
	for r.calls.Load() < 2 {
		runtime.Gosched()
	}
	if a := look(); a.Facts == nil {
		t.Error("an outage took good facts away")
	}
	c.advance(2 * time.Hour)
	if a := look(); a.Facts != nil {
		t.Error("facts are served beyond their use")
	}
}

func TestLookAgain(t *testing.T) {
	var c clock
	r := &reader{answer: fails(vault.NotFound)}
	m := warm.New(r, warm.Options{Now: c.now})
	again := func() warm.Answer { return m.LookAgain(context.Background(), []vault.Ref{ref})[0] }
	m.Look(context.Background(), []vault.Ref{ref})
	if again(); r.calls.Load() != 1 {
		t.Error("what was learnt this moment was asked for again")
	}
	c.advance(3 * time.Second)
	r.say(certificate(t))
	if a := again(); a.Facts == nil {
		t.Errorf("a secret that was uploaded meanwhile is still taken to be missing: %v", a.Err)
	}
	c.advance(3 * time.Second)
	r.say(fails(vault.Unreachable))
	if a := again(); a.Facts == nil {
		t.Error("an outage took good facts away")
	}
}

func TestASecretThatIsGoneIsGone(t *testing.T) {
	var c clock
	r := &reader{answer: certificate(t)}
	m := warm.New(r, warm.Options{Now: c.now})
	look := func() warm.Answer { return m.Look(context.Background(), []vault.Ref{ref})[0] }
	look()
	r.say(fails(vault.NotFound))
	c.advance(2 * time.Minute)
	look() // served as it was, and refreshed
	deadline := time.Now().Add(10 * time.Second)
	for {
		if reason, _ := vault.ReasonOf(look().Err); reason == vault.NotFound {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a deleted secret is still taken to be there")
		}
		runtime.Gosched()
	}
}

func TestAskerDoesNotWaitBeyondItsDeadline(t *testing.T) {
	r := &reader{answer: certificate(t), gate: make(chan struct{})}
	defer close(r.gate)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a := warm.New(r, warm.Options{}).Look(ctx, []vault.Ref{ref})[0]
	if reason, _ := vault.ReasonOf(a.Err); reason != vault.Timeout {
		t.Errorf("got %v", a.Err)
	}
}

func TestColdLimit(t *testing.T) {
	r := &reader{answer: certificate(t)}
	m := warm.New(r, warm.Options{ColdLimit: 3})
	refs := make([]vault.Ref, 5)
	for i := range refs {
		refs[i] = vault.Ref{Vault: "kv", Name: fmt.Sprint("s", i)}
	}
	for i, a := range m.Look(context.Background(), refs) {
		if reason, _ := vault.ReasonOf(a.Err); (reason == vault.Throttled) != (i >= 3) {
			t.Errorf("secret %d: %v", i, a.Err)
		}
	}
	if n := r.calls.Load(); n != 3 {
		t.Errorf("%d calls", n)
	}
}

func TestOurOwnErrorsStayOurs(t *testing.T) {
	broken := errors.New("a file is broken")
	r := &reader{answer: func(vault.Ref) (vault.Secret, error) { return vault.Secret{}, broken }}
	if a := warm.New(r, warm.Options{}).Look(context.Background(), []vault.Ref{ref})[0]; !errors.Is(a.Err, broken) {
		t.Errorf("got %v", a.Err)
	}
}

func TestNoValueIsKept(t *testing.T) {
	const marked = "MARKED-d41d8cd98f"
	r := &reader{answer: func(ref vault.Ref) (vault.Secret, error) {
		return vault.Secret{Ref: ref, Value: vault.NewValue(marked)}, nil
	}}
	a := warm.New(r, warm.Options{}).Look(context.Background(), []vault.Ref{ref})[0]
	for _, text := range []string{fmt.Sprintf("%+v", a), fmt.Sprintf("%#v", a.Facts), fmt.Sprintf("%+v", a.Facts.As(decode.UTF8))} {
		if strings.Contains(text, marked) {
			t.Error("facts hold the value")
		}
	}
}
