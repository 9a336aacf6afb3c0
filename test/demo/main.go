// Command demo is Storewarden's main job on embedded defaults: it starts a real
// API server, a vault emulator with sample secrets and the webhook, applies a
// healthy plant, then mistakes, and shows what kubectl shows; then the sync loop
// fills the lists.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
)

func main() {
	keep := flag.Bool("keep", false, "leave everything running until Ctrl-C")
	flag.Parse()
	ctrllog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *keep, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// stage is what the demo runs on.
type stage struct {
	server *apiserver.Server
	vault  *keyvault.Server
	dir    string
	out    io.Writer

	bin      string // the real binary
	endpoint string // of the vault
}

func run(ctx context.Context, keep bool, out io.Writer) error {
	dir, err := os.MkdirTemp("", "storewarden-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &stage{dir: dir, out: out}
	s.say("Starting etcd and kube-apiserver (built from source once per machine) …")
	s.server, err = apiserver.Start(ctx, apiserver.Options{CRDs: true, Log: os.Stderr})
	if err != nil {
		return err
	}
	defer func() { _ = s.server.Stop() }()
	s.say("Starting the vault emulator with sample secrets …")
	s.vault = keyvault.New(keyvault.Options{})
	defer s.vault.Close()
	secrets, err := scene.Secrets(time.Now())
	if err != nil {
		return fmt.Errorf("sample secrets: %w", err)
	}
	for name, secret := range secrets {
		s.vault.Vault(scene.Vault).Set(name, secret)
	}
	s.say("Building and starting storewarden serve --webhook …")
	stop, err := s.startWebhook(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if err := s.play(ctx); err != nil {
		return err
	}
	s.say("\nStarting storewarden serve --sync …")
	stopSync, err := s.startSync(ctx)
	if err != nil {
		return err
	}
	defer stopSync()
	if err := s.fill(ctx); err != nil {
		return err
	}
	if !keep {
		return nil
	}
	if err := s.invite(); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// invite says how to go on by hand: everything that the commands need to find the
// cluster and the emulator.
func (s *stage) invite() error {
	config, ca := filepath.Join(s.dir, "hand.yaml"), strconv.Quote(s.vaultCA())
	if err := os.WriteFile(config, fmt.Appendf(nil, "vault: {kind: azure, endpoint: %s, caFile: %s}\n", strconv.Quote(s.endpoint), ca), 0o600); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "\nEverything is left running. In another terminal:")
	fmt.Fprintf(s.out, "\n  export KUBECONFIG=%s\n  export PATH=%s:%s:$PATH\n", s.server.Kubeconfig, s.dir, s.server.Binaries)
	for _, v := range s.identity() {
		fmt.Fprintf(s.out, "  export %s\n", v)
	}
	fmt.Fprintf(s.out, `
  kubectl -n %s get secretproviderclasses,secretsyncs,connectorstores
  storewarden list --config %[2]s
  storewarden add --from-vault --store trust --config %[2]s
  storewarden add --from-vault oven-1-der --store trust --config %[2]s
  storewarden console --config %[2]s

The logs are in %[3]s. Press Ctrl-C to stop.
`, apiserver.StoreNamespace, config, s.dir)
	return nil
}

// identity is the environment in which a program signs in at the emulator, which is also
// the directory that gives out tokens.
func (s *stage) identity() []string {
	return []string{"AZURE_AUTHORITY_HOST=" + s.vault.Authority(), "AZURE_TENANT_ID=" + keyvault.DefaultTenant,
		"AZURE_CLIENT_ID=00000000-0000-0000-0000-000000000001", "AZURE_CLIENT_SECRET=demo"}
}

func (s *stage) say(text string) { fmt.Fprintln(s.out, text) }

// play applies the healthy plant, then every mistake. It fails if anything goes
// otherwise than it should: the demo is a test that people can watch.
func (s *stage) play(ctx context.Context) error {
	s.say("\n=== A healthy plant: one SecretProviderClass, three stores ===")
	if code, err := s.apply(ctx, scene.Good()); err != nil || code != 0 {
		return fmt.Errorf("the healthy plant was not admitted (exit %d): %w", code, err)
	}
	for i, m := range scene.Mistakes() {
		fmt.Fprintf(s.out, "\n=== Mistake %d: %s ===\n", i+1, m.Title)
		code, err := s.apply(ctx, m.Objects)
		if err != nil {
			return err
		}
		if code == 0 {
			return fmt.Errorf("mistake %d was admitted", i+1)
		}
	}
	s.say("\n=== What the vault was asked, and the state of the cluster: unharmed ===")
	fmt.Fprintf(s.out, "vault calls: %v\n", s.vault.Calls())
	res, err := s.server.Kubectl(ctx, "-n", apiserver.StoreNamespace, "get", "secretproviderclasses,secretsyncs")
	fmt.Fprint(s.out, res.Stdout)
	return err
}

// apply runs kubectl as a person would, and prints what they would see.
func (s *stage) apply(ctx context.Context, objects string) (code int, err error) {
	fmt.Fprintf(s.out, "$ kubectl apply --server-side -f -   # %s\n", strings.Join(names(objects), ", "))
	res, err := s.server.KubectlInput(ctx, objects, "apply", "--server-side", "-f", "-")
	fmt.Fprint(s.out, res.Stdout, res.Stderr)
	return res.Code, err
}

// names lists the objects of a manifest.
func names(objects string) []string {
	var out []string
	for doc := range strings.SplitSeq(objects, "---") {
		kind, name := "", ""
		for line := range strings.SplitSeq(doc, "\n") {
			if v, ok := strings.CutPrefix(line, "kind: "); ok {
				kind = v
			}
			if v, ok := strings.CutPrefix(line, "metadata: {name: "); ok {
				name, _, _ = strings.Cut(v, ",")
			}
		}
		if kind != "" {
			out = append(out, kind+" "+name)
		}
	}
	return out
}

// build makes the real binary, as a user would.
func (s *stage) build(ctx context.Context) (string, error) {
	bin := filepath.Join(s.dir, "storewarden")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin, "github.com/storewarden/storewarden/cmd/storewarden")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build storewarden: %w\n%s", err, out)
	}
	return bin, nil
}
