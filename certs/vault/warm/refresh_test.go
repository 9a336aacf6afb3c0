package warm_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
)

// site is a vault behind the real client, a memory in front of it and a clock for
// both; all secrets were changed long ago.
type site struct {
	*keyvault.Server
	t      *testing.T
	clock  *clock
	memory *warm.Memory
	reader *azure.Reader
	slow   *warm.Memory
	cycle  func()
	refs   []vault.Ref
	hex    string
}

const plantKV = "plant-kv"

func newSite(t *testing.T, secrets int, o warm.Options) *site {
	t.Helper()
	s := &site{t: t, clock: &clock{}, hex: certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "server"}))(t).Hex()}
	s.clock.at.Store(certtest.Epoch().Unix())
	s.Server = keyvault.New(keyvault.Options{Now: s.clock.now})
	endpoint, caPEM, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	reader, err := azure.New(azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("token")})
	if err != nil {
		t.Fatal(err)
	}
	for i := range secrets {
		name := fmt.Sprintf("server-%05d", i)
		s.set(name)
		s.refs = append(s.refs, vault.Ref{Vault: plantKV, Name: name})
	}
	s.clock.advance(time.Hour)
	o.Now = s.clock.now
	if o.FreshFor == 0 {
		o.FreshFor = 10 * time.Minute
	}
	if o.Budget == 0 {
		o.Budget = 1_000_000
	}
	s.memory = warm.New(reader, o)
	s.reader = reader
	cycle := warm.Cycle(s.memory, warm.RefreshOptions{Lister: reader, Wanted: func() []vault.Ref { return s.refs }})
	s.cycle = func() { cycle(t.Context()) }
	return s
}

func (s *site) set(name string) {
	s.Vault(plantKV).Set(name, keyvault.Secret{Value: s.hex, Tags: map[string]string{"file-encoding": "hex"}})
}

// spent is what was asked of the vault since the last time.
func (s *site) spent() keyvault.Calls {
	calls := s.Calls()
	delete(calls, keyvault.Challenge)
	s.ResetCalls()
	return calls
}

func (s *site) look(name string) warm.Answer {
	return s.memory.Look(s.t.Context(), []vault.Ref{{Vault: plantKV, Name: name}})[0]
}

func (s *site) wantReason(name string, want vault.Reason) {
	s.t.Helper()
	if reason, _ := vault.ReasonOf(s.look(name).Err); reason != want {
		s.t.Errorf("%s: %q, not %q", name, reason, want)
	}
}

// Ten thousand secrets cost one listing a cycle, and nothing is read that did not
// change. Admission asks nothing.
func TestSteadyState(t *testing.T) {
	t.Parallel()
	s := newSite(t, 10_000, warm.Options{})
	s.cycle()
	if got := s.spent(); got[keyvault.GetSecret] != 10_000 {
		t.Errorf("the first cycle: %v", got)
	}
	for range 3 {
		s.clock.advance(5 * time.Minute)
		s.cycle()
		got := s.spent()
		// The emulator puts an empty page after every four, as Azure may do.
		if want := (keyvault.Calls{keyvault.ListSecrets: 500}); !cmp.Equal(got, want) {
			t.Errorf("a cycle: %v, not %v", got, want)
		}
	}
	s.clock.advance(9 * time.Minute)
	for _, a := range s.memory.Look(t.Context(), s.refs) {
		if a.Err != nil || a.Facts.As(decode.Hex).Bundle.Kind != certs.KindCertificate {
			t.Fatal(a.Err)
		}
	}
	if got := s.spent(); len(got) != 0 {
		t.Errorf("admission asked: %v", got)
	}
}

// What changes is known after the next cycle, at the price of what changed.
func TestChangesArrive(t *testing.T) {
	s := newSite(t, 40, warm.Options{})
	s.cycle()
	kv := s.Vault(plantKV)
	first := s.look("server-00001").Facts.Version
	s.clock.advance(5 * time.Minute)
	s.set("server-00001")
	kv.Update("server-00002", "", func(x *keyvault.Secret) { x.Disabled, x.Updated = true, s.clock.now() })
	kv.Delete("server-00003")
	s.refs = append(s.refs, vault.Ref{Vault: plantKV, Name: "not-there"})
	s.spent()
	s.cycle()
	want := keyvault.Calls{keyvault.ListSecrets: 3, keyvault.GetSecret: 4, keyvault.GetDeletedSecret: 2}
	if got := s.spent(); !cmp.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	if v := s.look("server-00001").Facts.Version; v == first {
		t.Error("the new version is not known")
	}
	s.wantReason("server-00002", vault.Disabled)
	s.wantReason("server-00003", vault.SoftDeleted)
	s.wantReason("not-there", vault.NotFound)

	// What is as it was costs nothing more: trouble is known as well as facts.
	s.clock.advance(5 * time.Minute)
	s.cycle()
	// The one that was changed is read once more: a listing counts whole seconds.
	if got := s.spent(); got[keyvault.GetSecret] != 1 || got[keyvault.ListSecrets] != 3 {
		t.Errorf("a cycle without changes: %v", got)
	}
	s.clock.advance(5 * time.Minute)
	kv.Update("server-00002", "", func(x *keyvault.Secret) { x.Disabled, x.Updated = false, s.clock.now() })
	kv.Recover("server-00003")
	s.set("not-there")
	s.cycle()
	for _, name := range []string{"server-00002", "server-00003", "not-there"} {
		s.wantReason(name, "")
	}
}

// Two uploads within a second have one time of change.
func TestSecondChangeWithinASecond(t *testing.T) {
	s := newSite(t, 30, warm.Options{})
	s.set("server-00001")
	s.cycle()
	first := s.look("server-00001").Facts.Version
	s.set("server-00001")
	s.clock.advance(5 * time.Minute)
	s.cycle()
	if s.look("server-00001").Facts.Version == first {
		t.Error("the second upload is not known")
	}
}

func TestAFewOfManyAreReadAlone(t *testing.T) {
	s := newSite(t, 200, warm.Options{})
	s.cycle()
	s.refs = s.refs[:3]
	s.spent()
	s.clock.advance(5 * time.Minute)
	s.cycle()
	if got, want := s.spent(), (keyvault.Calls{keyvault.GetSecret: 3}); !cmp.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// An identity that may get and not list is asked again after an hour.
func TestListingIsNotPermitted(t *testing.T) {
	s := newSite(t, 30, warm.Options{})
	fault := keyvault.Denied(keyvault.ForbiddenByRbac)
	fault.Operation = keyvault.ListSecrets
	s.Vault(plantKV).Fail(fault)
	s.cycle()
	s.clock.advance(5 * time.Minute)
	s.cycle()
	if got, want := s.spent(), (keyvault.Calls{keyvault.ListSecrets: 1, keyvault.GetSecret: 60}); !cmp.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	s.Vault(plantKV).Heal()
	s.clock.advance(time.Hour)
	s.cycle()
	if got := s.spent(); got[keyvault.ListSecrets] != 3 {
		t.Errorf("after an hour: %v", got)
	}
}

// Whatever fails, no fact is lost, and after the fault all is as before.
func TestNoFactIsLost(t *testing.T) {
	for what, fault := range map[string]keyvault.Fault{
		"no permission": keyvault.Denied(keyvault.ForbiddenByRbac), "firewall": keyvault.Denied(keyvault.ForbiddenByFirewall),
		"throttled": keyvault.Throttled("3"), "throttled, for how long it does not say": keyvault.Throttled(""),
		"server error": keyvault.Broken(500), "dropped": keyvault.Dropped(), "another tenant": keyvault.WrongTenant(),
		"a login page": {Status: 200, Body: "<html>"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 30, warm.Options{})
			s.cycle()
			s.Vault(plantKV).Fail(fault)
			for range 3 {
				s.clock.advance(5 * time.Minute)
				s.cycle()
			}
			for _, a := range s.memory.Look(t.Context(), s.refs) {
				if a.Err != nil {
					t.Fatalf("a fact is lost: %v", a.Err)
				}
			}
			s.Vault(plantKV).Heal()
			s.set("server-00001")
			s.clock.advance(5 * time.Minute)
			version := s.look("server-00001").Facts.Version
			s.cycle()
			if s.look("server-00001").Facts.Version == version {
				t.Error("after the fault a change is not known")
			}
		})
	}
}

// A vault that throttles is left alone for as long as it asks for, by everybody,
// and a reference that is not known yet is told so without a call.
func TestThrottledVaultIsLeftAlone(t *testing.T) {
	s := newSite(t, 30, warm.Options{ErrorFor: time.Nanosecond})
	s.Vault(plantKV).Fail(keyvault.Throttled("20"))
	s.wantReason("server-00001", vault.Throttled)
	s.Vault(plantKV).Heal()
	s.spent()
	s.clock.advance(19 * time.Second)
	s.wantReason("server-00002", vault.Throttled)
	if got := s.spent(); len(got) != 0 {
		t.Errorf("within the 20 seconds: %v", got)
	}
	s.clock.advance(2 * time.Second)
	s.wantReason("server-00002", "")
}

// After a restart everything is new. The background leaves half of the budget to
// admission, and both together stay within it.
func TestBudget(t *testing.T) {
	const budget = 60 // in ten seconds
	s := newSite(t, 400, warm.Options{Budget: budget, ColdLimit: 1000})
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	cycle := warm.Cycle(s.memory, warm.RefreshOptions{Lister: lister(t, s), Wanted: func() []vault.Ref { return s.refs }})
	started := time.Now()
	done := make(chan struct{})
	go func() { defer close(done); cycle(ctx) }()
	answered := 0
	for _, a := range s.memory.Look(ctx, s.refs[390:]) { // ten that nobody saw yet
		if a.Err == nil {
			answered++
		}
	}
	<-done
	if answered != 10 {
		t.Errorf("admission got %d answers of 10", answered)
	}
	calls := s.spent()
	total := calls[keyvault.ListSecrets] + calls[keyvault.GetSecret]
	if most := budget + int(time.Since(started).Seconds()*budget/10) + 1; total > most || total < budget/2 {
		t.Errorf("%d calls, where the budget allows %d: %v", total, most, calls)
	}
}

func lister(t *testing.T, s *site) vault.Lister {
	t.Helper()
	return listerFunc(func(vault.Ref) vault.Pages { return &onePage{s: s} })
}

type listerFunc func(vault.Ref) vault.Pages

func (f listerFunc) List(of vault.Ref) vault.Pages { return f(of) }

// onePage tells that all is there and was changed now, so that all is read.
type onePage struct{ s *site }

func (p *onePage) Next(context.Context) ([]vault.Properties, bool, error) {
	var page []vault.Properties
	for _, r := range p.s.refs {
		page = append(page, vault.Properties{Name: r.Name, Enabled: true})
	}
	return page, false, nil
}

// Fifty entries that were never seen take two rounds of what may go out at once.
func TestColdRoundTrips(t *testing.T) {
	s := newSite(t, 50, warm.Options{})
	s.SetLatency(60 * time.Millisecond)
	for _, a := range s.memory.Look(t.Context(), s.refs) {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
	}
	if n := s.MaxInFlight(); n < 25 || n > 32 {
		t.Errorf("%d calls at once", n)
	}
	if got := s.spent(); got[keyvault.GetSecret] != 50 {
		t.Errorf("%v", got)
	}
}

// Refresh itself: it starts, keeps on, and ends with its context.
func TestRefreshRuns(t *testing.T) {
	s := newSite(t, 5, warm.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- s.memory.Refresh(ctx, warm.RefreshOptions{Lister: lister(t, s), Wanted: func() []vault.Ref { return s.refs }, Every: 20 * time.Millisecond})
	}()
	deadline := time.After(10 * time.Second)
	for s.Calls()[keyvault.GetSecret] < 10 { // the page says that all changed, each time
		select {
		case <-deadline:
			t.Fatal("no second cycle")
		case err := <-ended:
			t.Fatalf("it ended: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Names that no vault can have, and the same in other letters, cost nothing.
func TestWantedIsFolded(t *testing.T) {
	s := newSite(t, 2, warm.Options{})
	s.refs = append(s.refs, vault.Ref{Vault: strings.ToUpper(plantKV), Name: "SERVER-00001"}, vault.Ref{Vault: "no/vault", Name: "x"}, vault.Ref{Vault: plantKV, Name: "../x"})
	s.cycle()
	if got := s.spent(); got[keyvault.GetSecret] != 2 {
		t.Errorf("%v", got)
	}
}
