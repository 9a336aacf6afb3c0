package browser

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
	"github.com/storewarden/storewarden/test/sse"
)

// The stores of the connector for OPC UA.
const (
	TrustList   = "aio-opc-ua-broker-trust-list"
	IssuerList  = "aio-opc-ua-broker-issuer-list"
	ClientStore = "aio-opc-ua-broker-client-certificate"
)

// Plant is a cluster, a vault and a console over both.
type Plant struct {
	Server *apiserver.Server
	Vault  *keyvault.Server
	Dir    string // for files
	Link   string // of the console; it works once
	Base   string // of the console's pages

	sync sse.Controller
	stop []func()
}

// NewPlant starts all of it. The caller must call Stop.
func NewPlant(ctx context.Context) (*Plant, error) {
	log.SetLogger(logr.Discard())
	dir, err := os.MkdirTemp("", "storewarden-plant-")
	if err != nil {
		return nil, err
	}
	p := &Plant{Dir: dir, stop: []func(){func() { _ = os.RemoveAll(dir) }}}
	if err := p.start(ctx); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// Stop ends all of it.
func (p *Plant) Stop() {
	for i := len(p.stop) - 1; i >= 0; i-- {
		p.stop[i]()
	}
}

func (p *Plant) start(ctx context.Context) error {
	var err error
	if p.Server, err = apiserver.Start(ctx, apiserver.Options{CRDs: true, Log: os.Stderr}); err != nil {
		return err
	}
	p.stop = append(p.stop, func() { _ = p.Server.Stop() })
	p.Vault = keyvault.New(keyvault.Options{})
	p.stop = append(p.stop, p.Vault.Close)
	endpoint, caPEM, err := p.Vault.Start()
	if err != nil {
		return err
	}
	ca := filepath.Join(p.Dir, "vault-ca.pem")
	if err := os.WriteFile(ca, caPEM, 0o600); err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	reader, err := azure.New(azure.Options{Endpoint: endpoint, Credential: keyvault.StaticToken("any"), CA: pool})
	if err != nil {
		return err
	}
	p.sync = sse.Controller{Client: p.Server.Client, Vault: reader}
	if err := p.settle(ctx); err != nil {
		return err
	}
	config := filepath.Join(p.Dir, "config.yaml")
	text := fmt.Sprintf("vault: {kind: azure, endpoint: %s, caFile: %s}\n", strconv.Quote(endpoint), ca)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	return p.open(ctx, config)
}

// open builds the real binary and starts the console.
func (p *Plant) open(ctx context.Context, config string) error {
	bin := filepath.Join(p.Dir, "storewarden")
	// In the module of its own, so that this one need not list what it is made of.
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/storewarden/storewarden").Output()
	if err != nil {
		return fmt.Errorf("find Storewarden's module: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, "./cmd/storewarden")
	build.Dir = strings.TrimSpace(string(root))
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build storewarden: %w\n%s", err, out)
	}
	cmd := exec.Command(bin, "console", "--no-open", "--config", config, "--kubeconfig", p.Server.Kubeconfig)
	cmd.Env = append(os.Environ(), "AZURE_AUTHORITY_HOST="+p.Vault.Authority(), "AZURE_TENANT_ID="+keyvault.DefaultTenant,
		"AZURE_CLIENT_ID=00000000-0000-0000-0000-000000000001", "AZURE_CLIENT_SECRET=any")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.stop = append(p.stop, func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "http://") {
			p.Link = line
			p.Base, _, _ = strings.Cut(line, "/open?")
			return nil
		}
	}
	return errors.New("the console printed no link")
}

// Sync plays the secret store extension: it carries to the stores what their SecretSyncs
// ask for.
func (p *Plant) Sync(ctx context.Context) error {
	for _, name := range []string{TrustList, IssuerList, ClientStore} {
		if err := p.sync.Sync(ctx, apiserver.StoreNamespace, name); err != nil {
			return fmt.Errorf("sync %s: %w", name, err)
		}
	}
	return nil
}

// InVault tells whether the vault has a secret, one that is deleted but not purged included.
func (p *Plant) InVault(ctx context.Context, name string) (bool, error) {
	_, err := p.sync.Vault.Get(ctx, vault.Ref{Vault: scene.Vault, Name: name})
	if reason, ok := vault.ReasonOf(err); ok && reason == vault.NotFound {
		return false, nil
	}
	return err == nil, err
}

// File writes a file to upload, and gives its path.
func (p *Plant) File(name string, data []byte) (string, error) {
	path := filepath.Join(p.Dir, name)
	return path, os.WriteFile(path, data, 0o600)
}

// settle fills the vault and the cluster: the sample plant, some machines more, one whose
// certificate ends soon, one whose has ended, and one whose issuer nobody knows.
func (p *Plant) settle(ctx context.Context) error {
	now := time.Now()
	secrets, err := scene.Secrets(now)
	if err != nil {
		return err
	}
	for name, s := range secrets {
		p.Vault.Vault(scene.Vault).Set(name, s)
	}
	stranger, err := certtest.NewCA(certtest.Options{CommonName: "Line Vendor CA", Key: certtest.RSA2048, Now: now})
	if err != nil {
		return err
	}
	root, err := certtest.NewCA(certtest.Options{CommonName: "Packaging Root CA", Key: certtest.RSA2048, Now: now})
	if err != nil {
		return err
	}
	line, err := root.IssueCA(certtest.Options{CommonName: "Packaging Line CA", Key: certtest.RSA2048})
	if err != nil {
		return err
	}
	crl, err := root.CRL(certtest.CRLOptions{Now: now, NextUpdate: now.AddDate(0, 6, 0)})
	if err != nil {
		return err
	}
	p.put("packaging-root-der", root.Hex(), "application/pkix-cert")
	p.put("packaging-root-crl", crl.Hex(), "application/pkix-crl")
	p.put("packaging-line-der", line.Hex(), "application/pkix-cert")
	entries := scene.Entry("packaging-root-der") + scene.Entry("packaging-root-crl") + scene.Entry("packaging-line-der")
	mappings := mapping("packaging-root-der", "packaging-root.der") + mapping("packaging-root-crl", "packaging-root.crl")
	for _, m := range []struct {
		name string
		ends time.Time
		of   *certtest.Cert
	}{
		{"mixer-3", now.AddDate(0, 0, 12), nil}, {"robot-7", now.AddDate(0, 9, 0), nil}, {"robot-8", now.AddDate(0, 9, 4), nil},
		{"kiln-2", now.AddDate(1, 2, 0), nil}, {"scada-1", now.AddDate(1, 8, 0), stranger}, {"labeler-5", now.AddDate(0, 11, 0), line}, {"conveyor-4", now.AddDate(0, 4, 0), nil},
	} {
		o := certtest.Options{CommonName: m.name, Key: certtest.RSA2048, Now: now, URIs: []string{"urn:plant:" + m.name}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: m.ends}
		make := certtest.SelfSigned
		if m.of != nil {
			make = m.of.Issue
		}
		c, err := make(o)
		if err != nil {
			return err
		}
		p.put(m.name+"-der", c.Hex(), "application/pkix-cert")
		entries += scene.Entry(m.name + "-der")
		mappings += mapping(m.name+"-der", m.name+".der")
	}
	good := scene.Good()
	good = strings.Replace(good, scene.Entry("press-1-der"), scene.Entry("press-1-der")+scene.Entry("old-press-der")+entries, 1)
	good = strings.Replace(good, mapping("press-1-der", "press-1.der"), mapping("press-1-der", "press-1.der")+mapping("old-press-der", "old-press.der")+mappings, 1)
	good = strings.Replace(good, mapping("plant-ca-der", "plant-ca.der"), mapping("plant-ca-der", "plant-ca.der")+mapping("packaging-line-der", "packaging-line.der"), 1)
	res, err := p.Server.KubectlInput(ctx, good, "apply", "--server-side", "-f", "-")
	if err != nil || res.Code != 0 {
		return errors.Join(fmt.Errorf("apply the plant: %s", res.Stderr), err)
	}
	return p.Sync(ctx)
}

func (p *Plant) put(name, value, contentType string) {
	p.Vault.Vault(scene.Vault).Set(name, keyvault.Secret{Value: value, ContentType: contentType, Tags: map[string]string{"file-encoding": "hex"}})
}

// mapping is one of a SecretSync, as package scene writes them.
func mapping(source, key string) string {
	return "      - {sourcePath: " + source + ", targetKey: " + key + "}\n"
}
