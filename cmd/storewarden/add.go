package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/storewarden/storewarden/sync/hand"
)

type addFlags struct {
	handFlags
	store, key, secret, class, output string
	fromVault, overwrite, apply       bool
}

func newAdd() *cobra.Command {
	var f addFlags
	cmd := &cobra.Command{
		Use:   "add FILE... | --from-vault [SECRET]...",
		Short: "Put certificates or CRLs into a store, judged first",
		Long: `Add shows what the files are and every change that it takes: the vault secret, the
entry of the SecretProviderClass, the mapping of the SecretSync or the source of the
ConnectorStore. It changes nothing before --apply, or a yes at the prompt, and nothing
at all if the judge refuses the result.

The steps stand in an order in which a stop after any of them breaks nothing; the same
command again finishes what is left. The client store takes the certificate and its key
in one command. With --from-vault and no name, the vault's secrets are listed, each
judged for the store.

Exit code: 0 all is done, 1 refused or not confirmed, 2 something failed.`,
		Example: `  storewarden add my-server.der --store trust
  storewarden add my-ca.der my-ca.crl --store issuer --apply
  storewarden add own.der own.pem --store client
  storewarden add --from-vault --store trust
  storewarden add --from-vault my-server-der --store trust --apply`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args, askerOf(cmd))
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.store, "store", "", "trust, issuer, client, or the name of the store's Secret")
	flags.StringVar(&f.key, "key", "", "the key in the store; default the file's name")
	flags.StringVar(&f.secret, "secret-name", "", "the name of the vault secret; default the file's name with hyphens")
	flags.StringVar(&f.class, "class", "", "the SecretProviderClass, where the store has none and there are several")
	flags.BoolVar(&f.fromVault, "from-vault", false, "the arguments are secrets that the vault has; without one, list them")
	flags.BoolVar(&f.overwrite, "overwrite", false, "add a version to a vault secret that holds something else")
	flags.BoolVar(&f.apply, "apply", false, "do it without asking")
	flags.StringVarP(&f.output, "output", "o", "text", "text or json")
	return cmd
}

func (f *addFlags) run(ctx context.Context, args []string, con asker) error {
	switch {
	case f.output != "text" && f.output != "json":
		return fmt.Errorf("add: -o %q is none of text, json", f.output)
	case f.store == "":
		return errors.New("add: say which store with --store trust, issuer, client, or the name of a Secret")
	case len(args) == 0 && !f.fromVault:
		return errors.New("add: name the files, or --from-vault")
	case len(args) != 1 && (f.key != "" || f.secret != ""):
		return errors.New("add: --key and --secret-name are for one file at a time")
	case f.fromVault && f.secret != "":
		return errors.New("add: --secret-name is for files; with --from-vault the arguments are the names")
	}
	h, err := f.open()
	if err != nil {
		return err
	}
	namespace := first(f.namespaces)
	if len(args) == 0 {
		return f.choose(ctx, h, namespace, con)
	}
	req := hand.AddRequest{Namespace: namespace, Store: f.store, ProviderClass: f.class, Overwrite: f.overwrite}
	for _, arg := range args {
		item := hand.Item{Secret: arg, Key: f.key}
		if !f.fromVault {
			raw, err := readInput(arg)
			if err != nil {
				return err
			}
			item = hand.Item{File: filepath.Base(arg), Data: raw, Secret: f.secret, Key: f.key}
		}
		req.Items = append(req.Items, item)
	}
	p, err := h.PlanAdd(ctx, req)
	if err != nil {
		return err
	}
	return carryOut(ctx, h, p, con, f.output, f.apply, true)
}

// readInput reads a file that a store could hold.
func readInput(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxInput+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxInput {
		return nil, fmt.Errorf("%s: larger than %d bytes: no store holds it", path, maxInput)
	}
	return raw, nil
}

// choose lists what the vault has for the store.
func (f *addFlags) choose(ctx context.Context, h *hand.Hand, namespace string, con asker) error {
	all, err := h.Candidates(ctx, namespace, f.store)
	if err != nil {
		return err
	}
	if f.output == "json" {
		return writeJSON(con.out, all)
	}
	for _, c := range all {
		mark, note := "+", c.Card.Title()
		switch {
		case c.Already:
			mark, note = "=", "in the store as "+c.Key
		case !c.Suits && len(c.Why) > 0:
			mark, note = "-", c.Why[0].Text
		}
		fmt.Fprintf(con.out, "%s %-40s %s\n", mark, oneLine(c.Secret), oneLine(note))
	}
	fmt.Fprintf(con.out, "\n+ can be added, = is there, - cannot serve. Add one with: storewarden add --from-vault SECRET --store %s\n", f.store)
	return nil
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}
