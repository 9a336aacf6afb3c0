package cases

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/test/keyvault"
)

// fault is why a vault shows nothing: what it answers, or else what Microsoft Entra
// says in the place of a token.
type fault struct {
	reason vault.Reason
	code   string
	answer keyvault.Fault
}

var faults = map[string]fault{
	"Forbidden":    {vault.Forbidden, "ForbiddenByRbac", keyvault.Denied(keyvault.ForbiddenByRbac)},
	"NoPolicy":     {vault.Forbidden, "ForbiddenByPolicy", keyvault.Denied(keyvault.ForbiddenByPolicy)},
	"Firewall":     {vault.Firewall, "ForbiddenByFirewall", keyvault.Denied(keyvault.ForbiddenByFirewall)},
	"Throttled":    {vault.Throttled, "Throttled", keyvault.Throttled("30")},
	"AADSTS700213": {reason: vault.TokenFailed, code: "AADSTS700213"},
	"AADSTS700016": {reason: vault.TokenFailed, code: "AADSTS700016"},
	"AADSTS90002":  {reason: vault.TokenFailed, code: "AADSTS90002"},
}

// fault is that of a vault, in a case that was checked.
func (c *Case) fault(vaultName string) (fault, bool) {
	f, ok := faults[c.Faults[vaultName]]
	return f, ok
}

// wrong begins the GUIDs that Microsoft Entra does not know.
const wrong = "99999999-"

// refuses reports whether a fault meets an identity. No remedy but another GUID ends
// that of a GUID that is not known.
func (f fault) refuses(as vault.Identity) bool {
	switch f.code {
	case "AADSTS700016":
		return strings.HasPrefix(as.ClientID, wrong)
	case "AADSTS90002":
		return strings.HasPrefix(as.Tenant, wrong)
	}
	return true
}

// CredentialFor is what the case's vaults are read with.
func (c *Case) CredentialFor(_ string, as vault.Identity) (azcore.TokenCredential, error) {
	for name := range c.Faults {
		if f, _ := c.fault(name); f.answer.Status == 0 && f.refuses(as) {
			return refused(f.code), nil
		}
	}
	return keyvault.StaticToken("token"), nil
}

// refused is a credential that Microsoft Entra gives no token.
type refused string

func (r refused) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{ExpiresOn: time.Time{}}, errors.New(string(r) + ": the case says so")
}

// Identify is as whom the case reads vaults.
func (c *Case) Identify() review.Identify {
	if !c.AsClass {
		return nil
	}
	return func(namespace, account string, p *store.SecretProviderClass) (string, vault.Identity) {
		return "", vault.Identity{Namespace: namespace, ServiceAccount: account, ClientID: p.ClientID.Value, Tenant: p.Tenant.Value}
	}
}
