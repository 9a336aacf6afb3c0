package dir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/storewarden/storewarden/certs/vault"
)

// file holds both forms: the az CLI writes expires and notBefore as ISO text,
// the REST API exp and nbf as seconds, and both leave out or null what is not
// set.
type file struct {
	ID          string            `json:"id"`
	Value       *string           `json:"value"`
	ContentType string            `json:"contentType"`
	Tags        map[string]string `json:"tags"`
	KeyID       string            `json:"kid"`
	Managed     bool              `json:"managed"`
	Facts       json.RawMessage   `json:"facts"`
	Attributes  struct {
		Enabled   *bool `json:"enabled"`
		Created   stamp `json:"created"`
		Updated   stamp `json:"updated"`
		Expires   stamp `json:"expires"`
		NotBefore stamp `json:"notBefore"`
		Exp       stamp `json:"exp"`
		Nbf       stamp `json:"nbf"`
	} `json:"attributes"`
}

// stamp is a time in either form. Its errors do not quote what they read.
type stamp struct{ time.Time }

var errStamp = errors.New("a time is neither RFC 3339 text nor Unix seconds")

func (s *stamp) UnmarshalJSON(data []byte) error {
	text := string(data)
	if text == "null" {
		return nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		s.Time = time.Unix(seconds, 0).UTC()
		return nil
	}
	t, err := time.Parse(time.RFC3339, strings.Trim(text, `"`))
	if err != nil {
		return errStamp
	}
	s.Time = t.UTC()
	return nil
}

// or is the first of two stamps that is set.
func (s stamp) or(other stamp) time.Time {
	if !s.IsZero() {
		return s.Time
	}
	return other.Time
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// parse reads a file's bytes. No error quotes them.
func parse(data []byte, ref vault.Ref) (vault.Secret, error) {
	// PowerShell writes the mark, or UTF-16, when output is redirected.
	data = bytes.TrimPrefix(data, byteOrderMark)
	if !utf8.Valid(data) {
		return vault.Secret{}, errors.New("not UTF-8 (PowerShell redirects as UTF-16: use az … | Out-File -Encoding utf8)")
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return vault.Secret{}, describe(err)
	}
	secret := vault.Secret{
		Ref:         ref,
		Version:     version(f.ID),
		ContentType: f.ContentType,
		Enabled:     f.Attributes.Enabled == nil || *f.Attributes.Enabled,
		Created:     f.Attributes.Created.Time,
		Updated:     f.Attributes.Updated.Time,
		Expires:     f.Attributes.Expires.or(f.Attributes.Exp),
		NotBefore:   f.Attributes.NotBefore.or(f.Attributes.Nbf),
		KeyID:       f.KeyID,
		Managed:     f.Managed,
	}
	if len(f.Tags) > 0 {
		secret.Tags = f.Tags
	}
	switch {
	case f.Value != nil:
		secret.Value = vault.NewValue(*f.Value)
	case len(f.Facts) > 0 && string(f.Facts) != "null":
		secret.Facts = f.Facts
	case secret.Enabled: // a listing shows disabled secrets, without a value
		return vault.Secret{}, errors.New(`no "value": not the output of "az keyvault secret show -o json"`)
	}
	return secret, nil
}

// describe says where JSON is broken and not what stands there.
func describe(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON from byte %d on", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("field %q has the wrong type", kind.Field)
	case errors.Is(err, errStamp):
		return errStamp
	}
	return errors.New("not JSON")
}

// version is the last of the three segments /secrets/name/version of an id.
func version(id string) string {
	_, path, _ := strings.Cut(id, "/secrets/")
	_, v, _ := strings.Cut(path, "/")
	return v
}
