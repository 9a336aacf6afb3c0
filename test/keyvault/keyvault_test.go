package keyvault_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/test/keyvault"
)

var now = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

type emulator struct {
	*keyvault.Server
	endpoint string
	http     *http.Client
}

func start(t *testing.T) emulator {
	t.Helper()
	s := keyvault.New(keyvault.Options{Now: func() time.Time { return now }})
	endpoint, caPEM, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return emulator{s, endpoint, &http.Client{Transport: transport}}
}

// client is the real SDK.
func (e emulator) client(t *testing.T, vault string) *azsecrets.Client {
	t.Helper()
	c, err := azsecrets.NewClient(strings.Replace(e.endpoint, "{vault}", vault, 1), keyvault.StaticToken("token"), &azsecrets.ClientOptions{
		ClientOptions:                        policy.ClientOptions{Transport: e.http, Retry: policy.RetryOptions{MaxRetries: -1}},
		DisableChallengeResourceVerification: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// do sends a request of the bare protocol.
func (e emulator) do(t *testing.T, method, path, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://"+e.Address()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer token")
	for n := 0; n < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := e.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(data)
}

const apiVersion = "?api-version=7.6"

func TestWire(t *testing.T) {
	e := start(t)
	kv := e.Vault("kv1")
	version := kv.Set("Plain", keyvault.Secret{Value: "v", Tags: map[string]string{"file-encoding": "utf-8"}, Exp: now.AddDate(1, 0, 0)})
	kv.Set("bare", keyvault.Secret{Value: "v"})
	managed := kv.Set("managed", keyvault.Secret{Value: "v", Managed: true, ContentType: "application/x-pkcs12"})
	kv.Set("off", keyvault.Secret{Value: "v", Disabled: true})
	kv.Set("gone", keyvault.Secret{Value: "v"})
	kv.Delete("gone")

	tests := map[string]struct {
		method, path, body string
		header             []string
		status             int
		want               string // in the body
	}{
		"get": {"GET", "/kv1/secrets/plain/" + apiVersion, "", nil, 200,
			`{"attributes":{"created":1772352000,"enabled":true,"exp":1803888000,"recoverableDays":90,"recoveryLevel":"Recoverable+Purgeable","updated":1772352000},"id":"https://kv1.vault.azure.net/secrets/Plain/` + version + `","tags":{"file-encoding":"utf-8"},"value":"v"}`},
		"get by version":     {"GET", "/kv1/secrets/PLAIN/" + version + apiVersion, "", nil, 200, `"value":"v"`},
		"get by host":        {"GET", "/secrets/plain" + apiVersion, "", []string{"Host", "kv1.vault.azure.net:443"}, 200, `"value":"v"`},
		"certificate-backed": {"GET", "/kv1/secrets/managed" + apiVersion, "", nil, 200, `"kid":"https://kv1.vault.azure.net/keys/managed/` + managed + `","managed":true`},
		"absent":             {"GET", "/kv1/secrets/none" + apiVersion, "", nil, 404, `{"error":{"code":"SecretNotFound","message":"A secret with (name/id) none was not found in this key vault.`},
		"absent version":     {"GET", "/kv1/secrets/plain/" + strings.Repeat("0", 32) + apiVersion, "", nil, 404, `(name/id) plain/0000`},
		"disabled":           {"GET", "/kv1/secrets/off" + apiVersion, "", nil, 403, `{"error":{"code":"Forbidden","innererror":{"code":"SecretDisabled"},"message":"Operation get is not allowed on a disabled secret."}}`},
		"deleted":            {"GET", "/kv1/secrets/gone" + apiVersion, "", nil, 404, "SecretNotFound"},
		"deleted, asked for": {"GET", "/kv1/deletedsecrets/gone" + apiVersion, "", nil, 200, `"scheduledPurgeDate":1780128000`},
		"not deleted":        {"GET", "/kv1/deletedsecrets/plain" + apiVersion, "", nil, 404, "SecretNotFound"},
		"set on deleted":     {"PUT", "/kv1/secrets/gone" + apiVersion, `{"value":"v"}`, nil, 409, `"innererror":{"code":"ObjectIsDeletedButRecoverable"}`},
		"set without value":  {"PUT", "/kv1/secrets/new" + apiVersion, `{}`, nil, 400, "BadParameter"},
		"set broken":         {"PUT", "/kv1/secrets/new" + apiVersion, `{`, nil, 400, "BadParameter"},
		"set too large":      {"PUT", "/kv1/secrets/new" + apiVersion, `{"value":"` + strings.Repeat("x", 25601) + `"}`, nil, 400, "maximum length of 25600"},
		"a bad name":         {"GET", "/kv1/secrets/a_b" + apiVersion, "", nil, 400, "invalid name"},
		"no api-version":     {"GET", "/kv1/secrets/plain", "", nil, 400, "api-version must be specified"},
		"an empty name":      {"GET", "/kv1/secrets/" + apiVersion, "", nil, 200, `"nextLink":null`},
		"no such operation":  {"POST", "/kv1/secrets/plain" + apiVersion, "", nil, 405, "MethodNotAllowed"},
		"no token":           {"GET", "/kv1/secrets/plain" + apiVersion, "", []string{"Authorization", ""}, 401, `{"error":{"code":"Unauthorized","message":"AKV10000: `},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			status, header, body := e.do(t, tc.method, tc.path, tc.body, tc.header...)
			if status != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("%d %s\nwant %d with %s", status, body, tc.status, tc.want)
			}
			challenge := `Bearer authorization="https://login.microsoftonline.com/` + keyvault.DefaultTenant + `", resource="https://vault.azure.net"`
			if got := header.Get("WWW-Authenticate"); (got == challenge) != (tc.status == 401) {
				t.Errorf("challenge %q", got)
			}
		})
	}
}

func TestListing(t *testing.T) {
	e := start(t)
	want := []string{}
	for n := range 60 {
		name := fmt.Sprintf("secret-%03d", n)
		want = append(want, name)
		e.Vault("kv1").Set(name, keyvault.Secret{Value: "v", Disabled: n == 7})
	}
	e.Vault("kv1").Delete("secret-059")
	want = want[:59]

	var got []string
	var sizes []int
	for pager := e.client(t, "kv1").NewListSecretPropertiesPager(nil); pager.More(); {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.Value))
		for _, p := range page.Value {
			got = append(got, p.ID.Name())
			if p.ID.Version() != "" {
				t.Errorf("%s is listed with a version", *p.ID)
			}
		}
		if page.NextLink != nil && (!strings.Contains(*page.NextLink, "&$skiptoken=") || !strings.Contains(*page.NextLink, ":")) {
			t.Errorf("nextLink %q, want a port and a bare $skiptoken", *page.NextLink)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{25, 0, 25, 9}, sizes); diff != "" {
		t.Errorf("page sizes (-want +got):\n%s", diff)
	}
	if calls := e.Calls()[keyvault.ListSecrets]; calls != 4 {
		t.Errorf("%d list calls, want one per page", calls)
	}
	status, _, body := e.do(t, "GET", "/secrets"+apiVersion, "", "Host", "kv1.vault.azure.net")
	if status != 200 || !strings.Contains(body, `"nextLink":"https://kv1.vault.azure.net:443/secrets?`) {
		t.Errorf("by host: %d, no nextLink with port 443", status)
	}
	if strings.Contains(body, `"value":"v"`) {
		t.Error("a listing holds values")
	}
}

// life is one secret of one vault, handled through the real SDK.
type life struct {
	*testing.T
	c *azsecrets.Client
}

func (l life) set(value string) (version string) {
	l.Helper()
	resp, err := l.c.SetSecret(l.Context(), "s", azsecrets.SetSecretParameters{
		Value: &value, ContentType: to.Ptr("text/plain"), Tags: map[string]*string{"a": to.Ptr("b")}}, nil)
	l.must(err)
	return resp.ID.Version()
}

func (l life) expect(version, want string) {
	l.Helper()
	resp, err := l.c.GetSecret(l.Context(), "s", version, nil)
	l.must(err)
	if *resp.Value != want {
		l.Errorf("version %q is %q, want %q", version, *resp.Value, want)
	}
}

func (l life) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

func (l life) refused(err error, status int) {
	l.Helper()
	var got *azcore.ResponseError
	if !errors.As(err, &got) || got.StatusCode != status {
		l.Errorf("error %v, want status %d", err, status)
	}
}

func TestVersions(t *testing.T) {
	e := start(t)
	e.Vault("kv1")
	l := life{t, e.client(t, "kv1")}
	first, second := l.set("one"), l.set("two")
	if len(first) != 32 || first == second {
		t.Errorf("versions %q and %q, want two of 32 digits", first, second)
	}
	l.expect("", "two")
	l.expect(first, "one")

	// The newest version disabled is not passed over.
	_, err := l.c.UpdateSecretProperties(t.Context(), "s", "", azsecrets.UpdateSecretPropertiesParameters{
		SecretAttributes: &azsecrets.SecretAttributes{Enabled: to.Ptr(false)}}, nil)
	l.must(err)
	_, err = l.c.GetSecret(t.Context(), "s", "", nil)
	l.refused(err, http.StatusForbidden)
	l.expect(first, "one")
	e.Vault("kv1").Update("s", second, func(s *keyvault.Secret) { s.Disabled = false })
	l.expect("", "two")
}

func TestSoftDelete(t *testing.T) {
	e := start(t)
	e.Vault("kv1")
	l := life{t, e.client(t, "kv1")}
	version := l.set("one")
	_, err := l.c.DeleteSecret(t.Context(), "s", nil)
	l.must(err)
	_, err = l.c.GetSecret(t.Context(), "s", version, nil)
	l.refused(err, http.StatusNotFound)
	_, err = l.c.SetSecret(t.Context(), "s", azsecrets.SetSecretParameters{Value: to.Ptr("two")}, nil)
	l.refused(err, http.StatusConflict)

	_, err = l.c.RecoverDeletedSecret(t.Context(), "s", nil)
	l.must(err)
	l.expect("", "one")
	e.Vault("kv1").Delete("s")
	_, err = l.c.PurgeDeletedSecret(t.Context(), "s", nil)
	l.must(err)
	l.set("three")
	l.expect("", "three")
}

func TestFaults(t *testing.T) {
	e := start(t)
	kv := e.Vault("kv1")
	kv.Set("a", keyvault.Secret{Value: "v"})
	kv.Set("b", keyvault.Secret{Value: "v"})
	status := func(name string) int {
		code, _, _ := e.do(t, "GET", "/kv1/secrets/"+name+apiVersion, "")
		return code
	}

	fault := keyvault.Throttled("3")
	fault.Name, fault.Times = "A", 2
	kv.Fail(fault)
	kv.Fail(keyvault.Fault{Operation: keyvault.SetSecret, Status: 500})
	if got := []int{status("b"), status("a"), status("a"), status("a")}; !cmp.Equal(got, []int{200, 429, 429, 200}) {
		t.Errorf("statuses %v, want b untouched and a throttled twice", got)
	}
	if code, _, _ := e.do(t, "PUT", "/kv1/secrets/c"+apiVersion, `{"value":"v"}`); code != 500 {
		t.Errorf("set: %d, want 500", code)
	}
	kv.Heal()
	kv.Permit("other")
	if got := status("a"); got != http.StatusForbidden {
		t.Errorf("a token that is not permitted: %d, want 403", got)
	}
	kv.Permit()
	if got := status("a"); got != http.StatusOK {
		t.Errorf("healed: %d, want 200", got)
	}
	want := keyvault.Calls{keyvault.GetSecret: 6, keyvault.SetSecret: 1}
	if diff := cmp.Diff(want, e.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, kv.Calls()); diff != "" {
		t.Errorf("the vault's calls (-want +got):\n%s", diff)
	}
}

func TestLatencyAndInFlight(t *testing.T) {
	e := start(t)
	e.Vault("kv1").Set("a", keyvault.Secret{Value: "v"})
	e.SetLatency(50 * time.Millisecond)
	began := time.Now()
	done := make(chan int, 10)
	for range cap(done) {
		go func() {
			code := 0
			defer func() { done <- code }() // also when do ends the goroutine
			code, _, _ = e.do(t, "GET", "/kv1/secrets/a"+apiVersion, "")
		}()
	}
	for range cap(done) {
		if code := <-done; code != http.StatusOK {
			t.Errorf("status %d", code)
		}
	}
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("answered after %s, before the latency", took)
	}
	if n := e.MaxInFlight(); n < 2 || n > 10 {
		t.Errorf("%d requests at once, want several", n)
	}
}

func TestStopAndStart(t *testing.T) {
	e := start(t)
	e.Vault("kv1").Set("a", keyvault.Secret{Value: "v"})
	if _, _, err := e.Start(); err == nil {
		t.Error("a second Start: no error")
	}
	e.Stop()
	e.Stop() // is allowed
	if resp, err := e.http.Get("https://" + e.Address()); err == nil {
		resp.Body.Close()
		t.Error("a stopped server answers")
	}
	endpoint, _, err := e.Start()
	if err != nil || endpoint != e.endpoint {
		t.Fatalf("started again at %q (%v), want %q", endpoint, err, e.endpoint)
	}
	if code, _, _ := e.do(t, "GET", "/kv1/secrets/a"+apiVersion, ""); code != http.StatusOK {
		t.Errorf("after the restart: %d, want the secret", code)
	}
}
