package azure_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/vaulttest"
	"github.com/storewarden/storewarden/test/keyvault"
)

const value = "MARKED-value"

var ref = vault.Ref{Vault: "kv1", Name: "s"}

func get(t *testing.T, r vault.Reader) error {
	t.Helper()
	_, err := r.Get(t.Context(), ref)
	return err
}

// Every refusal that Key Vault can word, and what a proxy in between may say.
func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		fault      keyvault.Fault
		want       vault.Reason
		retryAfter time.Duration
		says       string // in the message
	}{
		"rbac":                    {fault: keyvault.Denied(keyvault.ForbiddenByRbac), want: vault.Forbidden, says: "oid=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'"},
		"policy":                  {fault: keyvault.Denied(keyvault.ForbiddenByPolicy), want: vault.Forbidden, says: "does not have secrets get permission"},
		"policy, older":           {fault: keyvault.Denied(keyvault.AccessDenied), want: vault.Forbidden, says: "AccessDenied"},
		"firewall":                {fault: keyvault.Denied(keyvault.ForbiddenByFirewall), want: vault.Firewall, says: "Client address"},
		"private endpoint":        {fault: keyvault.Denied(keyvault.ForbiddenByConnection), want: vault.Firewall, says: "Public network access is disabled"},
		"firewall, no inner code": {fault: withoutInner(keyvault.Denied(keyvault.ForbiddenByFirewall)), want: vault.Firewall},
		"rbac, no inner code":     {fault: withoutInner(keyvault.Denied(keyvault.ForbiddenByRbac)), want: vault.Forbidden},
		"disabled, no inner code": {fault: keyvault.Fault{Status: 403, Code: "Forbidden", Message: "Operation get is not allowed on a disabled secret."}, want: vault.Disabled},
		"wrong tenant":            {fault: keyvault.WrongTenant(), want: vault.WrongTenant, says: "AKV10032"},
		"audience":                {fault: keyvault.Fault{Status: 401, Code: "Unauthorized", Message: "AKV10022: Invalid audience."}, want: vault.TokenFailed, says: "AKV10022"},
		"throttled":               {fault: keyvault.Throttled(""), want: vault.Throttled},
		"throttled, seconds":      {fault: keyvault.Throttled("7"), want: vault.Throttled, retryAfter: 7 * time.Second},
		"throttled, negative":     {fault: keyvault.Throttled("-7"), want: vault.Throttled},
		"throttled, nonsense":     {fault: keyvault.Throttled("soon"), want: vault.Throttled},
		"throttled, for days":     {fault: keyvault.Throttled("864000"), want: vault.Throttled, retryAfter: time.Hour},
		"throttled, a past date":  {fault: keyvault.Throttled("Thu, 01 Jan 2026 00:00:00 GMT"), want: vault.Throttled},
		"throttled, a far date":   {fault: keyvault.Throttled("Thu, 01 Jan 2099 00:00:00 GMT"), want: vault.Throttled, retryAfter: time.Hour},
		"500":                     {fault: keyvault.Broken(500), want: vault.ServerError, says: "500"},
		"503":                     {fault: keyvault.Broken(503), want: vault.ServerError},
		"504":                     {fault: keyvault.Broken(504), want: vault.Timeout},
		"dropped":                 {fault: keyvault.Dropped(), want: vault.Unreachable, says: "closed before the answer was complete"},
		"being deleted":           {fault: keyvault.Fault{Status: 409, Code: "Conflict", InnerCode: "ObjectIsBeingDeleted"}, want: vault.SoftDeleted},
		"a portal":                {fault: keyvault.Fault{Status: 302, Body: "<html>log in</html>"}, want: vault.Unreachable},
		"a proxy's 403":           {fault: keyvault.Fault{Status: 403, Body: "<html>blocked</html>"}, want: vault.Unreachable, says: "something stands between"},
		"a proxy's 502":           {fault: keyvault.Fault{Status: 502, Body: "<html>bad gateway</html>"}, want: vault.ServerError},
		"a proxy's 404":           {fault: keyvault.Fault{Status: 404, Body: "<html>no</html>"}, want: vault.Unreachable},
		"200, but a page":         {fault: keyvault.Fault{Status: 200, Body: "<html>" + value + "</html>"}, want: vault.ServerError},
		"200, but a listing":      {fault: keyvault.Fault{Status: 200, Body: `{"value":[{"id":"` + value + `"}]}`}, want: vault.ServerError},
		"200, but no value":       {fault: keyvault.Fault{Status: 200, Body: `{"id":"https://kv1.vault.azure.net/secrets/s/1"}`}, want: vault.ServerError},
		"200, cut off":            {fault: keyvault.Fault{Status: 200, Body: `{"value":"` + value}, want: vault.ServerError},
		"200, a bad time":         {fault: keyvault.Fault{Status: 200, Body: `{"value":"` + value + `","id":"x","attributes":{"exp":"` + value + `"}}`}, want: vault.ServerError},
		"200, endless":            {fault: keyvault.Fault{Status: 200, Body: `{"value":"` + strings.Repeat("x", 2<<20) + `"}`}, want: vault.ServerError, says: "larger than any secret"},
		"an endless refusal":      {fault: keyvault.Fault{Status: 500, Body: strings.Repeat("x", 2<<20)}, want: vault.ServerError},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, tc.fault, tc.want, tc.retryAfter, tc.says)
		})
	}
}

// refused plays the fault, and checks that it leaves nothing behind.
func refused(t *testing.T, fault keyvault.Fault, want vault.Reason, retryAfter time.Duration, says string) {
	t.Helper()
	s, endpoint, pool := start(t, keyvault.Options{})
	s.Vault("kv1").Set("s", keyvault.Secret{Value: value})
	s.Vault("kv1").Fail(fault)
	r := reader(t, azure.Options{Endpoint: endpoint, CA: pool})
	err := get(t, r)
	vaulttest.CheckError(t, err, ref, want)
	var got *vault.Error
	errors.As(err, &got)
	if got.RetryAfter != retryAfter {
		t.Errorf("RetryAfter %s, want %s", got.RetryAfter, retryAfter)
	}
	if !strings.Contains(got.Message, says) {
		t.Errorf("message %q, want it to say %q", got.Message, says)
	}
	s.Vault("kv1").Heal()
	if err := get(t, r); err != nil {
		t.Errorf("after the fault: %v", err)
	}
}

func withoutInner(f keyvault.Fault) keyvault.Fault {
	f.InnerCode = ""
	return f
}

// A status that says we asked wrongly is our mistake, not the vault's trouble.
func TestOurMistakeIsAPlainError(t *testing.T) {
	s, endpoint, pool := start(t, keyvault.Options{})
	s.Vault("kv1").Fail(keyvault.Fault{Status: 400, Code: "BadParameter", Message: "api-version is not supported"})
	err := get(t, reader(t, azure.Options{Endpoint: endpoint, CA: pool}))
	if _, ok := vault.ReasonOf(err); ok || err == nil || !strings.Contains(err.Error(), "BadParameter") {
		t.Errorf("error %v, want a plain one that says BadParameter", err)
	}
}

func TestSoftDeleted(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	s, endpoint, pool := start(t, keyvault.Options{Now: func() time.Time { return now }})
	kv := s.Vault("kv1")
	version := kv.Set("s", keyvault.Secret{Value: value})
	kv.Delete("s")
	r := reader(t, azure.Options{Endpoint: endpoint, CA: pool})

	err := get(t, r)
	vaulttest.CheckError(t, err, ref, vault.SoftDeleted)
	if !strings.Contains(err.Error(), "until 2026-05-30") {
		t.Errorf("error %q does not say until when it can be recovered", err)
	}
	named := vault.Ref{Vault: "kv1", Name: "s", Version: version}
	_, err = r.Get(t.Context(), named)
	vaulttest.CheckError(t, err, named, vault.SoftDeleted)

	// Who may not look at deleted secrets is told what was seen: nothing.
	kv.Fail(keyvault.Fault{Operation: keyvault.GetDeletedSecret, Status: 403, Code: "Forbidden", InnerCode: keyvault.ForbiddenByRbac})
	vaulttest.CheckError(t, get(t, r), ref, vault.NotFound)
	kv.Heal()
	kv.Purge("s")
	vaulttest.CheckError(t, get(t, r), ref, vault.NotFound)
}

func TestNetwork(t *testing.T) {
	s, endpoint, pool := start(t, keyvault.Options{})
	s.Vault("kv1").Set("s", keyvault.Secret{Value: value})

	t.Run("an authority that is not trusted", func(t *testing.T) {
		err := get(t, reader(t, azure.Options{Endpoint: endpoint, CA: x509.NewCertPool()}))
		vaulttest.CheckError(t, err, ref, vault.TLS)
	})
	t.Run("a certificate for another name", func(t *testing.T) {
		err := get(t, reader(t, azure.Options{Endpoint: "https://{vault}.example.org", Transport: redirected(s, pool)}))
		vaulttest.CheckError(t, err, ref, vault.TLS)
	})
	t.Run("no TLS", func(t *testing.T) {
		bare := httptest.NewServer(s)
		defer bare.Close()
		err := get(t, reader(t, azure.Options{Endpoint: strings.Replace(bare.URL, "http:", "https:", 1) + "/{vault}"}))
		vaulttest.CheckError(t, err, ref, vault.TLS)
	})
	t.Run("no such name", func(t *testing.T) {
		err := get(t, reader(t, azure.Options{Transport: unresolved(t)}))
		vaulttest.CheckError(t, err, ref, vault.NameNotResolved)
		if !strings.Contains(err.Error(), "the name kv1.vault.azure.net does not exist") {
			t.Errorf("error %q does not name the host", err)
		}
	})
	t.Run("an outage", func(t *testing.T) {
		r := reader(t, azure.Options{Endpoint: endpoint, CA: pool})
		if err := get(t, r); err != nil {
			t.Fatalf("before: %v", err)
		}
		s.Stop()
		vaulttest.CheckError(t, get(t, r), ref, vault.Unreachable) // may still try the old connection
		err := get(t, r)
		vaulttest.CheckError(t, err, ref, vault.Unreachable)
		if again := get(t, r); again.Error() != err.Error() {
			t.Errorf("the message changes: %q, then %q", err, again)
		}
		if _, _, err := s.Start(); err != nil {
			t.Fatal(err)
		}
		if err := get(t, r); err != nil {
			t.Errorf("after: %v", err)
		}
	})
}

// The caller's deadline holds whatever is slow: the vault, or the token that
// another caller is waiting for.
func TestDeadline(t *testing.T) {
	s, endpoint, pool := start(t, keyvault.Options{})
	s.Vault("kv1").Set("s", keyvault.Secret{Value: value})

	t.Run("a slow vault", func(t *testing.T) {
		r := reader(t, azure.Options{Endpoint: endpoint, CA: pool})
		s.Vault("kv1").Fail(keyvault.Slow(time.Hour))
		defer s.Vault("kv1").Heal()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := r.Get(ctx, ref)
		vaulttest.CheckError(t, err, ref, vault.Timeout)
	})
	t.Run("a slow token", func(t *testing.T) {
		token := &slowToken{asked: make(chan struct{}, 1), ready: make(chan struct{})}
		r := reader(t, azure.Options{Endpoint: endpoint, CA: pool, Credential: token})
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { _, err := r.Get(ctx, ref); first <- err }()
		<-token.asked

		late, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer stop()
		_, err := r.Get(late, ref)
		vaulttest.CheckError(t, err, ref, vault.Timeout)

		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("a caller that went away: %v, want context.Canceled", err)
		}
		close(token.ready)
		if err := get(t, r); err != nil {
			t.Errorf("once the token is there: %v", err)
		}
		if n := len(token.asked); n != 0 {
			t.Error("the token that a lost caller had asked for was thrown away")
		}
	})
}

// slowToken takes until ready to be had, and notes that it was asked for.
type slowToken struct{ asked, ready chan struct{} }

func (s *slowToken) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	s.asked <- struct{}{}
	select {
	case <-s.ready:
		return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
	case <-ctx.Done():
		return azcore.AccessToken{}, ctx.Err()
	}
}

func TestNotAllowed(t *testing.T) {
	s, endpoint, pool := start(t, keyvault.Options{})
	s.Vault("kv1").Set("s", keyvault.Secret{Value: value})
	s.Vault("kv2").Set("s", keyvault.Secret{Value: value})
	r := reader(t, azure.Options{Endpoint: endpoint, CA: pool, Allowed: func(v string) bool { return v == "kv2" }})

	vaulttest.CheckError(t, get(t, r), ref, vault.NotAllowed)
	if diff := cmp.Diff(keyvault.Calls{}, s.Calls()); diff != "" {
		t.Errorf("the vault was called (-want +got):\n%s", diff)
	}
	if _, err := r.Get(t.Context(), vault.Ref{Vault: "KV2", Name: "s"}); err != nil {
		t.Errorf("an allowed vault in another case: %v", err)
	}
}

// A warm read is one request: one challenge per vault, no retry, no listing.
func TestCalls(t *testing.T) {
	s, endpoint, pool := start(t, keyvault.Options{})
	s.Vault("kv1").Set("s", keyvault.Secret{Value: value})
	r := reader(t, azure.Options{Endpoint: endpoint, CA: pool})
	for range 5 {
		if err := get(t, r); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(keyvault.Calls{keyvault.Challenge: 1, keyvault.GetSecret: 5}, s.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	s.ResetCalls()
	s.Vault("kv1").Fail(keyvault.Broken(http.StatusServiceUnavailable))
	vaulttest.CheckError(t, get(t, r), ref, vault.ServerError)
	if diff := cmp.Diff(keyvault.Calls{keyvault.GetSecret: 1}, s.Calls()); diff != "" {
		t.Errorf("calls of a failed read (-want +got):\n%s", diff)
	}
}

func TestNew(t *testing.T) {
	token := keyvault.StaticToken("token")
	tests := map[string]struct {
		options azure.Options
		ok      bool
	}{
		"defaults":               {azure.Options{Credential: token}, true},
		"a sovereign cloud":      {azure.Options{Credential: token, Endpoint: "https://{vault}.vault.azure.cn/"}, true},
		"in the path":            {azure.Options{Credential: token, Endpoint: "https://127.0.0.1:8443/{vault}"}, true},
		"no credential":          {azure.Options{}, false},
		"no placeholder":         {azure.Options{Credential: token, Endpoint: "https://kv1.vault.azure.net"}, false},
		"two placeholders":       {azure.Options{Credential: token, Endpoint: "https://{vault}.example.org/{vault}"}, false},
		"no TLS":                 {azure.Options{Credential: token, Endpoint: "http://{vault}.example.org"}, false},
		"no host":                {azure.Options{Credential: token, Endpoint: "https:///{vault}"}, false},
		"a query":                {azure.Options{Credential: token, Endpoint: "https://example.org/?v={vault}"}, false},
		"a password":             {azure.Options{Credential: token, Endpoint: "https://u:p@{vault}.example.org"}, false},
		"not a URL":              {azure.Options{Credential: token, Endpoint: "{vault}:://"}, false},
		"authority or transport": {azure.Options{Credential: token, CA: x509.NewCertPool(), Transport: &http.Transport{}}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := azure.New(tc.options); (err == nil) != tc.ok {
				t.Errorf("New: %v, want ok %t", err, tc.ok)
			}
		})
	}
}
