// Command keyvault serves the Key Vault emulator with the secrets of a snapshot, for
// tests of one's own: no Azure, no account, loopback only.
package main

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/dir"
	"github.com/storewarden/storewarden/test/keyvault"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "keyvault: %v\n", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("keyvault", flag.ContinueOnError)
	folder := flags.String("dir", "", "snapshot to serve: DIR/VAULT/SECRET.json, with values, as \"az keyvault secret show\" prints them")
	listen := flags.String("listen", "127.0.0.1:0", "loopback address and port; 0 takes a free one")
	ca := flags.String("ca", "", "where to write the CA that the serving certificate is of (default DIR/keyvault-ca.pem)")
	latency := flags.Duration("latency", 0, "added to every answer")
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "Usage: keyvault --dir DIR [--listen 127.0.0.1:PORT]\n\nServes the secrets of a snapshot as Key Vault does, and tokens as Microsoft Entra\ndoes, until it is interrupted. What is changed in DIR is served at once.\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *folder == "" {
		return fmt.Errorf("name the snapshot with --dir DIR")
	}
	host, _, err := net.SplitHostPort(*listen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--listen %s: only loopback: whoever reaches it can read every secret", *listen)
	}
	if *ca == "" {
		*ca = filepath.Join(*folder, "keyvault-ca.pem")
	}
	snapshot, err := dir.New(*folder)
	if err != nil {
		return err
	}
	s := keyvault.New(keyvault.Options{Listen: *listen, Latency: *latency})
	l := loader{s, snapshot, *folder, map[vault.Ref][sha256.Size]byte{}}
	n, err := l.load(ctx)
	if err != nil {
		return err
	}
	endpoint, caPEM, err := s.Start()
	if err != nil {
		return err
	}
	defer s.Close()
	if err := os.WriteFile(*ca, caPEM, 0o600); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d secrets at %s\n\nIn Storewarden's configuration:\n\n  vault: {kind: azure, endpoint: %q, caFile: %q}\n\nand in its environment:\n\n", n, endpoint, endpoint, *ca)
	fmt.Fprintf(out, "  AZURE_AUTHORITY_HOST=%s AZURE_TENANT_ID=%s AZURE_CLIENT_ID=%s AZURE_CLIENT_SECRET=any\n",
		s.Authority(), keyvault.DefaultTenant, "00000000-0000-0000-0000-000000000001")
	return snapshot.Watch(ctx, func() {
		if _, err := l.load(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintf(out, "not reloaded: %v\n", err)
		}
	})
}

// loader brings the emulator to what the snapshot holds.
type loader struct {
	server   *keyvault.Server
	snapshot *dir.Reader
	folder   string
	loaded   map[vault.Ref][sha256.Size]byte // what each secret was like
}

// load puts what differs into the emulator, takes out what is gone, and counts what
// there is.
func (l *loader) load(ctx context.Context) (int, error) {
	entries, err := os.ReadDir(l.folder)
	if err != nil {
		return 0, err
	}
	there := map[vault.Ref]bool{}
	for _, e := range entries {
		if !e.IsDir() || !vault.ValidVault(e.Name()) {
			continue
		}
		l.server.Vault(e.Name())
		page, _, err := l.snapshot.List(vault.Ref{Vault: e.Name()}).Next(ctx)
		if err != nil {
			return 0, err
		}
		for _, p := range page {
			ref := vault.Ref{Vault: e.Name(), Name: p.Name}
			if err := l.put(ctx, ref); err != nil {
				return 0, err
			}
			there[ref] = true
		}
	}
	for ref := range l.loaded {
		if !there[ref] {
			l.server.Vault(ref.Vault).Delete(ref.Name)
			delete(l.loaded, ref)
		}
	}
	return len(there), nil
}

func (l *loader) put(ctx context.Context, ref vault.Ref) error {
	x, err := l.snapshot.Get(ctx, ref)
	if reason, _ := vault.ReasonOf(err); err != nil && reason != vault.Disabled {
		return err
	}
	if x.Facts != nil {
		return fmt.Errorf("secret %s: the snapshot was exported without --values: there is no value to serve", ref)
	}
	state := sha256.Sum256(fmt.Append(nil, x.Enabled, x.Version, x.ContentType, x.Tags, x.Expires, x.NotBefore, x.KeyID, x.Value.Reveal()))
	if l.loaded[ref] == state {
		return nil
	}
	l.loaded[ref] = state
	l.server.Vault(ref.Vault).Set(ref.Name, keyvault.Secret{Value: x.Value.Reveal(), ContentType: x.ContentType, Tags: x.Tags, Disabled: !x.Enabled,
		Exp: x.Expires, Nbf: x.NotBefore, Created: x.Created, Updated: x.Updated, KID: x.KeyID, Managed: x.Managed, Version: x.Version})
	return nil
}
