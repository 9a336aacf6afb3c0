package azure

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/storewarden/storewarden/certs/vault"
)

// document is an error as Key Vault writes it.
type document struct {
	Error struct {
		Code       string `json:"code"`
		Message    string `json:"message"`
		InnerError struct {
			Code string `json:"code"`
		} `json:"innererror"`
	} `json:"error"`
}

// code is the most telling one.
func (d document) code() string {
	if d.Error.InnerError.Code != "" {
		return d.Error.InnerError.Code
	}
	return d.Error.Code
}

// word is the code where it is one word, as Key Vault's are: it becomes a fact.
func (d document) word() string {
	if c := d.code(); word.MatchString(c) {
		return c
	}
	return ""
}

var word = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)

func responseFailure(ref vault.Ref, host string, resp *azcore.ResponseError) error {
	doc := read(resp)
	said := text(brief(doc.Error.Message))
	fail := func(reason vault.Reason, format string, args ...any) error {
		return &vault.Error{Ref: ref, Reason: reason, Code: doc.word(), Message: fmt.Sprintf(format, args...), RetryAfter: retryAfter(resp.RawResponse)}
	}
	switch status := resp.StatusCode; {
	case status == http.StatusNotFound && doc.Error.Code == "SecretNotFound" && ref.Version != "":
		return fail(vault.NotFound, "the vault has no such version of the secret")
	case status == http.StatusNotFound && doc.Error.Code == "SecretNotFound":
		return fail(vault.NotFound, "the vault has no secret of this name")
	case status == http.StatusForbidden && doc.Error.Code != "":
		reason := forbidden(doc)
		if reason == vault.Disabled {
			return fail(reason, "%s", disabledMessage(ref))
		}
		return fail(reason, "%s refuses (%s): %s", host, doc.code(), said)
	case status == http.StatusUnauthorized && strings.HasPrefix(doc.Error.Message, "AKV10032"):
		return fail(vault.WrongTenant, "%s does not take tokens of this tenant: %s", host, said)
	case status == http.StatusUnauthorized:
		return fail(vault.TokenFailed, "%s does not take the token: %s", host, said)
	case status == http.StatusTooManyRequests:
		return fail(vault.Throttled, "%s has too many requests: %s", host, said)
	case status == http.StatusRequestTimeout, status == http.StatusGatewayTimeout:
		return fail(vault.Timeout, "%s answered %d", host, status)
	case status >= http.StatusInternalServerError:
		return fail(vault.ServerError, "%s answered %d %s", host, status, text(doc.code()))
	case status == http.StatusConflict && doc.code() == vault.DeletedButRecoverable:
		return fail(vault.SoftDeleted, "a secret of this name is deleted, and keeps the name until it is recovered or purged")
	case status == http.StatusConflict && strings.HasPrefix(doc.code(), "ObjectIs"):
		return fail(vault.SoftDeleted, "the secret is being deleted or recovered (%s)", text(doc.code()))
	case doc.Error.Code != "":
		// Key Vault understood us and says that we asked wrongly.
		return fmt.Errorf("vault secret %s: %s answered %d %s: %s", ref, host, status, text(doc.code()), said)
	default:
		return fail(vault.Unreachable, "%s answered %d, but not as a Key Vault: something stands between", host, status)
	}
}

var (
	// Lines of a refusal that do not help whoever has to act on it.
	idle = regexp.MustCompile(`(?m)^(If role assignments|Resource:|Assignment:|DenyAssignmentId:|DecisionReason:|Vault:).*$`)
	// What follows the caller's appid, oid and the resource id of its managed
	// identity (xms_mirid).
	claims = regexp.MustCompile(`;(iss|numgroups|xms_az_rid)=[^;'\s]*`)
)

// brief keeps what was refused, and to whom.
func brief(message string) string {
	message = strings.ReplaceAll(message, "\r", "")
	return claims.ReplaceAllString(idle.ReplaceAllString(message, ""), "")
}

func disabledMessage(ref vault.Ref) string {
	if ref.Version == "" {
		return "the newest version of the secret is disabled"
	}
	return "this version of the secret is disabled"
}

// forbidden tells the kinds of 403 apart. Older answers have no inner code, so
// their words count.
func forbidden(doc document) vault.Reason {
	said := strings.ToLower(doc.Error.Message)
	switch doc.Error.InnerError.Code {
	case "SecretDisabled":
		return vault.Disabled
	case "ForbiddenByFirewall", "ForbiddenByConnection":
		return vault.Firewall
	case "":
		switch {
		case strings.Contains(said, "disabled secret"):
			return vault.Disabled
		case strings.HasPrefix(said, "client address"), strings.Contains(said, "public network access is disabled"):
			return vault.Firewall
		}
	}
	return vault.Forbidden
}

// read parses the error document; what is not one leaves it empty.
func read(resp *azcore.ResponseError) document {
	var doc document
	if resp.RawResponse == nil {
		return doc
	}
	data, err := runtime.Payload(resp.RawResponse) // buffered by the SDK
	if err != nil || json.Unmarshal(data, &doc) != nil {
		return document{}
	}
	return doc
}

// retryAfter reads the header in both its forms. A date is compared with the
// answer's own Date, so no clock of ours is needed.
func retryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	header := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	}
	until, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(until.Sub(now), 0), maxRetryAfter)
}

// maxRetryAfter keeps a mistaken header from silencing a vault for days.
const maxRetryAfter = time.Hour
