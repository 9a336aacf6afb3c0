package hand

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
)

// maxFile is the largest file that fits: a vault secret has 25 KB, and hex takes two
// digits a byte.
const maxFile = 25600 / 2

// item is one thing that is added: bytes, the vault secret that holds them, and the key
// that they get.
type item struct {
	name string // as the person calls it
	key  string
	ref  vault.Ref
	content
	// draft is what is uploaded, nil where the vault has it already.
	draft *vault.Draft
	// takeBack is whether a deleted secret of the name must be recovered first; replaces
	// is whether it holds something else now.
	takeBack, replaces bool
	// seen is what it holds now, nil where that cannot be read.
	seen *vault.Value
	// clash is whether another entry stands where it would be: it is refused, and what
	// the judge would say of it is moot.
	clash bool
	// output is the source path under which the class offers it, set by offer.
	output string
}

// fromVault takes an item that the vault has.
func (a *adding) fromVault(ctx context.Context, in Item) error {
	ref := vault.Ref{Vault: a.class.SPC.Vault.Value, Name: in.Secret}
	s, err := a.v.reader.Get(ctx, ref)
	if err != nil {
		return err
	}
	c, err := contentOf(s)
	if err != nil {
		return err
	}
	it := &item{name: in.Secret, key: in.Key, ref: ref, content: c}
	if it.key == "" {
		if it.key, err = keyOf(store.DerivedKey(in.Secret, &c.bundle), &c.bundle); err != nil {
			return err
		}
	}
	a.items = append(a.items, it)
	return a.legal(it)
}

// fromFile takes an item that is to be uploaded, or was already.
func (a *adding) fromFile(ctx context.Context, in Item) error {
	it := &item{name: in.File, key: in.Key, content: content{encoding: string(decode.Hex), raw: in.Data, bundle: decode.Bytes(in.Data)}}
	var err error
	if it.key == "" {
		if it.key, err = keyOf(in.File, &it.bundle); err != nil {
			return err
		}
		if it.key != in.File {
			a.p.warn("", in.File, fmt.Sprintf("the key is %s, since a store does not take %q as it is", it.key, in.File), "Give another one with --key.")
		}
	}
	name := in.Secret
	if name == "" {
		if name, err = secretNameOf(it.key); err != nil {
			return err
		}
	}
	it.ref = vault.Ref{Vault: a.class.SPC.Vault.Value, Name: name}
	if err := vault.Check(it.ref); err != nil {
		return err
	}
	a.items = append(a.items, it)
	if err := a.legal(it); err != nil {
		return err
	}
	it.draft = a.draft(it)
	if len(in.Data) > maxFile {
		a.p.refuse("KV-22", in.File, fmt.Sprintf("it has %d bytes, and a vault secret holds a file of %d at most", len(in.Data), maxFile),
			"Make it smaller: one certificate a file, or a CRL that lists less.")
		return nil
	}
	return a.compare(ctx, it)
}

// draft is what the az CLI would upload for the file, with two differences that are
// decided here. The content type goes by the extension in lower case and with its dot,
// where the CLI calls a client certificate, and any .DER, x-pem-file. And only what holds
// a certificate expires with it: a CRL and a key get no expiry, where the CLI takes 180
// days from now, which is the end of nothing and makes Key Vault raise alarms (KV-07).
func (a *adding) draft(it *item) *vault.Draft {
	d := &vault.Draft{Value: vault.NewValue(hex.EncodeToString(it.raw)), ContentType: store.SplitKey(it.key).UploadType(),
		Tags: map[string]string{"file-encoding": string(decode.Hex)}}
	if len(it.bundle.Certificates) > 0 {
		d.Expires = CardOf(&it.bundle).Ends().UTC().Truncate(time.Second)
	}
	return d
}

// compare asks the vault what it holds under the name.
func (a *adding) compare(ctx context.Context, it *item) error {
	s, err := a.v.reader.Get(ctx, it.ref)
	if err == nil {
		return a.compareWith(it, s)
	}
	reason, known := vault.ReasonOf(err)
	if !known {
		return err
	}
	at := it.ref.Vault + " --name " + it.ref.Name
	switch reason {
	case vault.NotFound:
	case vault.SoftDeleted:
		if it.takeBack = a.req.Overwrite; !it.takeBack {
			a.p.refuse("KV-04", it.ref.String(), "a secret of this name is deleted, and keeps the name",
				"Bring it back with: az keyvault secret recover --vault-name "+at+"; end it with: az keyvault secret purge --vault-name "+at+"; or say --overwrite, which brings it back and adds a version.")
		}
	case vault.Disabled:
		if it.replaces = a.req.Overwrite; !it.replaces {
			a.p.refuse("KV-03", it.ref.String(), "a secret of this name is disabled", "Choose another with --secret-name, or say --overwrite to add a version that is enabled.")
		}
	default:
		a.p.refuse("", it.ref.String(), "the vault does not tell whether it has a secret of this name: "+err.Error(), remedyOf(err))
	}
	return nil
}

func (a *adding) compareWith(it *item, s vault.Secret) error {
	if s.Managed || s.KeyID != "" {
		a.p.refuse("KV-12", it.ref.String(), "the name belongs to a certificate resource of the vault", "Choose another with --secret-name.")
		return nil
	}
	there, err := contentOf(s)
	switch {
	case err == nil && bytes.Equal(there.raw, it.raw):
		it.encoding, it.draft = there.encoding, nil
	case a.req.Overwrite:
		it.replaces, it.seen = true, &s.Value
	default:
		a.p.refuse("", it.ref.String(), "the vault has a secret of this name with another value", "Choose another with --secret-name, or say --overwrite to add a version.")
	}
	return nil
}

// legal refuses a key that the API server would, or that two items want.
func (a *adding) legal(it *item) error {
	if !legalKey(it.key) {
		return fmt.Errorf("key %q: a SecretSync takes letters and digits, with single hyphens, dots or underscores between them, and no dot or underscore in the second place: give another with --key", it.key)
	}
	for _, o := range a.items[:len(a.items)-1] {
		if o.key == it.key {
			return fmt.Errorf("%s and %s would both get key %s: add one of them under another with --key", o.name, it.name, it.key)
		}
		if secretID(o.ref) == secretID(it.ref) {
			return fmt.Errorf("%s and %s would both be vault secret %s: add one of them under another with --secret-name", o.name, it.name, it.ref)
		}
	}
	return nil
}

// secret is the vault secret as it will be, for the judge.
func (it *item) secret(now time.Time) vault.Secret {
	at := now.UTC().Truncate(time.Second)
	return vault.Secret{Ref: it.ref, Value: it.draft.Value, ContentType: it.draft.ContentType, Tags: it.draft.Tags, Enabled: true,
		Expires: it.draft.Expires, Created: at, Updated: at}
}
