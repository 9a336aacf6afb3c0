package keyvault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// failure is an error document.
type failure struct {
	status      int
	code, inner string
	message     string
}

func (f failure) write(w http.ResponseWriter) {
	body := map[string]any{"code": f.code, "message": f.message}
	if f.inner != "" {
		body["innererror"] = map[string]any{"code": f.inner} // lower case, as on the wire
	}
	writeJSON(w, f.status, map[string]any{"error": body})
}

func badParameter(message string) failure {
	return failure{status: http.StatusBadRequest, code: "BadParameter", message: message}
}

func notFound(name string) failure {
	return failure{status: http.StatusNotFound, code: "SecretNotFound",
		message: fmt.Sprintf("A secret with (name/id) %s was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182", name)}
}

func deletedNotFound(name string) failure {
	f := notFound(name)
	f.message = "Deleted Secret not found: " + name
	return f
}

func disabled() failure {
	return failure{status: http.StatusForbidden, code: "Forbidden", inner: "SecretDisabled",
		message: "Operation get is not allowed on a disabled secret."}
}

func recoverable(name string) failure {
	return failure{status: http.StatusConflict, code: "Conflict", inner: "ObjectIsDeletedButRecoverable",
		message: fmt.Sprintf("Secret %s is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.", name)}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("keyvault: marshal %T: %v", body, err)) // a mistake in the emulator
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

func (s *Server) header(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("X-Ms-Keyvault-Region", "westeurope")
	h.Set("X-Content-Type-Options", "nosniff")
}

func (s *Server) challengeHeader(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization="https://login.microsoftonline.com/%s", resource="%s"`,
		s.options.Tenant, s.options.Resource))
}

func (s *Server) challenge(w http.ResponseWriter, message string) {
	s.challengeHeader(w)
	failure{status: http.StatusUnauthorized, code: "Unauthorized", message: message}.write(w)
}

func attributes(s *Secret) *azsecrets.SecretAttributes {
	return &azsecrets.SecretAttributes{
		Enabled:         to.Ptr(!s.Disabled),
		Created:         &s.Created,
		Updated:         &s.Updated,
		Expires:         optionalTime(s.Exp),
		NotBefore:       optionalTime(s.Nbf),
		RecoverableDays: to.Ptr(int32(retention / (24 * time.Hour))),
		RecoveryLevel:   to.Ptr("Recoverable+Purgeable"),
	}
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// optional leaves out what the real service leaves out.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func tags(s *Secret) map[string]*string {
	if s.Tags == nil {
		return nil
	}
	out := make(map[string]*string, len(s.Tags))
	for k, v := range s.Tags {
		out[k] = to.Ptr(v)
	}
	return out
}

// bundle is the answer of get, set and update; only get and set carry the
// value.
func (v *Vault) bundle(it *item, s *Secret, withValue bool) azsecrets.Secret {
	b := azsecrets.Secret{
		ID:          to.Ptr(azsecrets.ID(v.url("secrets", it.name, s.Version))),
		Attributes:  attributes(s),
		ContentType: optional(s.ContentType),
		Tags:        tags(s),
		KID:         optional(azsecrets.ID(s.KID)),
		Managed:     optional(s.Managed),
	}
	if withValue {
		b.Value = to.Ptr(s.Value)
	}
	return b
}

// properties is one line of a listing: without value and key.
func (v *Vault) properties(s *Secret, id string) *azsecrets.SecretProperties {
	return &azsecrets.SecretProperties{
		ID:          to.Ptr(azsecrets.ID(id)),
		Attributes:  attributes(s),
		ContentType: optional(s.ContentType),
		Tags:        tags(s),
		Managed:     optional(s.Managed),
	}
}

func (v *Vault) deletedBundle(it *item) azsecrets.DeletedSecret {
	s := it.latest()
	return azsecrets.DeletedSecret{
		ID:                 to.Ptr(azsecrets.ID(v.url("secrets", it.name, s.Version))),
		Attributes:         attributes(s),
		ContentType:        optional(s.ContentType),
		Tags:               tags(s),
		KID:                optional(azsecrets.ID(s.KID)),
		Managed:            optional(s.Managed),
		RecoveryID:         to.Ptr(v.url("deletedsecrets", it.name)),
		DeletedDate:        to.Ptr(it.deleted),
		ScheduledPurgeDate: to.Ptr(it.deleted.Add(retention)),
	}
}
