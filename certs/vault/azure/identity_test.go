package azure_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/vaulttest"
	"github.com/storewarden/storewarden/test/keyvault"
)

// A secret is read as whom its reference says, and as nobody else: a vault that
// one identity may read stays closed to the reader's own.
func TestIdentities(t *testing.T) {
	s, endpoint, pool := start(t, keyvault.Options{})
	s.Vault("kv1").Set("s", keyvault.Secret{Value: value})
	plant := vault.Identity{ClientID: "plant", Tenant: "t", Namespace: "ns", ServiceAccount: "sa"}
	nobody := vault.Identity{ClientID: "nobody"}
	s.Vault("kv1").Permit("plant")
	made, tokens := 0, map[string]int{}
	r := reader(t, azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("own"),
		CredentialFor: func(cloud string, as vault.Identity) (azcore.TokenCredential, error) {
			made++
			if as == nobody {
				return nil, errors.New("it is nobody")
			}
			return keyvault.StaticToken(as.ClientID), nil
		},
		OnToken: func(as vault.Identity, expires time.Time, err error) {
			if expires.IsZero() || err != nil {
				t.Errorf("%s: %v %v", as, expires, err)
			}
			tokens[as.String()]++
		}})
	asPlant, asNobody := ref, ref
	asPlant.As, asNobody.As = plant, nobody
	for range 3 {
		if _, err := r.Get(t.Context(), asPlant); err != nil {
			t.Error(err)
		}
		if _, _, err := r.List(asPlant).Next(t.Context()); err != nil {
			t.Error(err)
		}
		_, err := r.Get(t.Context(), ref)
		vaulttest.CheckError(t, err, ref, vault.Forbidden)
		_, _, err = r.List(ref).Next(t.Context())
		vaulttest.CheckError(t, err, ref.InVault(), vault.Forbidden)
	}
	if made != 1 || tokens["ns/sa"] != 1 || tokens["self"] != 1 || len(tokens) != 2 {
		t.Errorf("%d credentials, tokens %v; want one of each kept", made, tokens)
	}
	_, err := r.Get(t.Context(), asNobody)
	vaulttest.CheckError(t, err, asNobody, vault.TokenFailed)
}

// The service's own word for a refusal is told beside the reason.
func TestCodes(t *testing.T) {
	for want, fault := range map[string]keyvault.Fault{
		"ForbiddenByRbac": keyvault.Denied(keyvault.ForbiddenByRbac), "ForbiddenByPolicy": keyvault.Denied(keyvault.ForbiddenByPolicy),
		"ForbiddenByConnection": keyvault.Denied(keyvault.ForbiddenByConnection), "Throttled": keyvault.Throttled(""),
		"": {Status: http.StatusForbidden, Code: "two words", Message: "m"},
	} {
		s, endpoint, pool := start(t, keyvault.Options{})
		s.Vault("kv1").Fail(fault)
		var got *vault.Error
		if err := get(t, reader(t, azure.Options{Endpoint: endpoint, CA: pool})); !errors.As(err, &got) || got.Code != want {
			t.Errorf("%v, want code %q", got, want)
		}
	}
}

// A cloud has its own domain, unless an endpoint is set for all.
func TestClouds(t *testing.T) {
	for cloudName, host := range map[string]string{
		"": "kv1.vault.azure.net", "AzurePublicCloud": "kv1.vault.azure.net", "AzureUSGovernment": "kv1.vault.usgovcloudapi.net",
		"azureusgovernmentcloud": "kv1.vault.usgovcloudapi.net", "AZURECHINACLOUD": "kv1.vault.azure.cn", "AzureStackCloud": "kv1.vault.azure.net",
	} {
		var asked []string
		var of string
		transport := &http.Transport{DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
			asked = append(asked, address)
			return nil, errors.New("refused")
		}}
		r := reader(t, azure.Options{Transport: transport,
			CredentialFor: func(cloud string, _ vault.Identity) (azcore.TokenCredential, error) {
				of = cloud
				return keyvault.StaticToken("t"), nil
			}})
		in := ref
		in.Cloud = azure.Cloud(cloudName)
		_, err := r.Get(t.Context(), in)
		vaulttest.CheckError(t, err, in, vault.Unreachable)
		if len(asked) == 0 || asked[0] != host+":443" || of != in.Cloud {
			t.Errorf("%q: dialled %v as of cloud %q, want %s", cloudName, asked, of, host)
		}
	}
}
