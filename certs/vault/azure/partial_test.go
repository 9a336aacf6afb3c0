package azure_test

import (
	"testing"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/test/keyvault"
)

// What is no listing is no empty one.
func TestAnAnswerThatIsNoListing(t *testing.T) {
	for _, body := range []string{`{}`, `{"status":"maintenance"}`, `{"value":null}`, `null`} {
		s, endpoint, pool := start(t, keyvault.Options{})
		s.Vault("kv1").Set("s", keyvault.Secret{Value: "x"})
		r := reader(t, azure.Options{Endpoint: endpoint, CA: pool})
		s.Vault("kv1").Fail(keyvault.Fault{Operation: keyvault.ListSecrets, Status: 200, Body: body})
		page, more, err := r.List(ref.InVault()).Next(t.Context())
		if reason, _ := vault.ReasonOf(err); reason != vault.ServerError {
			t.Errorf("%s is a listing of %d secrets, more %t, %v", body, len(page), more, err)
		}
	}
}
