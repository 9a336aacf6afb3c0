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
	fmt.Fprintf(out, "\nEverything is left running. In another terminal:\n\n  export KUBECONFIG=%s\n  export PATH=%s:$PATH\n  kubectl -n azure-iot-operations get secretproviderclasses,secretsyncs,connectorstores\n\nThe logs are in %s. Press Ctrl-C to stop.\n",
		s.server.Kubeconfig, s.server.Binaries, dir)
	<-ctx.Done()
	return nil
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
