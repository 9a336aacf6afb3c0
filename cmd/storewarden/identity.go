package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/review"
)

// identify tells as whom the secrets of SecretProviderClasses are read. A class's
// own identity is a server's business alone: a person reads with their own rights.
func identify(c config.Vault, asClass bool) review.Identify {
	if c.Kind != config.VaultAzure {
		return nil
	}
	return func(namespace, account string, p *store.SecretProviderClass) (string, vault.Identity) {
		cloudName := azure.Cloud(p.Cloud)
		if !asClass || c.Identity != config.IdentityServiceAccount {
			return cloudName, vault.Identity{}
		}
		if account == "" {
			account = c.ServiceAccount
		}
		return cloudName, vault.Identity{Namespace: namespace, ServiceAccount: account,
			ClientID: strings.ToLower(p.ClientID.Value), Tenant: strings.ToLower(p.Tenant.Value)}
	}
}

// audience is for whom Microsoft Entra takes the token of a service account.
const audience = "api://AzureADTokenExchange"

// credentials makes credentials for Key Vault.
type credentials struct {
	transport *http.Client // nil for the SDK's own
	accounts  corev1client.ServiceAccountsGetter
}

func newCredentials(c config.Vault, accounts corev1client.ServiceAccountsGetter) (credentials, error) {
	pool, err := authorities(c.CAFile)
	if err != nil || pool == nil {
		return credentials{accounts: accounts}, err
	}
	// An endpoint with an authority of its own is a private cloud or an emulator:
	// its login is there too, and unknown to Microsoft's directory.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return credentials{&http.Client{Transport: transport}, accounts}, nil
}

func (m credentials) options(cloudName string) azcore.ClientOptions {
	var o azcore.ClientOptions
	if m.transport != nil {
		o.Transport = m.transport
	}
	switch cloudName {
	case azure.USGovernment:
		o.Cloud = cloud.AzureGovernment
	case azure.China:
		o.Cloud = cloud.AzureChina
	}
	return o
}

// make implements azure.Options.CredentialFor.
func (m credentials) make(cloudName string, as vault.Identity) (azcore.TokenCredential, error) {
	private := m.transport != nil
	switch {
	case as == vault.Identity{}:
		cred, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
			ClientOptions: m.options(cloudName), DisableInstanceDiscovery: private})
		if err != nil {
			return nil, fmt.Errorf("azure identity: %w", err)
		}
		return cred, nil
	case m.accounts == nil:
		return nil, errors.New("only \"storewarden serve\" reads a vault as a SecretProviderClass's identity")
	case as.ClientID == "" || as.Tenant == "":
		return nil, errors.New("the SecretProviderClass names no clientID, or no tenantID")
	}
	cred, err := azidentity.NewClientAssertionCredential(as.Tenant, as.ClientID,
		func(ctx context.Context) (string, error) { return m.assertion(ctx, as) },
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: m.options(cloudName), DisableInstanceDiscovery: private})
	if err != nil {
		return nil, fmt.Errorf("azure identity %s: %w", as.ClientID, err)
	}
	return cred, nil
}

// assertion is a token of the service account, as the sync controller would get it.
func (m credentials) assertion(ctx context.Context, as vault.Identity) (string, error) {
	minutes := int64(10 * 60) // the shortest that the API server gives; it is used at once
	req := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{audience}, ExpirationSeconds: &minutes}}
	answer, err := m.accounts.ServiceAccounts(as.Namespace).CreateToken(ctx, as.ServiceAccount, req, metav1.CreateOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "", fmt.Errorf("service account %s does not exist", as)
	case apierrors.IsForbidden(err):
		return "", fmt.Errorf("the API server lets Storewarden make no token for service account %s: grant it create on serviceaccounts/token", as)
	case err != nil:
		return "", fmt.Errorf("token for service account %s: %w", as, err)
	}
	return answer.Status.Token, nil
}
