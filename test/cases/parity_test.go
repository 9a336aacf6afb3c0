package cases_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/test/cases"
)

// parity is the az CLI's own unit tests, each with the case in which Storewarden
// says the same: what the CLI writes passes, what it refuses is refused.
var parity = map[string]struct {
	name    string // of a case; with code and no name, any case will do
	code    string // by which it is refused; "" if it passes
	store   string // of the refusal, where it matters
	argued  string // a warning that is left standing
	because string // there is nothing to judge
}{
	"secretsync enable: an instance without secrets":  {name: "healthy-cli-enabled"},
	"secretsync not enabled":                          {name: "ss-01-no-class", code: "SS-01"},
	"trust add: .der and .crt":                        {name: "healthy-cli-trust-add"},
	"trust add: object before mapping":                {name: "healthy-cli-trust-add-first-step"},
	"trust add: invalid secret name":                  {name: "spc-18-cli-secret-name", code: "SPC-18"},
	"trust add: file name as secret name":             {name: "spc-18-file-name", code: "SPC-18"},
	"trust add: expired certificate":                  {name: "x-01-expired", code: "X-01"},
	"issuer add: expired certificate":                 {name: "x-01-expired-ca", code: "X-01"},
	"trust add: several certificates in one file":     {name: "kv-19-bundle", code: "KV-19"},
	"trust add: .der that holds PEM":                  {name: "ss-11-pem-under-der", code: "SS-11"},
	"trust add: .crt that holds DER":                  {name: "ss-12-der-under-crt", code: "SS-12"},
	"trust add: other extension":                      {name: "ss-08-extension", code: "SS-08"},
	"issuer add: certificate and CRL":                 {name: "healthy-cli-issuer-add"},
	"issuer add: .crl without certificate":            {name: "ss-14-crl-alone", code: "SS-14"},
	"issuer add: no CA":                               {name: "x-04-leaf-in-issuer-list", code: "X-04"},
	"issuer add: a server that signs itself":          {name: "x-04-cli-issuer-add", code: "X-04"},
	"issuer add: other extension":                     {name: "ss-09-extension", code: "SS-09"},
	"client add: certificate and key":                 {name: "healthy-cli-client-add", argued: "KV-09 "},
	"client add: stems that differ":                   {name: "ss-10-pair", code: "SS-10"},
	"client add: no common name":                      {code: "CL-04", store: "client-certificate"},
	"client add: no application URI, or several":      {code: "X-28", store: "client-certificate"},
	"client add: another subject name than given":     {because: "what was given stands in no object but the extension's settings"},
	"client add: another application URI than given":  {because: "what was given stands in no object but the extension's settings"},
	"client add: no extension found":                  {because: "an extension is a resource of Azure"},
	"remove: one of two":                              {name: "healthy-cli-trust-remove"},
	"remove: a name that is not in the list":          {because: "nothing is written"},
	"show: not found":                                 {because: "nothing is written"},
	"secret set: wrong format of --secret-map":        {name: "ss-06-cli-secret-map", code: "SS-06"},
	"secret set: unknown vault secret":                {name: "kv-01-missing", code: "KV-01"},
	"secret set: hex by its tag, and text without":    {name: "healthy-cli-secret-set"},
	"secret set: tag hex, and not declared":           {name: "spc-22-hex-not-declared", code: "SPC-22"},
	"secret set: one secret to several keys":          {name: "healthy-cli-one-secret-several-keys"},
	"secret remove: an object that others use":        {name: "healthy-cli-secret-of-two-syncs"},
	"secret remove: last mapping, class without keys": {name: "healthy-cli-enabled"},
	"secret remove: last mapping, SecretSync kept":    {name: "ss-07-nothing", code: "SS-07"},
}

func TestParityWithTheCLI(t *testing.T) {
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
	if err != nil {
		t.Fatal(err)
	}
	for unit, tc := range parity {
		t.Run(unit, func(t *testing.T) {
			if tc.because != "" {
				t.Log(tc.because)
				return
			}
			if _, ok := e.Rule(tc.code); tc.code != "" && !ok {
				t.Logf("there is no rule %s yet", tc.code)
				return
			}
			refused := func(c *cases.Case) bool {
				return slices.ContainsFunc(c.Findings, func(l string) bool {
					return strings.HasPrefix(l, "deny "+tc.code+" ") && strings.Contains(l, tc.store)
				})
			}
			i := slices.IndexFunc(all, func(c *cases.Case) bool {
				return c.Name == tc.name || tc.name == "" && refused(c)
			})
			if i < 0 {
				t.Fatalf("there is no case for it: %+v", tc)
			}
			if tc.code != "" {
				if !refused(all[i]) {
					t.Errorf("%s does not deny %s: %v", tc.name, tc.code, all[i].Findings)
				}
				return
			}
			for _, l := range all[i].Findings {
				argued := tc.argued != "" && strings.HasPrefix(l, "warn "+tc.argued)
				if !strings.HasPrefix(l, "info ") && !argued {
					t.Errorf("%s: %s", tc.name, l)
				}
			}
		})
	}
}
