package azure

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/storewarden/storewarden/certs/vault"
)

// Whatever header an endpoint sends as a challenge: Get comes back with a
// reason, without a panic in the SDK, and a token is only ever asked for Key
// Vault or for the endpoint's own domain.
func FuzzChallenge(f *testing.F) {
	for _, header := range []string{
		`Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net"`, // taken
		`Bearer authorization="https://login.microsoftonline.com", resource="https://vault.azure.net"`,   // no tenant: the SDK would panic
		`Bearer authorization="https://x/t", resource="https://management.azure.com"`,                    // a foreign audience
		`Bearer authorization="https://x/t" scope="https://example.org/.default"`,                        // the endpoint's own domain
		`Bearer error="insufficient_claims", claims="e30="`,                                              // more claims
		`Basic realm="x"`, // no bearer
		``,
	} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if strings.ContainsAny(header, "\r\n\x00") {
			return // no header can hold them
		}
		token := &scopes{}
		client, err := azsecrets.NewClient("https://kv1.example.org", credential{inner: token, onToken: func(vault.Identity, time.Time, error) {}}, &azsecrets.ClientOptions{
			ClientOptions: policy.ClientOptions{
				Transport: &transport{client: &http.Client{Transport: refusing(header)}},
				Retry:     policy.RetryOptions{MaxRetries: -1},
			},
			DisableChallengeResourceVerification: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		ref := vault.Ref{Vault: "kv1", Name: "s"}
		_, err = client.GetSecret(t.Context(), ref.Name, "", nil) // a panic ends the test
		if err == nil {
			t.Fatal("a refusal was taken for a secret")
		}
		if _, ok := vault.ReasonOf(classify(ref, "kv1.example.org", err)); !ok {
			t.Errorf("no reason for %v", err)
		}
		for _, scope := range token.asked {
			audience := strings.TrimSuffix(scope, "/.default")
			host := strings.TrimPrefix(strings.ToLower(audience), "https://")
			host, _, _ = strings.Cut(host, "/")
			host, _, _ = strings.Cut(host, ":")
			if !knownAudience(host) && !strings.HasSuffix("kv1.example.org", "."+strings.ToLower(host)) {
				t.Errorf("a token was asked for %q", scope)
			}
		}
	})
}

// refusing answers every request with 401 and the challenge.
type refusing string

func (r refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	h := http.Header{}
	if r != "" {
		h.Set("WWW-Authenticate", string(r))
	}
	return &http.Response{StatusCode: http.StatusUnauthorized, Header: h, Body: http.NoBody, Request: req, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// scopes is a credential that notes what it was asked for.
type scopes struct{ asked []string }

func (s *scopes) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	s.asked = append(s.asked, o.Scopes...)
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}
