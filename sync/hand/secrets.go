package hand

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
)

// refOf is the vault secret behind an entry of a SecretProviderClass, read as oneself.
func refOf(p *store.SecretProviderClass, e store.Entry) vault.Ref {
	return vault.Ref{Vault: p.Vault.Value, Name: e.Name, Version: e.Version}
}

// sourceOf is the entry of a class that offers a source path.
func sourceOf(p *store.SecretProviderClass, path string) (store.Entry, bool) {
	if p == nil {
		return store.Entry{}, false
	}
	i := slices.IndexFunc(p.Objects.Entries, func(e store.Entry) bool { return e.Produces(path) })
	if i < 0 {
		return store.Entry{}, false
	}
	return p.Objects.Entries[i], true
}

// pending is a vault as it will be: some secrets have a newer version.
type pending struct {
	vault.Reader
	secrets map[string]vault.Secret // by vault/name in lower case
}

func secretID(ref vault.Ref) string { return strings.ToLower(ref.Vault + "/" + ref.Name) }

func (p pending) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	s, ok := p.secrets[secretID(ref)]
	switch {
	case ok && ref.Version == "":
		s.Ref = ref
		return s, nil
	case p.Reader == nil:
		return vault.Secret{}, fmt.Errorf("get vault secret %s: no vault is given", ref)
	}
	return p.Reader.Get(ctx, ref)
}

// content is what a secret's value decodes to, in the encoding that it is in.
type content struct {
	encoding string // as objectEncoding has it, "" for plain text
	raw      store.Value
	bundle   certs.Bundle
}

// contentOf decodes a value by its tag, or as it looks: a value in hex without the tag
// would otherwise reach the store as text.
func contentOf(s vault.Secret) (content, error) {
	if s.Facts != nil {
		return content{}, fmt.Errorf("vault secret %s: the snapshot holds facts in place of the value; export it with --values", s.Ref)
	}
	value := s.Value.Reveal()
	enc := decode.Sniff(value)
	for tag, text := range s.Tags {
		if known, ok := decode.ParseEncoding(text); strings.EqualFold(tag, "file-encoding") && ok && text != "" {
			enc = known
		}
	}
	raw, err := decode.Outer(value, enc)
	var wrong *decode.EncodingError
	if errors.As(err, &wrong) {
		return content{}, fmt.Errorf("vault secret %s is not in %s, as its tag says: upload the file anew", s.Ref, enc)
	}
	if err != nil {
		return content{}, fmt.Errorf("vault secret %s: %w", s.Ref, err)
	}
	c := content{raw: raw, bundle: decode.Bytes(raw)}
	if enc != decode.UTF8 {
		c.encoding = string(enc)
	}
	return c, nil
}
