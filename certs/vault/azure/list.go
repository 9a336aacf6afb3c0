package azure

import (
	"context"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/storewarden/storewarden/certs/vault"
)

// List begins a listing of a vault's secrets.
func (r *Reader) List(of vault.Ref) vault.Pages {
	return &pages{reader: r, ref: of.InVault()}
}

// pages is one listing. It is not safe for concurrent use.
type pages struct {
	reader *Reader
	ref    vault.Ref
	pager  *runtime.Pager[azsecrets.ListSecretPropertiesResponse]
}

// Next reads a page of up to 25 secrets.
func (p *pages) Next(ctx context.Context) ([]vault.Properties, bool, error) {
	name := strings.ToLower(p.ref.Vault)
	switch {
	case !vault.ValidVault(name):
		return nil, false, &vault.Error{Ref: p.ref, Reason: vault.NotFound, Message: "the vault's name is not one Key Vault allows"}
	case !p.reader.allowed(name):
		return nil, false, &vault.Error{Ref: p.ref, Reason: vault.NotAllowed, Message: "this vault is not on the list of vaults that may be read"}
	}
	if err := vault.Ended(ctx, p.ref); err != nil {
		return nil, false, err
	}
	if p.pager == nil {
		client, err := p.reader.client(p.ref)
		if err != nil {
			return nil, false, err
		}
		p.pager = client.NewListSecretPropertiesPager(nil)
	}
	return p.await(ctx)
}

// await is beside the caller as Get is. The listing must not be asked again after
// a call that its context ended.
func (p *pages) await(ctx context.Context) ([]vault.Properties, bool, error) {
	page, err := beside(ctx, p.ref, func() (read pageRead, err error) {
		resp, err := p.pager.NextPage(ctx)
		if err != nil {
			if ended := vault.Ended(ctx, p.ref); ended != nil {
				return read, ended
			}
			return read, classify(p.ref, p.reader.host(p.ref), err)
		}
		if resp.Value == nil && resp.NextLink == nil {
			return read, &vault.Error{Ref: p.ref, Reason: vault.ServerError, Message: "the answer is not a listing of a Key Vault"}
		}
		return pageRead{properties(resp.Value), p.pager.More()}, nil
	})
	return page.secrets, page.more, err
}

// pageRead is one page, and whether another follows.
type pageRead struct {
	secrets []vault.Properties
	more    bool
}

// properties passes over what has no name: it is no secret.
func properties(all []*azsecrets.SecretProperties) []vault.Properties {
	out := make([]vault.Properties, 0, len(all))
	for _, s := range all {
		if s == nil || s.ID == nil || s.ID.Name() == "" {
			continue
		}
		p := vault.Properties{Name: s.ID.Name(), Enabled: true, Managed: deref(s.Managed)}
		if len(s.Tags) > 0 {
			p.Tags = make(map[string]string, len(s.Tags))
			for k, v := range s.Tags {
				p.Tags[k] = deref(v)
			}
		}
		if a := s.Attributes; a != nil {
			p.Enabled, p.Updated = a.Enabled == nil || *a.Enabled, utc(a.Updated)
		}
		out = append(out, p)
	}
	return out
}
