package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/keyvault"
)

// What list could not see is no "all is well", and a store that is not there is no empty one.
func TestListOfWhatIsNotSeen(t *testing.T) {
	s := &site{t: t, kv: keyvault.New(keyvault.Options{}), bin: filepath.Join(t.TempDir(), "storewarden")}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var err error
	if s.srv, err = apiserver.Start(t.Context(), apiserver.Options{CRDs: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.srv.Stop() })
	s.config = filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(s.config, []byte(`vault: {kind: azure, endpoint: "https://127.0.0.1:9/{vault}"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s.create("apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: spc-ops-1, namespace: azure-iot-operations}\nspec:\n  provider: azure\n  parameters: {keyvaultName: plant-kv, clientID: 00000000-0000-0000-0000-000000000001, tenantID: 00000000-0000-0000-0000-000000000002, objects: \"array:\\n- |\\n  objectName: password\\n  objectType: secret\\n\"}")
	s.create("apiVersion: secret-sync.x-k8s.io/v1alpha1\nkind: SecretSync\nmetadata: {name: other, namespace: azure-iot-operations}\nspec:\n  secretProviderClassName: spc-ops-1\n  serviceAccountName: aio-ssc-sa\n  secretObject: {type: Opaque, data: [{sourcePath: password, targetKey: password}]}")
	s.create("apiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: azure-iot-operations, labels: {secrets-store.sync.x-k8s.io: \"\"}}\nstringData: {password: x}")
	s.expect(s.run("list", "--store", "other"), exitFailed, "good", "not seen")
	s.expect(s.run("list", "--expiring", "1d"), exitFailed, "nothing is like that", "not seen")
	s.expect(s.run("list", "--store", "trsut"), exitFailed, `there is no store "trsut"`)
	s.expect(s.run("list", "--store", "trust"), exitClean, trustList)
}
