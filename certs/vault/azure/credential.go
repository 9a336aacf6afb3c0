package azure

import (
	"context"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/storewarden/storewarden/certs/vault"
)

// tokenTimeout bounds one attempt at a token. An exchange takes about a second;
// managed identity endpoints are known to need several.
const tokenTimeout = 30 * time.Second

// credential tells a token's failure from a vault's. It also lets an exchange
// go on when the caller that started it has run out of time: the SDK keeps the
// token for the next one, so a deadline shorter than the exchange is not a
// deadline that fails for ever.
type credential struct {
	inner   azcore.TokenCredential
	as      vault.Identity
	onToken func(vault.Identity, time.Time, error)
}

func (c credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	// Callers that queued until their time was up must not start one each.
	if err := ctx.Err(); err != nil {
		return azcore.AccessToken{}, &tokenError{err}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tokenTimeout)
	defer cancel()
	token, err := c.inner.GetToken(ctx, o)
	c.onToken(c.as, token.ExpiresOn, err)
	if err != nil {
		return azcore.AccessToken{}, &tokenError{err}
	}
	return token, nil
}

// tokenError marks an error of the credential.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }
