package hand

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/verdict"
)

// relabel plans to upload a secret anew, with the same value, where its content type or
// its tag file-encoding is missing.
func (h *Hand) relabel(ctx context.Context, p *Plan, v *view, findings []verdict.Finding) error {
	if h.opt.Vault == nil {
		return nil
	}
	for _, f := range findings {
		name, secret, ok := strings.Cut(f.VaultRef, "/")
		object := "vault secret " + f.VaultRef
		if !ok || !slices.Contains(inVault, f.Code) || strings.Contains(secret, "/") || // a version that is named stays what it is
			slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Object == object }) {
			continue
		}
		ref := vault.Ref{Vault: name, Name: secret}
		s, err := v.reader.Get(ctx, ref)
		if err != nil || s.Managed || s.KeyID != "" {
			continue // another finding says it
		}
		c, err := contentOf(s)
		if err != nil {
			continue
		}
		d := labelled(s, c)
		step := Step{Kind: SetSecret, Object: object, What: "add a version with the same value, for " + f.Code, Why: f.Message}
		if d.ContentType != s.ContentType {
			step.Changes = append(step.Changes, "+ content type: "+d.ContentType)
		}
		if d.Tags["file-encoding"] != s.Tags["file-encoding"] {
			step.Changes = append(step.Changes, "+ tag: file-encoding="+d.Tags["file-encoding"])
		}
		step.do = func(ctx context.Context) error {
			now, err := h.opt.Vault.Get(ctx, ref)
			if err != nil {
				return withRemedy(err)
			}
			if !now.Value.Equal(s.Value) {
				return errChanged(object)
			}
			_, err = h.opt.Vault.Set(ctx, ref, d)
			return withRemedy(err)
		}
		p.step(step)
	}
	return nil
}

// labelled is a secret's value with the words that the az CLI sets beside it; what is
// there stays.
func labelled(s vault.Secret, c content) vault.Draft {
	d := vault.Draft{Value: s.Value, ContentType: s.ContentType, Tags: maps.Clone(s.Tags), Expires: s.Expires, NotBefore: s.NotBefore}
	if d.Tags == nil {
		d.Tags = map[string]string{}
	}
	if d.Tags["file-encoding"] == "" {
		if d.Tags["file-encoding"] = c.encoding; c.encoding == "" {
			d.Tags["file-encoding"] = string(decode.UTF8)
		}
	}
	if d.ContentType == "" {
		ext := store.DerivedKey("x", &c.bundle)
		if c.bundle.Kind == certs.KindText {
			ext = "x"
		}
		d.ContentType = store.SplitKey(ext).UploadType()
	}
	return d
}
