// Package warm remembers what vault secrets are. It keeps facts and never
// values: a value is decoded under each encoding that a SecretProviderClass can
// declare, and let go. Many who ask for one secret at once make one call; good
// facts are served while they are refreshed; errors are forgotten in seconds.
package warm

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/vault"
)

// Facts is what is known of one version of a vault secret.
type Facts struct {
	Ref         vault.Ref // as asked
	Version     string
	ContentType string
	// FileEncoding is the tag file-encoding, which the az CLI sets; "" if absent.
	FileEncoding string
	// CertificateResource is whether the secret backs a certificate resource.
	CertificateResource bool
	Expires             time.Time // of the secret, zero when absent
	NotBefore           time.Time // likewise
	Updated             time.Time // as the vault says, whole seconds
	// Looks is the encoding that the value seems to be in.
	Looks decode.Encoding
	// Seen is when it was last known to be so.
	Seen time.Time

	fetched time.Time // the value was read
	decoded [len(encodings)]Decoding
}

// Decoding is the value under one encoding.
type Decoding struct {
	Bundle certs.Bundle
	// Mismatch is why the value is not in the encoding: a reason of package
	// decode, Wrapped, or "" when it is.
	Mismatch string
}

// Wrapped is the mismatch of text that is still hex or base64 of something a
// store could hold: its encoding was not declared.
const Wrapped = "wrapped"

var encodings = [...]decode.Encoding{decode.UTF8, decode.Hex, decode.Base64}

// As is the value under an encoding.
func (f *Facts) As(enc decode.Encoding) *Decoding {
	for i, e := range encodings {
		if e == enc {
			return &f.decoded[i]
		}
	}
	return &f.decoded[0] // ParseEncoding gives no other
}

// Encoding is how a value was stored: as declared, else as its tag says, else as it
// looks.
func (f *Facts) Encoding(declared string) decode.Encoding {
	for _, name := range []string{declared, f.FileEncoding} {
		if enc, ok := decode.ParseEncoding(name); ok && name != "" {
			return enc
		}
	}
	return f.Looks
}

// factsOf decodes a secret's value and lets it go.
func factsOf(s vault.Secret, now time.Time) *Facts {
	f, value := about(s, now), s.Value.Reveal()
	f.Looks = decode.Sniff(value)
	for i, enc := range encodings {
		f.decoded[i] = decoding(value, enc, f.Looks)
	}
	return f
}

// learned is factsOf, or what an export without values says.
func learned(s vault.Secret, now time.Time) (*Facts, error) {
	if s.Facts == nil {
		return factsOf(s, now), nil
	}
	f := about(s, now)
	var err error
	if f.Looks, f.decoded, err = restore(s.Facts); err != nil {
		return nil, fmt.Errorf("vault secret %s: %w", s.Ref, err)
	}
	return f, nil
}

// about is what a secret is beside its value.
func about(s vault.Secret, now time.Time) *Facts {
	return &Facts{
		Ref: s.Ref, Version: s.Version, ContentType: s.ContentType,
		FileEncoding:        strings.ToLower(s.Tags["file-encoding"]),
		CertificateResource: s.Managed || s.KeyID != "",
		Expires:             s.Expires, NotBefore: s.NotBefore, Updated: s.Updated, Seen: now, fetched: now,
	}
}

func decoding(value string, enc, looks decode.Encoding) Decoding {
	raw, err := decode.Outer(value, enc)
	var wrong *decode.EncodingError
	if errors.As(err, &wrong) {
		return Decoding{Mismatch: wrong.Reason}
	}
	d := Decoding{Bundle: decode.Bytes(raw)}
	switch {
	case enc == decode.UTF8 && d.Bundle.Wrapped != nil:
		d.Mismatch = Wrapped
	case enc == decode.Base64 && looks == decode.Hex:
		// Hex digits are base64 digits too: every fourth length decodes, to garbage.
		d.Mismatch = string(decode.Hex)
	}
	return d
}
