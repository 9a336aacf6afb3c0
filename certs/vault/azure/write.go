package azure

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/storewarden/storewarden/certs/vault"
)

// Writer is a Reader that writes too. It is a type of its own, so that a server, which
// only reads, cannot be given one by mistake.
type Writer struct{ *Reader }

// NewWriter writes with a reader's options, clients and credentials.
func NewWriter(r *Reader) *Writer { return &Writer{r} }

// Set adds a version of a secret.
func (w *Writer) Set(ctx context.Context, ref vault.Ref, draft vault.Draft) (vault.Secret, error) {
	text := draft.Value.Reveal()
	p := azsecrets.SetSecretParameters{Value: &text}
	if draft.ContentType != "" {
		p.ContentType = &draft.ContentType
	}
	if draft.Tags != nil {
		p.Tags = make(map[string]*string, len(draft.Tags))
		for k, v := range draft.Tags {
			p.Tags[k] = &v
		}
	}
	if !draft.Expires.IsZero() || !draft.NotBefore.IsZero() {
		p.SecretAttributes = &azsecrets.SecretAttributes{}
		if !draft.Expires.IsZero() {
			p.SecretAttributes.Expires = &draft.Expires
		}
		if !draft.NotBefore.IsZero() {
			p.SecretAttributes.NotBefore = &draft.NotBefore
		}
	}
	return call(ctx, w.Reader, ref, func(c *azsecrets.Client) (vault.Secret, error) {
		resp, err := c.SetSecret(ctx, ref.Name, p, nil)
		if err != nil {
			return vault.Secret{}, err
		}
		return secret(ref, resp.Secret)
	})
}

// Delete makes a secret recoverable only.
func (w *Writer) Delete(ctx context.Context, ref vault.Ref) error {
	_, err := call(ctx, w.Reader, ref, func(c *azsecrets.Client) (struct{}, error) {
		_, err := c.DeleteSecret(ctx, ref.Name, nil)
		return struct{}{}, err
	})
	return w.orDeleted(ctx, ref, err)
}

// orDeleted tells a secret that was deleted before from one that never was.
func (w *Writer) orDeleted(ctx context.Context, ref vault.Ref, err error) error {
	if reason, _ := vault.ReasonOf(err); reason != vault.NotFound || vault.Check(ref) != nil {
		return err
	}
	c, openErr := w.open(ctx, ref)
	if openErr != nil {
		return openErr
	}
	_, err = beside(ctx, ref, func() (struct{}, error) { return struct{}{}, deleted(ctx, ref, c, err) })
	return err
}

// Recover brings a deleted secret back.
func (w *Writer) Recover(ctx context.Context, ref vault.Ref) error {
	_, err := call(ctx, w.Reader, ref, func(c *azsecrets.Client) (struct{}, error) {
		_, err := c.RecoverDeletedSecret(ctx, ref.Name, nil)
		return struct{}{}, err
	})
	return err
}

// Purge ends a deleted secret for good.
func (w *Writer) Purge(ctx context.Context, ref vault.Ref) error {
	_, err := call(ctx, w.Reader, ref, func(c *azsecrets.Client) (struct{}, error) {
		_, err := c.PurgeDeletedSecret(ctx, ref.Name, nil)
		return struct{}{}, err
	})
	return err
}

// call makes one call for a write, and finds the reason where it fails.
func call[T any](ctx context.Context, r *Reader, ref vault.Ref, do func(*azsecrets.Client) (T, error)) (T, error) {
	var none T
	client, err := r.open(ctx, ref)
	if err != nil {
		return none, err
	}
	return beside(ctx, ref, func() (T, error) {
		value, err := do(client)
		if err == nil {
			return value, nil
		}
		if ended := vault.Ended(ctx, ref); ended != nil {
			return none, ended
		}
		if _, ours := vault.ReasonOf(err); ours {
			return none, err
		}
		return none, classify(ref, r.host(ref), err)
	})
}
