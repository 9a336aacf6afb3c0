package azure_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/vaulttest"
	"github.com/storewarden/storewarden/test/keyvault"
)

const good = `Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net"`

// Whoever answers at the endpoint chooses the challenge. A token goes out only
// for Key Vault, and no challenge brings the process down.
func TestChallenges(t *testing.T) {
	tests := map[string]struct {
		header string
		scope  string       // that a token is asked for, "" for none
		want   vault.Reason // the server refuses every token
	}{
		"Key Vault's":              {good, "https://vault.azure.net/.default", vault.TokenFailed},
		"of another cloud":         {strings.Replace(good, "azure.net", "azure.cn", 1), "https://vault.azure.cn/.default", vault.TokenFailed},
		"for another service":      {strings.Replace(good, "vault.azure.net", "management.azure.com", 1), "", vault.Unreachable},
		"for a look-alike":         {strings.Replace(good, "vault.azure.net", "vault.azure.net.evil.example", 1), "", vault.Unreachable},
		"scope beats resource":     {good + `, scope="https://graph.microsoft.com/.default"`, "", vault.Unreachable},
		"authority without tenant": {strings.Replace(good, ".com/t", ".com", 1), "", vault.Unreachable},
		"authority is a word":      {strings.Replace(good, "https://login.microsoftonline.com/t", "tenant", 1), "", vault.Unreachable},
		"no authority":             {`Bearer resource="https://vault.azure.net"`, "", vault.Unreachable},
		"no resource":              {`Bearer authorization="https://login.microsoftonline.com/t"`, "", vault.Unreachable},
		"a proxy's":                {`Basic realm="proxy"`, "", vault.Unreachable},
		"more claims, before any":  {`Bearer error="insufficient_claims", claims="e30="`, "", vault.Unreachable},
		"none":                     {"", "", vault.Unreachable},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tc.header != "" {
					w.Header().Set("WWW-Authenticate", tc.header)
				}
				w.WriteHeader(http.StatusUnauthorized)
			}))
			defer server.Close()
			token := &recordingToken{}
			r := reader(t, azure.Options{
				Endpoint: server.URL + "/{vault}", Credential: token, Transport: server.Client().Transport.(*http.Transport),
			})
			vaulttest.CheckError(t, get(t, r), ref, tc.want)
			if got := token.last(); got != tc.scope {
				t.Errorf("a token was asked for %q, want %q", got, tc.scope)
			}
		})
	}
}

// recordingToken notes the scope that a token was last asked for.
type recordingToken struct {
	mu    sync.Mutex
	scope string
}

func (r *recordingToken) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scope = strings.Join(o.Scopes, " ")
	return keyvault.StaticToken("token").GetToken(ctx, o)
}

func (r *recordingToken) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.scope
}

// A challenge for more claims leads to a new token and the read goes on.
func TestReauthentication(t *testing.T) {
	s := keyvault.New(keyvault.Options{})
	s.Vault("kv1").Set("s", keyvault.Secret{Value: value})
	claims := make(chan string, 8)
	revoked := true
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" && revoked {
			revoked = false
			w.Header().Set("WWW-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="eyJhIjoxfQ=="`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	r := reader(t, azure.Options{
		Endpoint: server.URL + "/{vault}", Transport: server.Client().Transport.(*http.Transport),
		Credential: credentialFunc(func(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
			claims <- o.Claims
			return keyvault.StaticToken("token").GetToken(context.Background(), o)
		}),
	})
	if err := get(t, r); err != nil {
		t.Fatal(err)
	}
	if first, second := <-claims, <-claims; first != "" || second != `{"a":1}` {
		t.Errorf("claims %q then %q, want none and then those of the challenge", first, second)
	}
}

type credentialFunc func(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error)

func (f credentialFunc) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return f(ctx, o)
}

// A panic in a client's goroutine would end the process.
func TestPanicIsContained(t *testing.T) {
	s, endpoint, pool := start(t, keyvault.Options{})
	s.Vault("kv1").Set("s", keyvault.Secret{Value: value})
	r := reader(t, azure.Options{Endpoint: endpoint, CA: pool, Credential: credentialFunc(
		func(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
			panic("broken credential")
		})})
	err := get(t, r)
	if _, ok := vault.ReasonOf(err); ok || err == nil {
		t.Errorf("error %v, want a plain one", err)
	}
}

// unresolved is a transport whose name server knows no name.
func unresolved(t *testing.T) *http.Transport {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return // closed
			}
			if answer, err := noSuchName(buf[:n]); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	return &http.Transport{DialContext: (&net.Dialer{Resolver: resolver}).DialContext}
}

func noSuchName(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, fmt.Errorf("unpack query: %w", err)
	}
	m.Response, m.RCode, m.Additionals = true, dnsmessage.RCodeNameError, nil
	return m.Pack()
}

// An answer that breaks off says nothing about the secret.
func TestAnswerBreaksOff(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", good)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"value":"` + value))
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	r := reader(t, azure.Options{Endpoint: server.URL + "/{vault}", Transport: server.Client().Transport.(*http.Transport)})
	vaulttest.CheckError(t, get(t, r), ref, vault.Unreachable)
}

func BenchmarkGet(b *testing.B) {
	s := keyvault.New(keyvault.Options{})
	endpoint, caPEM, err := s.Start()
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	s.Vault("kv1").Set("s", keyvault.Secret{Value: strings.Repeat("30", 1000)})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	r, err := azure.New(azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("token")})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Get(b.Context(), ref); err != nil {
			b.Fatal(err)
		}
	}
}
