package warm_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
)

// envServe makes the test binary a vault, so that values are in another process;
// envClean makes it look through a heap that no other test has used.
const (
	envServe = "STOREWARDEN_TEST_SERVE"
	envClean = "STOREWARDEN_TEST_CLEAN"
)

func TestMain(m *testing.M) {
	if os.Getenv(envServe) != "" {
		serveMarked()
		return
	}
	os.Exit(m.Run())
}

// marked is the text in secret i, which nobody can know who did not read it; it
// must not be a constant, since constants are in memory as well.
func marked(i int) string {
	sum := sha256.Sum256(fmt.Append(nil, "a value of the heap test ", i))
	return hex.EncodeToString(sum[:])
}

const markedSecrets = 60

func serveMarked() {
	s := keyvault.New(keyvault.Options{})
	key, err := certtest.NewKey(certtest.RSA2048, "heap")
	if err != nil {
		panic(err)
	}
	keyPEM, err := key.PEM(certtest.PKCS8)
	if err != nil {
		panic(err)
	}
	for i := range markedSecrets {
		value := marked(i)
		switch i % 3 {
		case 1: // as hex, which is decoded twice
			value = hex.EncodeToString([]byte(marked(i)))
		case 2: // beside a private key
			value = string(keyPEM) + marked(i)
		}
		s.Vault(plantKV).Set(fmt.Sprint("s", i), keyvault.Secret{Value: value})
	}
	endpoint, caPEM, err := s.Start()
	if err != nil {
		panic(err)
	}
	fmt.Println(endpoint, hex.EncodeToString(caPEM))
	select {} // until it is killed
}

// After a refresh no secret's value is anywhere in the heap: not in facts, and not
// in what the client, TLS and the decoder left behind.
//
// Go does not wipe what it frees: a new object may be larger than what it holds, and
// keep bytes of a value that was freed before it in its last part, for as long as it
// lives. That is chance, where something that keeps a value keeps it every time; so
// one process of three must be clean.
func TestHeapHoldsNoValue(t *testing.T) {
	t.Parallel()
	if os.Getenv(envClean) != "" {
		heapHoldsNoValue(t)
		return
	}
	var said []byte
	for range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestHeapHoldsNoValue$", "-test.v")
		cmd.Env = append(os.Environ(), envClean+"=1")
		out, err := cmd.CombinedOutput()
		if err == nil && bytes.Contains(out, []byte("--- PASS: TestHeapHoldsNoValue")) {
			return
		}
		said = out
	}
	t.Fatalf("%s", said)
}

func heapHoldsNoValue(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), envServe+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	endpoint, caHex, _ := strings.Cut(strings.TrimSpace(line), " ")
	caPEM, err := hex.DecodeString(caHex)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	reader, err := azure.New(azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("t")})
	if err != nil {
		t.Fatal(err)
	}
	var refs []vault.Ref
	for i := range markedSecrets {
		refs = append(refs, vault.Ref{Vault: plantKV, Name: fmt.Sprint("s", i)})
	}
	memory := warm.New(reader, warm.Options{})
	cycle := warm.Cycle(memory, warm.RefreshOptions{Lister: reader, Wanted: func() []vault.Ref { return refs }})
	cycle(ctx)
	keys := 0
	for _, a := range memory.Look(ctx, refs) {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
		keys += len(a.Facts.As("utf-8").Bundle.Keys)
	}
	if keys != markedSecrets/3 {
		t.Fatalf("%d keys were seen", keys)
	}
	kept := vault.NewValue(strings.Clone(marked(0))) // what the test would find
	if found := inHeap(t); found == 0 {
		t.Fatal("the test cannot see what the heap holds")
	}
	runtime.KeepAlive(kept)
	kept = vault.Value{}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Second) { // idle connections end, and their buffers go
		found := inHeap(t)
		if found == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d values are still in the heap", found)
		}
	}
	runtime.KeepAlive(memory)
}

// inHeap counts the values that a dump of the heap holds.
func inHeap(t *testing.T) int {
	t.Helper()
	runtime.GC()
	runtime.GC() // pools give up what they hold at the second
	f, err := os.Create(filepath.Join(t.TempDir(), "heap"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	debug.WriteHeapDump(f.Fd())
	dump, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := range markedSecrets {
		text := marked(i)
		for _, form := range []string{text, hex.EncodeToString([]byte(text))} {
			if bytes.Contains(dump, []byte(form)) {
				found++
			}
		}
	}
	return found
}

// However often a vault fails, nothing piles up.
func TestManyFaults(t *testing.T) {
	s := newSite(t, 20, warm.Options{ErrorFor: time.Nanosecond})
	faults := []keyvault.Fault{keyvault.Denied(keyvault.ForbiddenByRbac), keyvault.Broken(500), keyvault.WrongTenant(), keyvault.Dropped(),
		{Status: 200, Body: "<html>"}, {Status: 302, Body: "<html>"}, {Status: 403, Body: "<html>"}}
	round := func(n int) {
		s.Vault(plantKV).Heal()
		s.Vault(plantKV).Fail(faults[n%len(faults)])
		s.clock.advance(time.Second) // the last round's errors are forgotten
		for _, a := range s.memory.Look(t.Context(), s.refs) {
			if a.Err == nil {
				t.Fatal("a fault gave facts")
			}
		}
	}
	size := func() (goroutines int, heap uint64) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	for n := range 50 {
		round(n)
	}
	goroutines, heap := size()
	for n := range 500 { // of 20 each
		round(n)
	}
	after, grown := size()
	if after > goroutines+50 || grown > heap+4<<20 {
		t.Errorf("after 10,000 faults: %d goroutines, then %d; %d bytes, then %d", goroutines, after, heap, grown)
	}
	if n := s.Calls()[keyvault.GetSecret]; n < 5000 { // a dropped connection may end before the call is known
		t.Errorf("only %d calls were made", n)
	}
	s.Vault(plantKV).Heal()
	s.clock.advance(time.Second)
	for _, a := range s.memory.Look(t.Context(), s.refs) {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
	}
}

// After a restart 200 SecretProviderClasses of 50 secrets each are new, and all are
// asked about at once: the vault is asked no more than its budget allows, each asker
// has an answer for every reference, and nobody waits past the deadline.
func TestRestart(t *testing.T) {
	t.Parallel()
	const classes, entries, deadline = 200, 50, 3 * time.Second
	s := newSite(t, classes*entries, warm.Options{Budget: 400})
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	cycle := warm.Cycle(s.memory, warm.RefreshOptions{Lister: lister(t, s), Wanted: func() []vault.Ref { return s.refs }})
	background := make(chan struct{})
	started := time.Now()
	go func() { defer close(background); cycle(ctx) }()
	type outcome struct{ known, late, other int }
	outcomes := make(chan outcome, classes)
	for i := range classes {
		go func() {
			var o outcome
			for _, a := range s.memory.Look(ctx, s.refs[i*entries:(i+1)*entries]) {
				switch reason, _ := vault.ReasonOf(a.Err); {
				case a.Err == nil:
					o.known++
				case reason == vault.Timeout || reason == vault.Throttled:
					o.late++
				default:
					o.other++
				}
			}
			outcomes <- o
		}()
	}
	var sum outcome
	for range classes {
		select {
		case o := <-outcomes:
			sum.known, sum.late, sum.other = sum.known+o.known, sum.late+o.late, sum.other+o.other
		case <-time.After(time.Minute):
			t.Fatal("somebody waits past the deadline")
		}
	}
	<-background
	calls := s.spent()
	total := calls[keyvault.ListSecrets] + calls[keyvault.GetSecret]
	if most := 400 + int(time.Since(started).Seconds()*40) + 1; total > most {
		t.Errorf("%d calls, where the budget allows %d", total, most)
	}
	if sum.other > 0 || sum.known < 300 {
		t.Errorf("%d known, %d unverified for now, %d otherwise", sum.known, sum.late, sum.other)
	}
	t.Logf("%d calls; %d known, %d unverified for now", total, sum.known, sum.late)
}
