package keyvault

import (
	"net/http"
	"regexp"
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

// TokenOf is the token that the endpoint issues to a client id, for Permit.
func TokenOf(clientID string) string { return "token-of-" + clientID }

// serveLogin answers for Microsoft Entra, as far as azidentity's client secret,
// certificate and workload identity credentials need it. Secrets and assertions
// are not checked.
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
	if fault != nil {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": fault.err, "error_description": fault.description})
		return true
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": TokenOf(r.PostFormValue("client_id")),
	})
	return true
}
