package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/dir"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/cmd/internal/config"
)

// exportFlags are those of vault export.
type exportFlags struct {
	dir, config, vault string
	values             bool
	secrets            []string
}

func newVaultExport() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export VAULT --dir DIR",
		Short: "Write a snapshot of a vault for audits without one",
		Long: `Export writes DIR/VAULT/SECRET.json for every secret of a vault, for
"storewarden audit --vault dir:DIR" in a pipeline that has no rights on the vault.

Without --values a file holds what the judge needs and nothing of the value: the
attributes, which encodings it decodes under, certificates and CRLs, which are
public, and of a key its kind and the thumbprint of its public part. With --values
it holds what "az keyvault secret show" prints: keep such a snapshot as you would
keep the vault.

The snapshot mirrors the vault: files of secrets that the vault holds no more go.
A version that an objectVersion pins is not the latest: add it with --secret
NAME/VERSION. Where the identity may not list the vault, name each secret.

Exit code: 0 all was written, 2 something could not be read; the rest is written.`,
		Example: `  storewarden vault export my-aio-kv --dir ./vault
  storewarden vault export my-aio-kv --dir ./vault --secret my-server-der --secret my-ca-der/0123456789abcdef0123456789abcdef`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&f.dir, "dir", "", "folder to write to")
	cmd.Flags().BoolVar(&f.values, "values", false, "write the secrets themselves, not only what is known of them")
	cmd.Flags().StringArrayVar(&f.secrets, "secret", nil, "export NAME, or NAME/VERSION; without a plain name all are exported (may be repeated)")
	cmd.Flags().StringVar(&f.config, "config", "", "configuration file, for vault.endpoint and vault.caFile")
	cmd.Flags().StringVar(&f.vault, "vault", "azure", "where the vault is read: azure, or dir:PATH for another snapshot")
	_ = cmd.MarkFlagRequired("dir")
	return cmd
}

func (f *exportFlags) run(ctx context.Context, name string, stdout, stderr io.Writer) error {
	if !vault.ValidVault(name) {
		return fmt.Errorf("%q is no vault's name; give the name alone, such as my-aio-kv", name)
	}
	c, err := config.Load(f.config, os.Getenv)
	if err != nil {
		return err
	}
	if err := setVault(&c, f.vault); err != nil {
		return err
	}
	if c.Vault.Kind == config.VaultNone {
		return errors.New("--vault none holds nothing to export")
	}
	reader, err := newVault(c.Vault, vaultOptions{})
	if err != nil {
		return err
	}
	refs, all, err := f.refs(ctx, reader, name)
	if err != nil {
		return err
	}
	e := export{flags: f, reader: reader, progress: startProgressOf(stderr, "wrote", "secrets", len(refs))}
	e.writeAll(ctx, refs)
	e.progress.done()
	gone := 0
	if all && len(e.failed) == 0 {
		if gone, err = removeOthers(filepath.Join(f.dir, strings.ToLower(name)), refs); err != nil {
			return err
		}
	}
	what := "with what is known of their values"
	if f.values {
		what = "with their values: keep this folder as you would keep the vault"
	}
	fmt.Fprintf(stdout, "%s of vault %s in %s, %s\n", counted(e.written, "secret", ""), name, filepath.Join(f.dir, strings.ToLower(name)), what)
	if gone > 0 {
		fmt.Fprintf(stdout, "%s removed, of secrets that the vault holds no more\n", counted(gone, "file", ""))
	}
	for _, err := range e.failed {
		fmt.Fprintf(stderr, "storewarden: %v\n", err)
	}
	if len(e.failed) > 0 {
		return exit(exitFailed)
	}
	return nil
}

// refs are what is to be exported, and whether that is all of the vault.
func (f *exportFlags) refs(ctx context.Context, lister vault.Lister, name string) (refs []vault.Ref, all bool, err error) {
	all = true
	for _, s := range f.secrets {
		secret, version, pinned := strings.Cut(s, "/")
		all = all && pinned
		ref := vault.Ref{Vault: name, Name: secret, Version: version}
		if err := vault.Check(ref); err != nil {
			return nil, false, fmt.Errorf("--secret %s: %w", s, err)
		}
		refs = append(refs, ref)
	}
	if !all {
		return refs, false, nil
	}
	pages := lister.List(vault.Ref{Vault: name})
	for more := true; more; {
		var page []vault.Properties
		err := patiently(ctx, func() (err error) { page, more, err = pages.Next(ctx); return err })
		if reason, _ := vault.ReasonOf(err); reason == vault.Forbidden {
			return nil, false, fmt.Errorf("%w; grant the role Key Vault Secrets User, or name each secret with --secret", err)
		}
		if err != nil {
			return nil, false, err
		}
		for _, p := range page {
			refs = append(refs, vault.Ref{Vault: name, Name: p.Name})
		}
	}
	return refs, true, nil
}

// export is one run.
type export struct {
	flags    *exportFlags
	reader   vault.Reader
	progress *progress

	mu      sync.Mutex
	written int
	failed  []error
}

func (e *export) writeAll(ctx context.Context, refs []vault.Ref) {
	var g errgroup.Group
	g.SetLimit(16)
	for _, ref := range refs {
		g.Go(func() error {
			err := e.write(ctx, ref)
			e.mu.Lock()
			defer e.mu.Unlock()
			if err != nil {
				e.failed = append(e.failed, err)
			} else {
				e.written++
			}
			e.progress.step()
			return nil
		})
	}
	_ = g.Wait()
}

func (e *export) write(ctx context.Context, ref vault.Ref) error {
	var s vault.Secret
	err := patiently(ctx, func() (err error) { s, err = e.reader.Get(ctx, ref); return err })
	if reason, _ := vault.ReasonOf(err); reason == vault.Disabled {
		s, err = vault.Secret{Ref: ref}, nil // a snapshot shows it without a value
	}
	if err != nil {
		return err
	}
	if s.Enabled && !e.flags.values && s.Facts == nil {
		if s.Facts, err = warm.Export(s); err != nil {
			return fmt.Errorf("vault secret %s: %w", ref, err)
		}
	}
	_, err = dir.Write(e.flags.dir, s)
	return err
}

// patiently calls again while the vault throttles.
func patiently(ctx context.Context, call func() error) error {
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		err := call()
		var e *vault.Error
		if !errors.As(err, &e) || e.Reason != vault.Throttled {
			return err
		}
		select {
		case <-time.After(max(pause, min(e.RetryAfter, time.Minute))):
		case <-ctx.Done():
			return err
		}
	}
}

// removeOthers removes the files of secrets that are not among the references.
func removeOthers(folder string, refs []vault.Ref) (int, error) {
	keep := map[string]bool{}
	for _, r := range refs {
		keep[strings.ToLower(r.Name)] = true
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil // an empty vault
	}
	if err != nil {
		return 0, err
	}
	n := 0
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".json")
		if !ok || entry.IsDir() || !vault.ValidSecret(name) || keep[strings.ToLower(name)] {
			continue
		}
		if err := os.Remove(filepath.Join(folder, entry.Name())); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
