package keyvault

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Fault is a failure the emulator plays. Faults wait in the order they were
// given; the first one that fits a call is taken. It takes effect on calls that
// carry a token, as the real service challenges first; Drop alone hits any.
type Fault struct {
	Operation Operation // "" is any
	Name      string    // of the secret, "" is any
	Times     int       // calls it lasts for, 0 is until Heal

	Latency time.Duration // before the answer; with nothing else set the answer is the true one
	Drop    bool          // close the connection without an answer

	Status     int // with Code, InnerCode and Message as Key Vault words them
	Code       string
	InnerCode  string
	Message    string
	RetryAfter string // the header as it is, "" leaves it out
	// Body replaces the error document, for what a proxy in between might say.
	Body string
}

// Inner codes of a 403.
const (
	ForbiddenByRbac       = "ForbiddenByRbac"
	ForbiddenByPolicy     = "ForbiddenByPolicy"
	AccessDenied          = "AccessDenied" // what older regions say for ForbiddenByPolicy
	ForbiddenByFirewall   = "ForbiddenByFirewall"
	ForbiddenByConnection = "ForbiddenByConnection"
)

const caller = "appid=66666666-7777-8888-9999-000000000000;oid=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee;iss=https://sts.windows.net/" + DefaultTenant + "/"

// Denied is a 403 with the inner code and the words that belong to it.
func Denied(inner string) Fault {
	words := map[string]string{
		ForbiddenByRbac: "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: " + caller +
			"\r\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null\r\n",
		ForbiddenByPolicy:     "The user, group or application '" + caller + "' does not have secrets get permission on key vault. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
		AccessDenied:          "Access denied. Caller was not found on any access policy.\r\nCaller: " + caller,
		ForbiddenByFirewall:   "Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.7\r\nCaller: " + caller,
		ForbiddenByConnection: "Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\nCaller: " + caller,
	}
	return Fault{Status: http.StatusForbidden, Code: "Forbidden", InnerCode: inner, Message: words[inner]}
}

// WrongTenant is a 401 for a token that another tenant issued.
func WrongTenant() Fault {
	return Fault{Status: http.StatusUnauthorized, Code: "Unauthorized",
		Message: "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/" + DefaultTenant + "/, found https://sts.windows.net/99999999-0000-0000-0000-000000000000/."}
}

// Throttled is a 429; the header Retry-After is left out when the argument is
// "", as Azure often does.
func Throttled(retryAfter string) Fault {
	return Fault{Status: http.StatusTooManyRequests, Code: "Throttled", RetryAfter: retryAfter,
		Message: "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached"}
}

// Broken is a 5xx.
func Broken(status int) Fault {
	return Fault{Status: status, Code: strings.ReplaceAll(http.StatusText(status), " ", ""), Message: "An internal error occurred. Please retry the operation later."}
}

// Slow delays true answers.
func Slow(d time.Duration) Fault { return Fault{Latency: d} }

// Dropped closes the connection without an answer.
func Dropped() Fault { return Fault{Drop: true} }

// Fail adds a fault.
func (v *Vault) Fail(f Fault) {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	v.faults = append(v.faults, &f)
}

// Heal removes all faults.
func (v *Vault) Heal() {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	v.faults = nil
}

// takeFault returns the fault for a call, the zero Fault when there is none;
// the caller holds the lock.
func (v *Vault) takeFault(c call, authenticated bool) Fault {
	for n, f := range v.faults {
		if !authenticated && !f.Drop ||
			f.Operation != "" && f.Operation != c.op ||
			f.Name != "" && !strings.EqualFold(f.Name, c.name) {
			continue
		}
		taken := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				v.faults = append(v.faults[:n:n], v.faults[n+1:]...)
			}
		}
		return taken
	}
	return Fault{}
}

func (f Fault) write(w http.ResponseWriter, s *Server) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Status == http.StatusUnauthorized {
		s.challengeHeader(w)
	}
	if f.Body != "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(f.Status)
		_, _ = fmt.Fprint(w, f.Body)
		return
	}
	failure{f.Status, f.Code, f.InnerCode, f.Message}.write(w)
}
