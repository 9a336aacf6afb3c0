package controller_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/storewarden/storewarden/test/certtest"
)

// BenchmarkScale is 200 stores of 50 vault secrets each: the first fill, then polls in
// which nothing changed, and polls in which one secret of each hundred did. It tells
// the calls, the CPU of the process (with the emulator in it) and the heap.
//
//	go test ./sync/controller -run '^$' -bench Scale -benchtime 1x
func BenchmarkScale(b *testing.B) {
	const stores, each = 200, 50
	p := newPlant(b)
	var ders [each][]byte // 50 servers, in every store
	for j := range each {
		ders[j] = leaf(b, fmt.Sprint("server-", j), certtest.Options{KeyName: fmt.Sprint(j % 10)}).DER
	}
	var names []string
	for i := range stores {
		var sources []string
		for j := range each {
			name := fmt.Sprintf("s%03d-%02d", i, j)
			p.put(name+"-der", ders[j])
			sources = append(sources, fmt.Sprintf("{name: %s, vaultSecret: {name: %s-der}}", name, name))
		}
		names = append(names, fmt.Sprintf("store-%03d", i))
		p.declare(names[i], "opcua-trust", fmt.Sprintf("list-%03d", i), strings.Join(sources, ", "))
	}
	p.now.Add(3600)
	measure := func(what string, do func()) {
		p.kv.ResetCalls()
		cpu, started := cpuTime(), time.Now()
		do()
		took, used := time.Since(started), cpuTime()-cpu
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		calls := p.kv.Calls()
		fmt.Fprintf(os.Stderr, "%-28s %6.1f s, CPU %6.1f s, list calls %4d, gets %5d, heap %4d MiB\n", what, took.Seconds(), used.Seconds(),
			calls["ListSecrets"], calls["GetSecret"], m.HeapAlloc>>20)
	}
	for b.Loop() {
		measure("first fill", func() { p.pass(names...) })
		for n := range 3 {
			measure(fmt.Sprintf("poll %d, nothing changed", n+1), func() { p.poll(names...) })
		}
		for n := range 12 { // an hour of them
			for i := range stores {
				if i%2 == 0 {
					p.put(fmt.Sprintf("s%03d-%02d-der", i, n), leaf(b, "server", certtest.Options{KeyName: fmt.Sprint("n", n)}).DER)
				}
			}
			measure(fmt.Sprintf("poll %d, 100 changed", n+1), func() { p.poll(names...) })
		}
	}
}

// BenchmarkPass is one pass over a store of 50 secrets in which nothing changed.
func BenchmarkPass(b *testing.B) {
	p := newPlant(b)
	var sources []string
	for j := range 50 {
		name := fmt.Sprintf("s-%02d", j)
		p.put(name+"-der", leaf(b, fmt.Sprint("server-", j), certtest.Options{KeyName: fmt.Sprint(j % 10)}).DER)
		sources = append(sources, fmt.Sprintf("{name: %s, vaultSecret: {name: %s-der}}", name, name))
	}
	p.declare("store", "opcua-trust", trust, strings.Join(sources, ", "))
	p.pass("store")
	b.ReportAllocs()
	for b.Loop() {
		p.pass("store")
	}
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
