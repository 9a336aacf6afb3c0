package keyvault

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// loginPath matches the two documents of a tenant's token endpoint. A tenant
// is a GUID, too long for a vault's name, so the two never meet.
var loginPath = regexp.MustCompile(`^/([0-9a-fA-F-]{36})/(v2\.0/\.well-known/openid-configuration|oauth2/v2\.0/token)$`)

type loginFault struct{ err, description string }

// FailLogin makes the token endpoint refuse everybody, with an OAuth error
// such as "invalid_client" and a description such as "AADSTS700016: …". Two
// empty strings let tokens be issued again.
func (s *Server) FailLogin(err, description string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.login = nil
	if err != "" {
		s.login = &loginFault{err, description}
	}
}

// Audience is whom an assertion must be for.
const Audience = "api://AzureADTokenExchange"

// Federate adds a federated credential: an assertion for the client id must be of
// the subject. Without any, assertions are not looked at; their signatures never are.
func (s *Server) Federate(clientID, subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trusted == nil {
		s.trusted = map[string]string{}
	}
	s.trusted[clientID] = subject
}

// assertionFault is what Microsoft Entra says of an assertion, nil if it takes it.
func (s *Server) assertionFault(clientID, assertion string) *loginFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if assertion == "" || s.trusted == nil {
		return nil
	}
	var claims struct {
		Subject  string   `json:"sub"`
		Audience []string `json:"aud"`
	}
	parts := strings.Split(assertion, ".")
	if len(parts) == 3 {
		if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(raw, &claims) // what is no token has no claims
		}
	}
	switch {
	case !slices.Contains(claims.Audience, Audience):
		return &loginFault{"invalid_client", "AADSTS700212: No matching federated identity record found for presented assertion audience."}
	case s.trusted[clientID] != claims.Subject:
		return &loginFault{"invalid_client", "AADSTS700213: No matching federated identity record found for presented assertion subject '" + claims.Subject + "'."}
	}
	return nil
}

// TokenOf is the token that the endpoint issues to a client id, for Permit.
func TokenOf(clientID string) string { return "token-of-" + clientID }

// serveLogin answers for Microsoft Entra, as far as azidentity's client secret,
// certificate and workload identity credentials need it. Secrets are not checked,
// and assertions as Federate says.
func (s *Server) serveLogin(w http.ResponseWriter, r *http.Request) bool {
	match := loginPath.FindStringSubmatch(r.URL.Path)
	if match == nil {
		return false
	}
	base := "https://" + r.Host + "/" + match[1]
	if strings.HasPrefix(match[2], "v2.0/") {
		writeJSON(w, http.StatusOK, map[string]any{
			"issuer":                 base + "/v2.0",
			"authorization_endpoint": base + "/oauth2/v2.0/authorize",
			"token_endpoint":         base + "/oauth2/v2.0/token",
		})
		return true
	}
	s.mu.Lock()
	s.calls[Token]++
	fault, latency := s.login, s.latency
	s.mu.Unlock()
	if !pause(r, latency) {
		return true
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if fault == nil {
		fault = s.assertionFault(r.PostFormValue("client_id"), r.PostFormValue("client_assertion"))
	}
	if fault != nil {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": fault.err, "error_description": fault.description})
		return true
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": TokenOf(r.PostFormValue("client_id")),
	})
	return true
}
