package azure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/storewarden/storewarden/certs/vault"
)

// maxText bounds what is quoted of others' words.
const maxText = 240

// classify finds the reason in an error of the SDK, the host is for the
// message. An error of the SDK is never wrapped: it keeps the whole answer and,
// through the request, the bearer token.
func classify(ref vault.Ref, host string, err error) error {
	fail := func(reason vault.Reason, format string, args ...any) error {
		return &vault.Error{Ref: ref, Reason: reason, Message: fmt.Sprintf(format, args...)}
	}
	var token *tokenError
	if errors.As(err, &token) {
		return tokenFailure(ref, token)
	}
	var resp *azcore.ResponseError
	if errors.As(err, &resp) {
		return responseFailure(ref, host, resp)
	}
	var dns *net.DNSError
	var timeout net.Error
	var transport *url.Error
	switch {
	case errors.Is(err, errNotKeyVault), errors.Is(err, errAudience):
		return fail(vault.Unreachable, "%s did not answer as a Key Vault: %v", host, err)
	case errors.Is(err, errTooLarge):
		return fail(vault.ServerError, "%s: %v", host, err)
	case isTLS(err):
		return fail(vault.TLS, "no trusted TLS connection to %s: %s", host, text(root(err)))
	case errors.As(err, &dns) && dns.IsNotFound:
		return fail(vault.NameNotResolved, "the name %s does not exist", dns.Name)
	case errors.As(err, &dns):
		return fail(vault.NameNotResolved, "the name %s could not be looked up", dns.Name)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fail(vault.Timeout, "%s did not answer in time", host)
	case errors.As(err, &transport), errors.Is(err, io.ErrUnexpectedEOF):
		return fail(vault.Unreachable, "no connection to %s: %s", host, text(root(err)))
	}
	// The connection worked and the status was 200: what remains is the body.
	// Its words stay out, as they may be the secret's.
	return fail(vault.ServerError, "%s answered with something that is not a Key Vault secret", host)
}

func isTLS(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &name) ||
		errors.As(err, &invalid) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.Is(err, http.ErrSchemeMismatch)
}

// root is the cause in words that are the same each time it happens: without
// the port on our side, and without the time of day.
func root(err error) string {
	var op *net.OpError
	var invalid x509.CertificateInvalidError
	var u *url.Error
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not valid yet"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "stream error:"):
		// HTTP/2's own words number the stream, another one each time.
		return "the connection was closed before the answer was complete"
	case errors.As(err, &op) && op.Addr != nil:
		return fmt.Sprintf("%s %s: %v", op.Op, op.Addr, op.Err)
	case errors.As(err, &u):
		return u.Err.Error()
	}
	return err.Error()
}

var (
	aadCode  = regexp.MustCompile(`^AADSTS\d+`)
	aadWords = regexp.MustCompile(`AADSTS\d+[^"\\\r\n]*`)
)

// trace starts what Microsoft Entra adds to its messages: ids and a time, new
// in every answer, which a stable message must not carry.
var trace = regexp.MustCompile(`\s*Trace ID:.*$`)

func tokenFailure(ref vault.Ref, err *tokenError) error {
	said := err.Error()
	fail := func(reason vault.Reason, code, message string) error {
		return &vault.Error{Ref: ref, Reason: reason, Code: code, Message: message}
	}
	if words := aadWords.FindString(said); words != "" {
		return fail(vault.TokenFailed, aadCode.FindString(words), "no token from Microsoft Entra: "+text(trace.ReplaceAllString(words, "")))
	}
	// azidentity has no type for it.
	if strings.Contains(said, "isn't configured to acquire tokens for tenant") {
		return fail(vault.WrongTenant, "", "the vault belongs to another tenant: "+text(said))
	}
	return fail(vault.TokenFailed, "", "no token for the vault: "+text(said))
}

// text makes others' words fit a message: one line, no control characters,
// bounded.
func text(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
	s = strings.ToValidUTF8(s, "?")
	if runes := []rune(s); len(runes) > maxText {
		s = string(runes[:maxText]) + "…"
	}
	return s
}
