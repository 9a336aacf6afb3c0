package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSteps(t *testing.T) {
	words := func(s string) Step { return Step{Text: s} }
	command := func(s string) Step { return Step{Text: s, Command: true} }
	for remedy, want := range map[string][]Step{
		"":            nil,
		"Renew it":    {words("Renew it")},
		"Add az here": {words("Add az here")},
		"Enable it: az keyvault secret set-attributes --enabled true": {words("Enable it:"), command("az keyvault secret set-attributes --enabled true")},
		"az keyvault list": {command("az keyvault list")},
		"Do both: openssl x509 -in a -out b; az keyvault secret set --name b":             {words("Do both:"), command("openssl x509 -in a -out b"), command("az keyvault secret set --name b")},
		"Take it: openssl pkcs12 -in F | openssl x509 -out G; then upload it":             {words("Take it:"), command("openssl pkcs12 -in F | openssl x509 -out G"), words("then upload it")},
		"Patch it: kubectl patch secret s -p '{\"data\": {\"a\": null}}', or delete it":   {words("Patch it:"), command("kubectl patch secret s -p '{\"data\": {\"a\": null}}'"), words("or delete it")},
		"Print it: openssl pkcs7 -in F (without -inform DER if it is PEM), upload it":     {words("Print it:"), command("openssl pkcs7 -in F"), words("(without -inform DER if it is PEM), upload it")},
		"Allow it: az role assignment create --scope $(az keyvault show --name k -o tsv)": {words("Allow it:"), command("az role assignment create --scope $(az keyvault show --name k -o tsv)")},
		"Mend it: sed -i 's/a; b/c/' f":                                                   {words("Mend it:"), command("sed -i 's/a; b/c/' f")},
		"Quote it: az x --name 'open":                                                     {words("Quote it:"), command("az x --name 'open")},
		"add objectEncoding: base64 to the entry":                                         {words("add objectEncoding: base64 to the entry")},
	} {
		if diff := cmp.Diff(want, Steps(remedy)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", remedy, diff)
		}
	}
}
