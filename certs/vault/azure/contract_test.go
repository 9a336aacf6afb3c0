package azure_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"testing"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/vaulttest"
	"github.com/storewarden/storewarden/test/keyvault"
)

// The real SDK against the emulator, by an endpoint with the vault in its path.
func TestContract(t *testing.T) {
	vaulttest.Run(t, func(t *testing.T) (vault.Reader, vaulttest.Seeder) {
		s, endpoint, pool := start(t, keyvault.Options{})
		return reader(t, azure.Options{Endpoint: endpoint, CA: pool}), seeder(s)
	})
}

// The same with the default endpoint, where the vault is in the host, the SDK
// checks the challenge itself, and only the dialling differs from Azure.
func TestContractDefaultEndpoint(t *testing.T) {
	vaulttest.Run(t, func(t *testing.T) (vault.Reader, vaulttest.Seeder) {
		s, _, pool := start(t, keyvault.Options{})
		return reader(t, azure.Options{Transport: redirected(s, pool)}), seeder(s)
	})
}

func start(t *testing.T, o keyvault.Options) (*keyvault.Server, string, *x509.CertPool) {
	t.Helper()
	s := keyvault.New(o)
	endpoint, caPEM, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	return s, endpoint, pool
}

// redirected dials the emulator whatever host is asked for.
func redirected(s *keyvault.Server, pool *x509.CertPool) *http.Transport {
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.Address())
		},
		ForceAttemptHTTP2: true,
	}
}

func reader(t *testing.T, o azure.Options) *azure.Reader {
	t.Helper()
	if o.Credential == nil {
		o.Credential = keyvault.StaticToken("token")
	}
	r, err := azure.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func seeder(s *keyvault.Server) vaulttest.Seeder {
	return func(_ *testing.T, e vaulttest.Entry) {
		s.Vault(e.Vault).Set(e.Name, keyvault.Secret{
			Value: e.Value, ContentType: e.ContentType, Tags: e.Tags, Disabled: e.Disabled, Exp: e.Expires, Nbf: e.NotBefore,
			Created: e.Created, Updated: e.Updated, KID: e.KeyID, Managed: e.Managed, Version: e.Version,
		})
	}
}

func TestWriterContract(t *testing.T) {
	vaulttest.RunWriter(t, func(t *testing.T) (vaulttest.ReadWriter, vaulttest.Seeder) {
		s, endpoint, pool := start(t, keyvault.Options{})
		return azure.NewWriter(reader(t, azure.Options{Endpoint: endpoint, CA: pool})), seeder(s)
	})
}
