package azure_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/vaulttest"
	"github.com/storewarden/storewarden/test/keyvault"
)

const clientID = "66666666-7777-8888-9999-000000000000"

// The real credential against the emulator's token endpoint.
func TestTokens(t *testing.T) {
	tests := map[string]struct {
		tenant    string
		err, said string // of the token endpoint
		permitted string
		want      vault.Reason // "" for success
		says      string
	}{
		"permitted": {tenant: keyvault.DefaultTenant, permitted: clientID},
		"another client is permitted": {tenant: keyvault.DefaultTenant, permitted: "77777777-7777-8888-9999-000000000000",
			want: vault.Forbidden, says: "ForbiddenByRbac"},
		"unknown application": {tenant: keyvault.DefaultTenant, permitted: clientID, err: "unauthorized_client",
			said: "AADSTS700016: Application with identifier '" + clientID + "' was not found in the directory 'Contoso'. Trace ID: 0b5 Correlation ID: 1c6 Timestamp: 2026-03-01 08:00:00Z",
			want: vault.TokenFailed, says: "AADSTS700016: Application with identifier '" + clientID + "' was not found in the directory 'Contoso'."},
		"no federated identity": {tenant: keyvault.DefaultTenant, permitted: clientID, err: "invalid_client",
			said: "AADSTS70021: No matching federated identity record found for presented assertion.", want: vault.TokenFailed, says: "AADSTS70021"},
		"the vault is another tenant's": {tenant: "22222222-2222-3333-4444-555555555555", permitted: clientID,
			want: vault.WrongTenant, says: keyvault.DefaultTenant},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s, endpoint, pool := start(t, keyvault.Options{})
			s.Vault("kv1").Set("s", keyvault.Secret{Value: value})
			s.Vault("kv1").Permit(keyvault.TokenOf(tc.permitted))
			s.FailLogin(tc.err, tc.said)
			cred, err := azidentity.NewClientSecretCredential(tc.tenant, clientID, value, &azidentity.ClientSecretCredentialOptions{
				ClientOptions: policy.ClientOptions{
					Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: s.Authority()},
					Transport: &http.Client{Transport: redirected(s, pool)},
				},
				DisableInstanceDiscovery: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			err = get(t, reader(t, azure.Options{Endpoint: endpoint, CA: pool, Credential: cred}))
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			vaulttest.CheckError(t, err, ref, tc.want)
			var got *vault.Error
			errors.As(err, &got)
			if !strings.Contains(got.Message, tc.says) {
				t.Errorf("message %q, want it to say %q", got.Message, tc.says)
			}
			if strings.Contains(got.Message, "Trace ID") {
				t.Errorf("message %q is another one each time", got.Message)
			}
		})
	}
}

func TestTokenFailures(t *testing.T) {
	s, endpoint, pool := start(t, keyvault.Options{})
	s.Vault("kv1").Set("s", keyvault.Secret{Value: value})

	t.Run("no credential is there", func(t *testing.T) {
		cred, err := azidentity.NewChainedTokenCredential([]azcore.TokenCredential{credentialFunc(unavailable)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = get(t, reader(t, azure.Options{Endpoint: endpoint, CA: pool, Credential: cred}))
		vaulttest.CheckError(t, err, ref, vault.TokenFailed)
		if !strings.Contains(err.Error(), "no workload identity here") {
			t.Errorf("error %q does not say what was tried", err)
		}
	})
	t.Run("the token endpoint has no address", func(t *testing.T) {
		cred, err := azidentity.NewClientSecretCredential(keyvault.DefaultTenant, clientID, value, &azidentity.ClientSecretCredentialOptions{
			ClientOptions: policy.ClientOptions{
				Transport: &http.Client{Transport: unresolved(t)},
				Retry:     policy.RetryOptions{MaxRetries: -1},
			},
			DisableInstanceDiscovery: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		err = get(t, reader(t, azure.Options{Endpoint: endpoint, CA: pool, Credential: cred}))
		// The vault was reached: NameNotResolved would send people to the wrong door.
		vaulttest.CheckError(t, err, ref, vault.TokenFailed)
		if !strings.Contains(err.Error(), "login.microsoftonline.com") {
			t.Errorf("error %q does not name the host", err)
		}
	})
}

func unavailable(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, azidentity.NewCredentialUnavailableError("no workload identity here")
}
