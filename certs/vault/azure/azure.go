// Package azure reads secrets from Azure Key Vault with the azsecrets client.
// It turns every way a vault can refuse, be out of reach or answer nonsense
// into one of the port's reasons, never retries (a caller has a deadline, and
// the cache above decides when to ask again), and answers when the caller's
// deadline passes even if a token is still being waited for.
package azure

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/storewarden/storewarden/certs/vault"
)

// DefaultEndpoint is where the vaults of the public cloud are. Those of other
// clouds are found by the reference's Cloud where no other endpoint is set.
const DefaultEndpoint = "https://{vault}.vault.azure.net"

// The clouds beside the public one, as a reference's Cloud.
const (
	USGovernment = "AzureUSGovernmentCloud"
	China        = "AzureChinaCloud"
)

// endpoints are where their vaults are.
var endpoints = map[string]string{
	USGovernment: "https://{vault}.vault.usgovcloudapi.net",
	China:        "https://{vault}.vault.azure.cn",
}

// Cloud is the cloud that a cloudName means, whatever its case; "" is the public
// one, and whatever is not known.
func Cloud(cloudName string) string {
	switch strings.ToLower(cloudName) {
	case "azureusgovernment", "azureusgovernmentcloud":
		return USGovernment
	case "azurechinacloud":
		return China
	}
	return ""
}

// placeholder stands for the vault's name in an endpoint.
const placeholder = "{vault}"

// Options of a Reader.
type Options struct {
	// Endpoint is a URL template with {vault} once, in the host or in the path;
	// DefaultEndpoint if empty. It must be https: the SDK sends no token
	// otherwise.
	Endpoint string
	// Credential gets the reader's own tokens. Required.
	Credential azcore.TokenCredential
	// CredentialFor makes the credential of another identity, or of another cloud.
	// It makes no call. Nil reads all as oneself.
	CredentialFor func(cloud string, as vault.Identity) (azcore.TokenCredential, error)
	// OnToken is told of each token that a credential gave, and of each failure. It
	// must not block.
	OnToken func(as vault.Identity, expires time.Time, err error)
	// CA is trusted instead of the system's authorities when set.
	CA *x509.CertPool
	// Transport replaces the HTTP transport (proxies, dialling, TLS) when set.
	// CA must be nil then.
	Transport *http.Transport
	// Allowed limits which vaults are called at all; it gets the name in lower
	// case. Nil allows every vault, which is for command lines only: in a
	// cluster an unlimited reader answers questions about other teams' vaults.
	Allowed func(vault string) bool
}

// Reader reads secrets from Key Vault. It keeps one client, with its token, per
// vault and identity; all share their connections.
type Reader struct {
	options   Options
	endpoint  string
	transport *transport
	allowed   func(string) bool

	mu          sync.Mutex
	clients     *lru.Cache[vault.Ref, *azsecrets.Client]
	credentials *lru.Cache[owner, azcore.TokenCredential]
}

// owner is whose a credential is.
type owner struct {
	cloud string
	as    vault.Identity
}

// remembered bounds clients and credentials: identities are written by those who
// write SecretProviderClasses.
const remembered = 1024

// New checks the options and returns a Reader; it makes no call.
func New(o Options) (*Reader, error) {
	if o.Endpoint == "" {
		o.Endpoint = DefaultEndpoint
	}
	if err := checkEndpoint(o.Endpoint); err != nil {
		return nil, err
	}
	if o.Credential == nil {
		return nil, errors.New("key vault: no credential")
	}
	if o.CA != nil && o.Transport != nil {
		return nil, errors.New("key vault: set either CA or Transport, not both")
	}
	if o.Allowed == nil {
		o.Allowed = func(string) bool { return true }
	}
	if o.OnToken == nil {
		o.OnToken = func(vault.Identity, time.Time, error) {}
	}
	clients, err := lru.New[vault.Ref, *azsecrets.Client](remembered)
	if err != nil {
		return nil, fmt.Errorf("key vault: %w", err)
	}
	credentials, err := lru.New[owner, azcore.TokenCredential](remembered)
	if err != nil {
		return nil, fmt.Errorf("key vault: %w", err)
	}
	return &Reader{options: o, endpoint: strings.TrimSuffix(o.Endpoint, "/"), transport: newTransport(o),
		allowed: o.Allowed, clients: clients, credentials: credentials}, nil
}

func checkEndpoint(endpoint string) error {
	u, err := url.Parse(strings.Replace(endpoint, placeholder, "vault", 1))
	switch {
	case strings.Count(endpoint, placeholder) != 1:
		return fmt.Errorf("key vault endpoint %q: it needs %s once", endpoint, placeholder)
	case err != nil:
		return fmt.Errorf("key vault endpoint %q: not a URL", endpoint)
	case u.Scheme != "https":
		return fmt.Errorf("key vault endpoint %q: only https, since tokens are sent there", endpoint)
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("key vault endpoint %q: only a host and a path are allowed", endpoint)
	}
	return nil
}

// Get reads one secret.
func (r *Reader) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	client, err := r.open(ctx, ref)
	if err != nil {
		return vault.Secret{}, err
	}
	return beside(ctx, ref, func() (vault.Secret, error) { return r.get(ctx, ref, client) })
}

// open is what every call to a secret begins with: no client for what may not or
// cannot be asked for.
func (r *Reader) open(ctx context.Context, ref vault.Ref) (*azsecrets.Client, error) {
	if err := vault.Check(ref); err != nil {
		return nil, err
	}
	if !r.allowed(strings.ToLower(ref.Vault)) {
		return nil, &vault.Error{Ref: ref, Reason: vault.NotAllowed, Message: "this vault is not on the list of vaults that may be read"}
	}
	if err := vault.Ended(ctx, ref); err != nil {
		return nil, err
	}
	return r.client(ref)
}

// beside runs a call beside the caller: the SDK's callers queue for a token
// without looking at their contexts, so one slow token would hold all of them
// past their deadlines.
func beside[T any](ctx context.Context, ref vault.Ref, call func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1) // buffered: nobody may be there any more
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil { // a panic here would take the process down
				a = answer{err: fmt.Errorf("vault secret %s: panic in the client at %s", ref, debug.Stack())}
			}
			done <- a
		}()
		a.value, a.err = call()
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, vault.Ended(ctx, ref)
	}
}

func (r *Reader) get(ctx context.Context, ref vault.Ref, client *azsecrets.Client) (vault.Secret, error) {
	resp, err := client.GetSecret(ctx, ref.Name, ref.Version, nil)
	if err == nil {
		return secret(ref, resp.Secret)
	}
	if ended := vault.Ended(ctx, ref); ended != nil {
		return vault.Secret{}, ended
	}
	err = classify(ref, r.host(ref), err)
	if reason, _ := vault.ReasonOf(err); reason == vault.NotFound {
		err = deleted(ctx, ref, client, err)
	}
	return vault.Secret{}, err
}

// deleted asks whether a secret that was not found is soft-deleted, which the
// first answer does not tell. Whatever goes wrong here, not found it was.
func deleted(ctx context.Context, ref vault.Ref, client *azsecrets.Client, notFound error) error {
	resp, err := client.GetDeletedSecret(ctx, ref.Name, nil)
	if err != nil {
		return notFound
	}
	message := "the secret is deleted, and can be recovered"
	if resp.ScheduledPurgeDate != nil {
		message += " until " + resp.ScheduledPurgeDate.UTC().Format(time.DateOnly)
	}
	return &vault.Error{Ref: ref, Reason: vault.SoftDeleted, Message: message}
}

// client returns the vault's client for the reference's identity.
func (r *Reader) client(ref vault.Ref) (*azsecrets.Client, error) {
	of := ref.InVault()
	of.Vault = strings.ToLower(of.Vault)
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.clients.Get(of); ok {
		return c, nil
	}
	cred, err := r.credential(owner{of.Cloud, of.As})
	if err != nil {
		return nil, &vault.Error{Ref: ref, Reason: vault.TokenFailed, Message: "no token for the vault: " + text(err.Error())}
	}
	c, err := azsecrets.NewClient(r.base(of), cred, &azsecrets.ClientOptions{
		ClientOptions: policy.ClientOptions{
			Transport: r.transport,
			Retry:     policy.RetryOptions{MaxRetries: -1}, // see the package comment
			Telemetry: policy.TelemetryOptions{ApplicationID: "storewarden"},
		},
		// The SDK wants the challenge to name the domain of the endpoint, which
		// an endpoint outside Azure's own domains cannot satisfy. The transport
		// holds challenges to our own rule in every case.
		DisableChallengeResourceVerification: !inAzure(r.host(of)),
	})
	if err != nil {
		return nil, fmt.Errorf("read vault %s: make client: %w", ref.Vault, err)
	}
	r.clients.Add(of, c)
	return c, nil
}

// credential returns the one of an identity; the caller holds the lock.
func (r *Reader) credential(o owner) (azcore.TokenCredential, error) {
	if c, ok := r.credentials.Get(o); ok {
		return c, nil
	}
	inner := r.options.Credential
	if r.options.CredentialFor != nil && o != (owner{}) {
		var err error
		if inner, err = r.options.CredentialFor(o.cloud, o.as); err != nil {
			return nil, err
		}
	}
	c := credential{inner: inner, as: o.as, onToken: r.options.OnToken}
	r.credentials.Add(o, c)
	return c, nil
}

// base is the URL of a reference's vault.
func (r *Reader) base(ref vault.Ref) string {
	endpoint := r.endpoint
	if other, ok := endpoints[ref.Cloud]; ok && endpoint == DefaultEndpoint {
		endpoint = other
	}
	return strings.Replace(endpoint, placeholder, strings.ToLower(ref.Vault), 1)
}

// host is where the vault is, for messages.
func (r *Reader) host(ref vault.Ref) string {
	u, err := url.Parse(r.base(ref))
	if err != nil {
		return r.endpoint // New has parsed it already
	}
	return u.Host
}
