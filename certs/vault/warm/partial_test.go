package warm_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/test/keyvault"
)

// One secret that the vault cannot give does not keep the others from being read.
func TestOneBrokenSecretStopsNoOther(t *testing.T) {
	s := newSite(t, 30, warm.Options{})
	s.cycle()
	s.Vault(plantKV).Fail(keyvault.Fault{Operation: keyvault.GetSecret, Name: "server-00000", Status: 200, Body: `{"value":null}`})
	was := map[string]string{}
	for _, ref := range s.refs {
		was[ref.Name] = s.look(ref.Name).Facts.Version
		s.set(ref.Name)
	}
	late := 0
	s.clock.advance(5 * time.Minute)
	s.cycle()
	for _, ref := range s.refs[1:] {
		if s.look(ref.Name).Facts.Version == was[ref.Name] {
			late++
		}
	}
	if late > 0 {
		t.Errorf("%d of 29 rotations were not seen in a cycle, for one secret that is broken", late)
	}
}

// A vault that may not be listed for a moment is listed in the next cycle where the
// listing itself is asked for.
func TestAListingThatIsNeededIsTriedAgain(t *testing.T) {
	s := newSite(t, 3, warm.Options{})
	of := s.refs[0].InVault()
	reader := s.reader
	cycle := warm.Cycle(s.memory, warm.RefreshOptions{Lister: reader, Wanted: func() []vault.Ref { return s.refs }, Listed: func() []vault.Ref { return []vault.Ref{of} }})
	fault := keyvault.Denied(keyvault.ForbiddenByRbac)
	fault.Operation = keyvault.ListSecrets
	cycle(t.Context())
	s.Vault(plantKV).Fail(fault)
	s.clock.advance(5 * time.Minute)
	cycle(t.Context())
	s.Vault(plantKV).Heal()
	s.set("tagged")
	s.clock.advance(5 * time.Minute)
	cycle(t.Context())
	all, err := s.memory.List(t.Context(), of)
	if err != nil || len(all) != 4 {
		t.Errorf("the right is back and the listing is the old one: %d secrets, %v", len(all), err)
	}
	s.clock.advance(50 * time.Minute)
	cycle(t.Context())
	all, err = s.memory.List(t.Context(), of)
	t.Logf("50 minutes later: %d secrets, %v", len(all), err)
}

// An answer that takes its time is not newer than the moment it was asked for.
func TestASlowAnswerIsAsOldAsItsQuestion(t *testing.T) {
	s := newSite(t, 30, warm.Options{})
	s.cycle()
	s.set("server-00001")
	slow := warm.Cycle(s.slowly(3*time.Second, func() { s.set("server-00001") }), warm.RefreshOptions{Lister: s.reader, Wanted: func() []vault.Ref { return s.refs }})
	slow(t.Context())
	s.clock.advance(5 * time.Minute)
	slow(t.Context())
	want := s.look("server-00001").Facts.Version // of the other memory, which reads anew
	s.clock.advance(5 * time.Minute)
	s.cycle()
	want = s.look("server-00001").Facts.Version
	if got := s.slow.Look(t.Context(), []vault.Ref{{Vault: plantKV, Name: "server-00001"}})[0].Facts.Version; got != want {
		t.Errorf("the second upload is not known: %s, not %s", got, want)
	}
}

type late struct {
	vault.Reader
	s    *site
	by   time.Duration
	once func()
}

func (l *late) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	got, err := l.Reader.Get(ctx, ref)
	if ref.Name == "server-00001" && l.once != nil {
		l.once()
		l.once = nil
		l.s.clock.advance(l.by)
	}
	return got, err
}

func (s *site) slowly(by time.Duration, once func()) *warm.Memory {
	s.slow = warm.New(&late{s.reader, s, by, once}, warm.Options{Now: s.clock.now, FreshFor: 10 * time.Minute, Budget: 1_000_000})
	return s.slow
}

// silent is a vault that does not answer, beside one that does.
type silent struct {
	answer func(vault.Ref) (vault.Secret, error)
}

func (r silent) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	if ref.Vault == "silent-kv" {
		<-ctx.Done()
		return vault.Secret{}, vault.Ended(ctx, ref)
	}
	return r.answer(ref)
}

// A vault that does not answer keeps nobody from another.
func TestASilentVaultHoldsUpNoOther(t *testing.T) {
	m := warm.New(silent{certificate(t)}, warm.Options{Timeout: 3 * time.Second, Parallel: 32})
	var refs []vault.Ref
	for i := range 50 {
		refs = append(refs, vault.Ref{Vault: "silent-kv", Name: fmt.Sprint("s", i)})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	m.Look(ctx, refs)
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if a := m.Look(ctx, []vault.Ref{{Vault: "good-kv", Name: "s"}})[0]; a.Err != nil {
		t.Error(a.Err)
	}
}
