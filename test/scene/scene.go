// Package scene is the sample plant of the demo and of the example folder: its
// vault secrets, good and bad, the objects of a healthy plant, and the mistakes
// of people who know what they do, on a Friday.
package scene

import (
	"fmt"
	"time"

	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
)

// Vault is the name of the plant's vault.
const Vault = "plant-kv"

// Secrets are what the plant's vault holds.
func Secrets(now time.Time) (map[string]keyvault.Secret, error) {
	out := map[string]keyvault.Secret{}
	root, err := certtest.NewCA(certtest.Options{CommonName: "Plant Root CA", Key: certtest.RSA2048, Now: now})
	if err != nil {
		return nil, err
	}
	ca, err := root.IssueCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048})
	if err != nil {
		return nil, err
	}
	rootCRL, err := root.CRL(certtest.CRLOptions{Now: now})
	if err != nil {
		return nil, err
	}
	crl, err := ca.CRL(certtest.CRLOptions{Now: now})
	if err != nil {
		return nil, err
	}
	make := func(name string, o certtest.Options) *certtest.Cert {
		if err != nil {
			return nil
		}
		o.CommonName, o.Key, o.Now, o.URIs = name, certtest.RSA2048, now, []string{"urn:plant:" + name}
		var c *certtest.Cert
		c, err = certtest.SelfSigned(o)
		return c
	}
	press, oven := make("press-1", certtest.Options{}), make("oven-1", certtest.Options{})
	old := make("old-press", certtest.Options{NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(0, 0, -3)})
	client := make("aio-opc-opcuabroker", certtest.Options{})
	if err != nil {
		return nil, err
	}
	key, err := client.Key.PEM(certtest.PKCS8)
	if err != nil {
		return nil, err
	}
	pfx, err := certtest.PKCS12("", press)
	if err != nil {
		return nil, err
	}
	const der, list, pem = "application/pkix-cert", "application/pkix-crl", "application/x-pem-file"
	set := func(name, value, contentType string) {
		out[name] = keyvault.Secret{Value: value, ContentType: contentType, Tags: map[string]string{"file-encoding": "hex"}}
	}
	set("press-1-der", press.Hex(), der)
	set("oven-1-der", oven.Hex(), der)
	set("old-press-der", old.Hex(), der)
	set("plant-root-der", root.Hex(), der)
	set("plant-root-crl", rootCRL.Hex(), list)
	set("plant-ca-der", ca.Hex(), der)
	set("plant-ca-crl", crl.Hex(), list)
	set("opcuabroker-der", client.Hex(), der)
	set("opcuabroker-pem", fmt.Sprintf("%x", key), pem)
	set("oven-1-pem", fmt.Sprintf("%x", oven.PEM()), pem)
	set("plant-ca-pem-crl", fmt.Sprintf("%x", crl.PEM()), list)
	out["locked-der"] = keyvault.Secret{Value: oven.Hex(), ContentType: der, Disabled: true, Tags: map[string]string{"file-encoding": "hex"}}
	out["press-1-certificate"] = keyvault.Secret{Value: string(pfx), ContentType: "application/x-pkcs12", Managed: true}
	out["historian-password"] = keyvault.Secret{Value: "not-a-certificate"}
	return out, nil
}

// The root CA and its CRL are trusted, and the CA below it is in the issuer list.
var (
	rootEntries  = Entry("plant-root-der") + Entry("plant-root-crl")
	rootMappings = "      - {sourcePath: plant-root-der, targetKey: plant-root.der}\n      - {sourcePath: plant-root-crl, targetKey: plant-root.crl}\n"
)

// Good are the objects of a healthy plant.
func Good() string {
	const class = "spc-ops-demo"
	return Class(class, Entry("press-1-der")+rootEntries+Entry("plant-ca-der")+Entry("plant-ca-crl")+Entry("opcuabroker-der")+Entry("opcuabroker-pem")+
		"        - |\n          objectName: historian-password\n          objectType: secret\n") + "---" +
		Sync("aio-opc-ua-broker-trust-list", class, "      - {sourcePath: press-1-der, targetKey: press-1.der}\n"+rootMappings) + "---" +
		Sync("aio-opc-ua-broker-issuer-list", class, "      - {sourcePath: plant-ca-der, targetKey: plant-ca.der}\n      - {sourcePath: plant-ca-crl, targetKey: plant-ca.crl}\n") + "---" +
		Sync("aio-opc-ua-broker-client-certificate", class, "      - {sourcePath: opcuabroker-der, targetKey: opcuabroker.der}\n      - {sourcePath: opcuabroker-pem, targetKey: opcuabroker.pem}\n")
}

// Mistake is one mistake and the objects that make it.
type Mistake struct {
	Title   string
	Objects string
}

// Class is a SecretProviderClass with the entries.
func Class(name, entries string) string {
	return fmt.Sprintf(`
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: %s, namespace: azure-iot-operations}
spec:
  provider: azure
  parameters:
    clientID: 00000000-0000-0000-0000-000000000001
    keyvaultName: plant-kv
    tenantID: 00000000-0000-0000-0000-000000000002
    objects: |
      array:
%s`, name, entries)
}

// Sync is a SecretSync with the mappings.
func Sync(name, class, mappings string) string {
	return fmt.Sprintf(`
apiVersion: secret-sync.x-k8s.io/v1alpha1
kind: SecretSync
metadata: {name: %s, namespace: azure-iot-operations}
spec:
  secretProviderClassName: %s
  serviceAccountName: aio-ssc-sa
  secretObject:
    type: Opaque
    data:
%s`, name, class, mappings)
}

// Entry is an entry for a file that was uploaded as hex.
func Entry(name string) string {
	return "        - |\n          objectName: " + name + "\n          objectType: secret\n          objectEncoding: hex\n"
}

// Mistakes lists them; each is refused.
func Mistakes() []Mistake {
	const trust, issuer = "aio-opc-ua-broker-trust-list", "aio-opc-ua-broker-issuer-list"
	return []Mistake{
		{Title: "The vault holds hex, and the entry does not say so",
			Objects: Class("spc-no-encoding", "        - |\n          objectName: oven-1-der\n          objectType: secret\n")},
		{Title: "A field with a typing error, which the provider ignores in silence",
			Objects: Class("spc-typo", "        - |\n          objectName: oven-1-der\n          objectTyp: secret\n          objectEncoding: hex\n")},
		{Title: "The secret was disabled in the vault",
			Objects: Class("spc-disabled", Entry("locked-der"))},
		{Title: "A name that the SecretProviderClass does not offer",
			Objects: Sync(trust, "spc-ops-demo", "      - {sourcePath: press-1.der, targetKey: press-1.der}\n"+rootMappings)},
		{Title: "Three new entries for the trust list: a PEM certificate under .der, an expired one, and a Key Vault certificate with its private key",
			Objects: Class("spc-new", Entry("press-1-der")+rootEntries+Entry("oven-1-pem")+Entry("old-press-der")+"        - |\n          objectName: press-1-certificate\n          objectType: secret\n") + "---" +
				Sync(trust, "spc-new", "      - {sourcePath: press-1-der, targetKey: press-1.der}\n      - {sourcePath: oven-1-pem, targetKey: oven-1.der}\n"+
					"      - {sourcePath: old-press-der, targetKey: old-press.der}\n      - {sourcePath: press-1-certificate, targetKey: press-1-new.der}\n"+rootMappings)},
		{Title: "A server's own certificate in the issuer list, and a PEM CRL",
			Objects: Class("spc-issuers", Entry("press-1-der")+Entry("plant-ca-der")+Entry("plant-ca-pem-crl")) + "---" +
				Sync(issuer, "spc-issuers", "      - {sourcePath: plant-ca-der, targetKey: plant-ca.der}\n      - {sourcePath: plant-ca-pem-crl, targetKey: plant-ca.crl}\n"+
					"      - {sourcePath: press-1-der, targetKey: press-1.der}\n")},
	}
}
