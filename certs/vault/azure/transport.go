package azure

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const (
	// maxAnswer bounds an answer's body: a value has at most 25 KB, which JSON
	// escapes can make six times as long, and tags and names add little.
	maxAnswer = 1 << 20
	// A connection that died without a word is noticed after both.
	pingAfter, pingTimeout = 15 * time.Second, 5 * time.Second
	// idleFor is how long a connection is kept for the next call: its buffers hold
	// what was read last, and a value must not stay.
	idleFor = 15 * time.Second
	// perVault is the number of idle connections kept, where HTTP/2 is not
	// spoken; as many as the reads that one review makes in parallel.
	perVault = 32
)

var (
	errTooLarge    = errors.New("the answer is larger than any secret")
	errNotKeyVault = errors.New("the answer to a request without a token is not a Key Vault challenge")
	errAudience    = errors.New("the challenge asks for a token that is not for Key Vault")
)

// transport is the SDK's way to the network. It does not follow redirects
// (Key Vault sends none, a captive portal does), bounds what is read, and holds
// challenges to a rule, as the SDK trusts them: it gets a token for whatever
// resource they name, and panics over an authority without a path.
type transport struct{ client *http.Client }

func newTransport(o Options) *transport {
	rt := o.Transport
	if rt == nil {
		rt = http.DefaultTransport.(*http.Transport).Clone()
		rt.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.CA}
		rt.MaxIdleConnsPerHost = perVault
		rt.IdleConnTimeout = idleFor
		rt.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout}
	}
	return &transport{client: &http.Client{
		Transport:     rt,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do implements policy.Transporter.
func (t *transport) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusUnauthorized && needsChallenge(req, resp) {
		if err := checkChallenge(req.URL.Hostname(), resp.Header.Get("WWW-Authenticate")); err != nil {
			_ = resp.Body.Close()
			return nil, err
		}
	}
	resp.Body = &limited{body: resp.Body, left: maxAnswer}
	return resp, nil
}

// reauthentication is a challenge for a fresh token with more claims, which
// repeats neither authority nor resource. The pattern is no wider than the
// SDK's, so whatever passes for one here is handled as one there.
var reauthentication = regexp.MustCompile(`^Bearer (?:\w+="[^"]*",?\s*)*error="insufficient_claims",?\s*(?:\w+="[^"]*",?\s*)*$`)

// needsChallenge tells whether the answer's challenge will be followed, or is
// missing where there must be one.
func needsChallenge(req *http.Request, resp *http.Response) bool {
	header := resp.Header.Get("WWW-Authenticate")
	if req.Header.Get("Authorization") == "" {
		return true
	}
	return header != "" && !(reauthentication.MatchString(header) && strings.Contains(header, `claims="`))
}

var challengeParameter = regexp.MustCompile(`(\w+)="?([^",\s]+)"?`)

// checkChallenge accepts a bearer challenge with an authority that names a
// tenant and a resource that is Key Vault's.
func checkChallenge(host, header string) error {
	scheme, rest, _ := strings.Cut(header, " ")
	parameters := map[string]string{}
	for _, m := range challengeParameter.FindAllStringSubmatch(rest, -1) {
		parameters[m[1]] = m[2]
	}
	authority, err := url.Parse(parameters["authorization"])
	if err != nil || !strings.EqualFold(scheme, "Bearer") || authority.Scheme != "https" ||
		authority.Host == "" || strings.Trim(authority.Path, "/") == "" {
		return errNotKeyVault
	}
	audience := parameters["scope"]
	if audience == "" {
		audience = parameters["resource"]
	}
	resource, err := url.Parse(audience)
	if err != nil || resource.Scheme != "https" || resource.Host == "" {
		return errNotKeyVault
	}
	// Azure Stack has a domain of its own, which the host then shares.
	if !knownAudience(resource.Hostname()) && !strings.HasSuffix(host, "."+resource.Hostname()) {
		return errAudience
	}
	return nil
}

// knownAudience tells the Key Vault domains of Azure's clouds.
func knownAudience(host string) bool {
	switch strings.ToLower(host) {
	case "vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net", "vault.microsoftazure.de":
		return true
	}
	return false
}

// inAzure tells a host in one of those domains.
func inAzure(host string) bool {
	_, domain, _ := strings.Cut(host, ".")
	return knownAudience(domain)
}

// limited is a body that fails when it is too long.
type limited struct {
	body io.ReadCloser
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, errTooLarge
	}
	n, err := l.body.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

func (l *limited) Close() error { return l.body.Close() }
