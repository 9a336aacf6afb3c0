package review_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/test/certtest"
)

func TestZZ(t *testing.T) {
	p := healthy(t)
	p.secretOf[trust] = map[string][]byte{}
	der := server(t, certtest.Options{CommonName: "same"}).DER
	for i := range 900 { p.secretOf[trust][fmt.Sprintf("s-%d.der", i)] = der }
	r := p.reviewer()
	req := subject(t, p, store.KindSecret)
	at := time.Now()
	v, err := r.Review(context.Background(), req)
	t.Log(time.Since(at), len(v.Findings), err)
}
