package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"runtime"
	"testing"

	kyaml "sigs.k8s.io/yaml"
)

// secrets is a list of n Secrets with four certificates' worth of bytes each,
// as "kubectl get secrets -o json" prints it.
func secrets(n int) []byte {
	type object = map[string]any
	items := make([]object, n)
	for i := range items {
		data := map[string]string{}
		for k := range 4 {
			block := sha256.Sum256(fmt.Append(nil, i, k))
			data[fmt.Sprintf("server-%d.der", k)] = base64.StdEncoding.EncodeToString(bytes.Repeat(block[:], 28)) // 896 bytes, an RSA-2048 certificate
		}
		items[i] = object{"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data,
			"metadata": object{"name": fmt.Sprintf("store-%d", i), "namespace": "azure-iot-operations",
				"labels": object{"secrets-store.sync.x-k8s.io": ""}, "resourceVersion": "12345", "uid": "11111111-2222-3333-4444-555555555555",
				"ownerReferences": []object{{"apiVersion": "secret-sync.x-k8s.io/v1alpha1", "kind": "SecretSync", "name": fmt.Sprintf("store-%d", i)}}}}
	}
	text, err := json.MarshalIndent(object{"apiVersion": "v1", "kind": "List", "items": items}, "", "    ")
	if err != nil {
		panic(err)
	}
	return text
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{2_000, 20_000} {
		text := secrets(n)
		b.Run(fmt.Sprintf("json/%d", n), func(b *testing.B) { benchmarkLoad(b, text, n) })
	}
	text, err := kyaml.JSONToYAML(secrets(2_000))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("yaml/2000", func(b *testing.B) { benchmarkLoad(b, text, 2_000) })
}

func benchmarkLoad(b *testing.B, text []byte, n int) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var set *Set
	for b.Loop() {
		var err error
		if set, err = Load([]string{Stdin}, bytes.NewReader(text), Options{}); err != nil || len(set.Objects) != n {
			b.Fatal(len(set.Objects), err)
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	runtime.KeepAlive(set)
	set = nil
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(before.HeapAlloc-after.HeapAlloc)/float64(n), "kept-B/object")
}
