package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/storewarden/storewarden/cmd/internal/console"
)

type consoleFlags struct {
	handFlags
	port   int
	noOpen bool
}

func newConsole() *cobra.Command {
	var f consoleFlags
	cmd := &cobra.Command{
		Use:   "console",
		Short: "See and manage the stores in a local web console",
		Long: `Console serves a web console to this machine alone, on 127.0.0.1, until Ctrl-C. It
shows every store and certificate, what ends when, findings with their remedies and
chains as pictures; it adds files and vault secrets, and removes, with a plan first.

It has your rights in the cluster and in the vault, and no others; nothing is installed
anywhere. The link that it prints works once, for one browser. No page holds a secret
value.

Over SSH, forward the port and open the link on your own machine:
ssh -L 8321:127.0.0.1:8321 HOST storewarden console --port 8321 --no-open`,
		Example: `  storewarden console
  storewarden console --vault azure --kubeconfig plant-1.yaml
  storewarden console --config storewarden.yaml --port 8321 --no-open`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.register(cmd)
	cmd.Flags().IntVar(&f.port, "port", 0, "port on 127.0.0.1, default any that is free")
	cmd.Flags().BoolVar(&f.noOpen, "no-open", false, "do not open a browser")
	return cmd
}

func (f *consoleFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	if f.port < 0 || f.port > 65535 {
		return fmt.Errorf("--port %d is none: choose one up to 65535, or 0 for any that is free", f.port)
	}
	c, err := f.settings()
	if err != nil {
		return err
	}
	now := time.Now
	if f.now != "" {
		at, err := clock(f.now)
		if err != nil {
			return err
		}
		now = func() time.Time { return at }
	}
	h, err := newHand(c, f.kubeconfig, now)
	if err != nil {
		return err
	}
	cluster, server, err := clusterNames(f.kubeconfig)
	if err != nil {
		return err
	}
	con, err := console.New(console.Options{Stores: h, Cluster: cluster, Server: server, Version: version(),
		Soon: time.Duration(c.Expiry.WarnDays) * 24 * time.Hour,
		Log:  slog.New(slog.NewTextHandler(stderr, nil)), Now: now})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(f.port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("--port %d is in use: choose another, or none for any that is free", f.port)
	} else if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	link := con.Link("http://" + l.Addr().String())
	fmt.Fprintf(stdout, "The console is at\n\n  %s\n\nThe link works once, on this machine. Press Ctrl-C to stop.\n", link)
	if !f.noOpen {
		cleanUp, err := openBrowser(ctx, link)
		defer cleanUp()
		if err != nil {
			fmt.Fprintf(stderr, "storewarden: no browser was opened (%v): open the link yourself\n", err)
		}
	}
	return con.Serve(ctx, l)
}

// clusterNames are the context of the kubeconfig, and the address that it leads to.
func clusterNames(path string) (name, server string, err error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = path
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil)
	raw, err := loader.RawConfig()
	if err != nil {
		return "", "", fmt.Errorf("kubeconfig: %w", err)
	}
	cfg, err := loader.ClientConfig()
	if err != nil {
		return "", "", fmt.Errorf("kubeconfig: %w", err)
	}
	return cmp.Or(raw.CurrentContext, cfg.Host), cfg.Host, nil
}

// openBrowser opens a link in the person's browser. The link goes through a file that only
// they can read: the arguments of a program can be read by everybody on the machine, and
// whoever opens the link first has their rights.
func openBrowser(ctx context.Context, link string) (cleanUp func(), err error) {
	dir, err := os.MkdirTemp("", "storewarden-console-")
	if err != nil {
		return func() {}, err
	}
	cleanUp = func() { _ = os.RemoveAll(dir) }
	page := filepath.Join(dir, "open.html")
	text := fmt.Sprintf("<!doctype html><title>Storewarden</title><meta http-equiv=refresh content=\"0; url=%s\">", html.EscapeString(link))
	if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
		return cleanUp, err
	}
	var cmd *exec.Cmd
	switch runtime.GOOS {
	case "windows":
		cmd = exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", page)
	case "darwin":
		cmd = exec.CommandContext(ctx, "open", page)
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return cleanUp, errors.New("there is no display")
		}
		cmd = exec.CommandContext(ctx, "xdg-open", page)
	}
	if err := cmd.Start(); err != nil {
		return cleanUp, err
	}
	go func() { _ = cmd.Wait() }()
	return cleanUp, nil
}
