package webhook_test

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/scene"
)

// nothing is a webhook that does nothing: it reads the request and allows it.
var nothing = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	var review struct {
		Request struct {
			UID string `json:"uid"`
		} `json:"request"`
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &review) != nil {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"`+review.Request.UID+`","allowed":true}}`)
})

// BenchmarkAdmission is a dry-run create of a store Secret of four certificates
// through the API server: without a webhook, with one that does nothing, with
// ours. Compare the three of one run.
func BenchmarkAdmission(b *testing.B) {
	run := func(b *testing.B) {
		secrets, err := scene.Secrets(certtest.Epoch())
		must(b, err)
		data := map[string][]byte{}
		for _, name := range []string{"press-1", "oven-1", "opcuabroker", "plant-ca"} {
			raw, err := hex.DecodeString(secrets[name+"-der"].Value)
			must(b, err)
			data[name+".der"] = raw
		}
		c, err := client.New(srv.Config, client.Options{})
		must(b, err)
		b.ReportAllocs()
		for b.Loop() {
			must(b, c.Create(b.Context(), secret(trust, data), client.DryRunAll))
		}
	}
	b.Run("no webhook", run)
	b.Run("a webhook that does nothing", func(b *testing.B) {
		(&door{}).register(b, nothing, false)
		run(b)
	})
	b.Run("storewarden", func(b *testing.B) {
		open(b, setup{index: true})
		run(b)
	})
}
