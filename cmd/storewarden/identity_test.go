package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
)

// The identity of scene's SecretProviderClasses, and another.
const (
	plantClient = "00000000-0000-0000-0000-000000000001"
	otherClient = "00000000-0000-0000-0000-000000000009"
	sceneTenant = "00000000-0000-0000-0000-000000000002"
)

// A vault is read as the SecretProviderClass's own identity: by a token that the API
// server makes for the SecretSync's service account, under the rights of the manifest
// and no others, exchanged for one of the identity that trusts that account.
func TestServiceAccountIdentity(t *testing.T) {
	srv, err := apiserver.Start(t.Context(), apiserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Stop() })
	grantTokens(t, srv)
	kv := keyvault.New(keyvault.Options{})
	_, caPEM, err := kv.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kv.Close)
	secrets, err := scene.Secrets(certtest.Epoch())
	if err != nil {
		t.Fatal(err)
	}
	kv.Vault(scene.Vault).Set("press-1-der", secrets["press-1-der"])
	kv.Vault(scene.Vault).Permit(keyvault.TokenOf(plantClient))
	kv.Federate(plantClient, "system:serviceaccount:azure-iot-operations:aio-ssc-sa")
	kv.Federate(otherClient, "system:serviceaccount:azure-iot-operations:aio-ssc-sa")
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, caPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_AUTHORITY_HOST", kv.Authority())
	t.Setenv("SSL_CERT_FILE", caFile)
	c := config.Default()
	c.Vault.Kind, c.Vault.CAFile, c.Vault.Identity = config.VaultAzure, caFile, config.IdentityServiceAccount
	c.Vault.Endpoint = "https://" + kv.Address() + "/{vault}"
	c.Vault.Allowed = map[string][]string{"*": {"*"}}
	cfg, err := srv.User("system:serviceaccount:storewarden:storewarden-webhook")
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := newVault(c.Vault, vaultOptions{accounts: accounts.CoreV1()})
	if err != nil {
		t.Fatal(err)
	}
	e, err := readEngine(c)
	if err != nil {
		t.Fatal(err)
	}
	judge, err := newReviewer(c, e, warm.New(reader, warm.Options{}), true)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		client, account string
		code            string // of the finding about the cause
		reason          vault.Reason
		says            string
	}{
		"as the sync controller": {client: plantClient, account: "aio-ssc-sa"},
		"the account by default": {client: plantClient},
		"no role":                {client: otherClient, account: "aio-ssc-sa", code: "KV-24", reason: vault.Forbidden},
		"no federated credential": {client: "00000000-0000-0000-0000-00000000000a", account: "aio-ssc-sa", code: "U-10",
			reason: vault.TokenFailed, says: "AADSTS700213"},
		"another tenant than the vault's": {client: plantClient, account: "aio-ssc-sa", reason: vault.WrongTenant, says: keyvault.DefaultTenant},
		"an account without rights":       {client: plantClient, account: "other", reason: vault.TokenFailed, says: "grant it create on serviceaccounts/token"},
	} {
		t.Run(name, func(t *testing.T) {
			class := strings.ReplaceAll(scene.Class("spc", scene.Entry("press-1-der")), plantClient, tc.client)
			if tc.reason != vault.WrongTenant {
				class = strings.ReplaceAll(class, sceneTenant, keyvault.DefaultTenant)
			}
			if !strings.Contains(class, tc.client) {
				t.Fatal("the class does not name the identity")
			}
			if tc.account != "" {
				class += "\n---\n" + strings.ReplaceAll(scene.Sync("other-store", "spc", "      - {sourcePath: press-1-der, targetKey: press-1.der}\n"), "aio-ssc-sa", tc.account)
			}
			set := classes(t, class)
			req := review.Request{Operation: review.Create, Peers: set, Now: certtest.Epoch()}
			for _, o := range set.Objects {
				if o.SPC != nil {
					req.Subject = o.Object
				}
			}
			v, err := judge.Review(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if tc.reason == "" {
				if len(v.Problems) > 0 || v.VaultSeen.IsZero() {
					t.Errorf("%+v", v.Problems)
				}
				return
			}
			if len(v.Problems) != 1 || v.Problems[0].Reason != string(tc.reason) || !strings.Contains(v.Problems[0].Message, tc.says) {
				t.Errorf("problems %+v", v.Problems)
			}
			told := tc.code == ""
			for _, f := range v.Findings {
				told = told || f.Code == tc.code
			}
			if !told {
				t.Errorf("no %s in %+v", tc.code, v.Findings)
			}
		})
	}
	if got := wanted(t.Context(), c, classes(t, scene.Class("spc", scene.Entry("press-1-der")))); len(got) != 1 || got[0].As.ServiceAccount != "aio-ssc-sa" || got[0].As.ClientID != plantClient {
		t.Errorf("in the background %+v is wanted", got)
	}
}

// grantTokens applies the manifest, and makes the accounts.
func grantTokens(t *testing.T, srv *apiserver.Server) {
	t.Helper()
	for _, name := range []string{"aio-ssc-sa", "other"} {
		o := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: apiserver.StoreNamespace, Name: name}}
		if err := srv.Client.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile("../../manifests/vault-as-serviceaccount.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for doc := range strings.SplitSeq(string(raw), "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(doc), &o.Object); err != nil {
			t.Fatal(err)
		}
		if err := srv.Client.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

// A person reads with their own rights, whatever a server is configured to.
func TestPersonReadsAsThemselves(t *testing.T) {
	c := config.Default().Vault
	c.Kind, c.Identity = config.VaultAzure, config.IdentityServiceAccount
	p := &store.SecretProviderClass{Cloud: "azurechinacloud"}
	if cloud, as := identify(c, false)("ns", "sa", p); as != (vault.Identity{}) || cloud != "AzureChinaCloud" {
		t.Errorf("%q as %+v", cloud, as)
	}
	if cloud, as := identify(c, true)("ns", "sa", p); as.ServiceAccount != "sa" || cloud != "AzureChinaCloud" {
		t.Errorf("%q as %+v", cloud, as)
	}
	creds, err := newCredentials(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, as := range []vault.Identity{{ServiceAccount: "sa"}, {ServiceAccount: "sa", ClientID: "c", Tenant: "t"}} {
		if _, err := creds.make("", as); err == nil || errors.Is(err, os.ErrNotExist) {
			t.Errorf("%+v: %v", as, err)
		}
	}
}
