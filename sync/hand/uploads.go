package hand

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/storewarden/storewarden/certs/vault"
)

// upload puts an item into the vault, unless it holds the same bytes by now.
func (h *Hand) upload(it *item) write {
	return func(ctx context.Context) error {
		s, err := h.opt.Vault.Get(ctx, it.ref)
		switch reason, _ := vault.ReasonOf(err); {
		case err == nil:
			if there, err := contentOf(s); err == nil && bytes.Equal(there.raw, it.raw) && there.encoding == it.encoding {
				return nil
			}
			if !it.replaces && !it.takeBack || it.seen != nil && !s.Value.Equal(*it.seen) {
				return fmt.Errorf("the vault has another value under this name since the plan was made: plan again")
			}
		case reason == vault.NotFound, reason == vault.Disabled && it.replaces:
		case reason == vault.SoftDeleted && it.takeBack:
			if err := h.opt.Vault.Recover(ctx, it.ref); err != nil {
				return withRemedy(err)
			}
		default:
			return withRemedy(err) // what it holds is not known: it is not written over
		}
		return h.eventually(ctx, func() error {
			_, err := h.opt.Vault.Set(ctx, it.ref, *it.draft)
			return err
		})
	}
}

// Key Vault deletes and recovers in the background, within seconds.
const (
	vaultPause = 2 * time.Second
	vaultTries = 30
)

// eventually calls again while the vault is still deleting or recovering the secret.
func (h *Hand) eventually(ctx context.Context, call func() error) error {
	for try := 1; ; try++ {
		err := call()
		var v *vault.Error
		if !errors.As(err, &v) || v.Reason != vault.SoftDeleted || v.Code == vault.DeletedButRecoverable || try == vaultTries {
			return withRemedy(err)
		}
		select {
		case <-ctx.Done():
			return vault.Ended(ctx, v.Ref)
		case <-time.After(vaultPause):
		}
	}
}

// withRemedy adds the next step to a vault's refusal.
func withRemedy(err error) error {
	if err == nil {
		return nil
	}
	if remedy := remedyOf(err); remedy != "" {
		return fmt.Errorf("%w. %s", err, remedy)
	}
	return err
}

// officer is the role that a person needs to write a vault.
const officer = "Key Vault Secrets Officer"

// remedyOf is the next step after a vault's refusal, "" where there is none to name.
func remedyOf(err error) string {
	var v *vault.Error
	if !errors.As(err, &v) {
		return ""
	}
	switch v.Reason {
	case vault.Forbidden:
		return grant(v.Ref.Vault)
	case vault.Firewall:
		return fmt.Sprintf("Let your address through: az keyvault network-rule add --name %s --ip-address YOUR-ADDRESS", v.Ref.Vault)
	case vault.TokenFailed, vault.WrongTenant:
		return "Sign in: az login --tenant TENANT"
	case vault.NotFound, vault.SoftDeleted, vault.Disabled:
		return ""
	}
	return "Try again when the vault answers."
}

func grant(vaultName string) string {
	return fmt.Sprintf("Have the role %s granted to you: az role assignment create --role %q --assignee YOUR-NAME --scope $(az keyvault show --name %s --query id -o tsv)",
		officer, officer, vaultName)
}
