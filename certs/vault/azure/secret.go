package azure

import (
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/storewarden/storewarden/certs/vault"
)

// secret takes over an answer. One without a value or an id is not a secret,
// whatever its status said.
func secret(ref vault.Ref, s azsecrets.Secret) (vault.Secret, error) {
	if s.Value == nil || s.ID == nil {
		return vault.Secret{}, &vault.Error{Ref: ref, Reason: vault.ServerError, Message: "the answer is not a Key Vault secret"}
	}
	out := vault.Secret{
		Ref:         ref,
		Version:     version(string(*s.ID)),
		Value:       vault.NewValue(*s.Value),
		ContentType: deref(s.ContentType),
		Enabled:     true,
		KeyID:       string(deref(s.KID)),
		Managed:     deref(s.Managed),
	}
	if len(s.Tags) > 0 {
		out.Tags = make(map[string]string, len(s.Tags))
		for k, v := range s.Tags {
			out.Tags[k] = deref(v)
		}
	}
	if a := s.Attributes; a != nil {
		out.Enabled = a.Enabled == nil || *a.Enabled
		out.Expires, out.NotBefore = utc(a.Expires), utc(a.NotBefore)
		out.Created, out.Updated = utc(a.Created), utc(a.Updated)
	}
	return out, nil
}

// version is the last of the three segments /secrets/name/version.
func version(id string) string {
	_, path, _ := strings.Cut(id, "/secrets/")
	_, v, _ := strings.Cut(path, "/")
	return v
}

func deref[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
