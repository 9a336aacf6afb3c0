package config

import (
	"net"
	"slices"
	"strings"
	"time"
)

// Webhook is how the webhook listens.
type Webhook struct {
	Host    string `yaml:"host"`
	Port    int    `yaml:"port"`
	CertDir string `yaml:"certDir"` // holds tls.crt, tls.key and perhaps ca.crt, followed when they change
	// SelfSigned is a Secret, namespace/name, for a serving certificate of our own
	// instead; "" for CertDir.
	SelfSigned string   `yaml:"selfSigned"`
	Register   Register `yaml:"register"`
	// Autofix adds lines that objects of SecretProviderClasses lack.
	Autofix bool          `yaml:"autofix"`
	Timeout time.Duration `yaml:"timeout"` // of the webhook configuration
	Health  string        `yaml:"health"`  // address of /healthz and /readyz
	Metrics string        `yaml:"metrics"` // address of /metrics, "0" for none
	// Debug is the address of /debug/verdict, over TLS, "0" for none.
	Debug string `yaml:"debug"`
}

// RoundsIn is which part makes rounds.
type RoundsIn string

// The closed list of parts that may.
const (
	RoundsInSync    RoundsIn = "sync"
	RoundsInWebhook RoundsIn = "webhook"
	RoundsInNone    RoundsIn = "none"
)

// Rounds is the background pass over every store.
type Rounds struct {
	In RoundsIn `yaml:"in"`
	// Reports is whether PolicyReports are written where the cluster knows them.
	Reports bool `yaml:"reports"`
}

// Register is how the webhook registers itself at the API server. With neither Service
// nor URL it does not.
type Register struct {
	Service string `yaml:"service"` // namespace/name, at port 443
	URL     string `yaml:"url"`     // where it is no Service
	// Owner is the ClusterRole with which the registration goes.
	Owner string `yaml:"owner"`
	// FailOpen lets every change pass while no webhook answers.
	FailOpen bool `yaml:"failOpen"`
}

// Sync is how the sync loop fills stores.
type Sync struct {
	// AllowTaggedTrust lets vault tags fill trust lists.
	AllowTaggedTrust bool `yaml:"allowTaggedTrust"`
	// ClusterResources is where cert-manager keeps the Secrets of ClusterIssuers.
	ClusterResources string `yaml:"clusterResources"`
	// LeaseNamespace is where the one that writes holds its Lease, "" for the pod's own.
	LeaseNamespace string `yaml:"leaseNamespace"`
}

func (c Config) checkServe(bad func(field, format string, args ...any)) {
	if c.Webhook.Timeout < time.Second || c.Webhook.Timeout > 30*time.Second {
		bad("webhook.timeout", "%s is not between 1s and 30s, what the API server takes", c.Webhook.Timeout)
	}
	if !slices.Contains([]RoundsIn{RoundsInSync, RoundsInWebhook, RoundsInNone}, c.Rounds.In) {
		bad("rounds.in", "%q is none of sync, webhook, none", c.Rounds.In)
	}
	if d := c.Webhook.Debug; d != "0" {
		if _, port, err := net.SplitHostPort(d); err != nil || port == "" {
			bad("webhook.debug", "%q is not an address such as 127.0.0.1:8443, nor 0 for none", d)
		}
	}
	r := c.Webhook.Register
	if r.Service != "" && r.URL != "" {
		bad("webhook.register", "the API server calls a service or a url, not both")
	}
	for field, name := range map[string]string{"webhook.register.service": r.Service, "webhook.selfSigned": c.Webhook.SelfSigned} {
		if ns, n, ok := strings.Cut(name, "/"); name != "" && (!ok || ns == "" || n == "" || strings.Contains(n, "/")) {
			bad(field, "%q is not namespace/name", name)
		}
	}
	if r.URL != "" && !strings.HasPrefix(r.URL, "https://") {
		bad("webhook.register.url", "%q must begin with https://", r.URL)
	}
	if ns, _, ok := strings.Cut(r.Service, "/"); ok && slices.Contains(c.Namespaces, ns) {
		bad("webhook.register.service", "%s is one of namespaces: the webhook is kept from the namespace that it runs in, so nothing there would be judged", ns)
	}
	if c.Webhook.SelfSigned != "" && r.Service == "" {
		bad("webhook.selfSigned", "it needs webhook.register.service, for whose name the certificate is")
	}
}
