package engine

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// forbidden builtins would make a verdict depend on the network, on the moment,
// on chance or on the file of a rule. They are taken out of the capabilities, so
// that a rule which uses one does not compile. The last three read the clock
// though OPA does not say so: they check whether a certificate or a token is
// valid now.
var forbidden = []string{"http.send", "opa.runtime", "net.lookup_ip_addr", "rand.intn", "uuid.rfc4122",
	"io.jwt.encode_sign", "io.jwt.encode_sign_raw", "time.now_ns", "trace", "print", "rego.metadata.chain",
	"rego.metadata.rule", "rego.parse_module", "io.jwt.decode_verify", "crypto.x509.parse_and_verify_certificates",
	"crypto.x509.parse_and_verify_certificates_with_options"}

// Capabilities is what a rule may use.
func Capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return slices.Contains(forbidden, b.Name) })
	c.AllowNet = []string{}
	return c
}

// insteadOf tells what a rule does in place of a forbidden builtin, "" for a
// name that is none.
func insteadOf(name string) string {
	switch {
	case !slices.Contains(forbidden, name):
		return ""
	case name == "time.now_ns":
		return "The time is input.now, in seconds since 1970"
	case name == "print" || name == "trace":
		return `Remove it; "storewarden policy test" shows the values where a test fails`
	case strings.HasPrefix(name, "rego."):
		return "What METADATA says is joined to the result outside of Rego; give values in args"
	case strings.Contains(name, "_verify"):
		return "It reads the clock; certificates stand parsed in input.certificates, and the time in input.now"
	case name == "http.send" || name == "net.lookup_ip_addr":
		return "A rule has no network: all that was found out stands in input"
	}
	return "A rule must always answer the same for the same input"
}
