package main

import (
	"bytes"
	"strings"
	"testing"
)

// The demo is the first thing that anybody runs.
func TestDemo(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), false, &out); err != nil {
		t.Fatalf("%v, after:\n%s", err, out.String())
	}
	at := 0
	for _, want := range []string{
		"denied the request", "KV-12", // a certificate with its private key
		"=== Lists that fill themselves ===", "both lists are filled, each CRL beside its CA",
		"it arrived in the trust list", "it is held back",
	} {
		i := strings.Index(out.String()[at:], want)
		if i < 0 {
			t.Fatalf("%q is not shown, or not there, in:\n%s", want, out.String())
		}
		at += i
	}
}
