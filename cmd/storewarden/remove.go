package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/storewarden/storewarden/sync/hand"
)

type removeFlags struct {
	handFlags
	store, reason, output           string
	force, purge, apply, yesPurging bool
}

func newRemove() *cobra.Command {
	var f removeFlags
	cmd := &cobra.Command{
		Use:   "remove KEY...",
		Short: "Take keys out of a store, in the cluster; the vault keeps its secrets",
		Long: `Remove takes the mapping out of the SecretSync, or the source out of the
ConnectorStore, and then the entry out of the SecretProviderClass unless another store
uses it. It is refused while a Device, a ConnectorTemplate or a chain of certificates
depends on a key; --force goes on all the same, and keeps the --reason as an event.

The vault's secret stays unless --purge-vault-secret deletes and purges it, which takes
a second yes, or --yes-purge.

Exit code: 0 all is done, 1 refused or not confirmed, 2 something failed.`,
		Example: `  storewarden remove my-server.der --store trust
  storewarden remove my-ca.der my-ca.crl --store issuer --apply
  storewarden remove old.der --store trust --purge-vault-secret`,
		RunE: func(cmd *cobra.Command, keys []string) error {
			return f.run(cmd.Context(), keys, askerOf(cmd))
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.store, "store", "", "trust, issuer, client, or the name of the store's Secret")
	flags.BoolVar(&f.force, "force", false, "remove although something depends on it; needs --reason")
	flags.StringVar(&f.reason, "reason", "", "why it is forced")
	flags.BoolVar(&f.purge, "purge-vault-secret", false, "delete and purge the vault secrets too, if nothing else names them")
	flags.BoolVar(&f.yesPurging, "yes-purge", false, "confirm the purging without being asked")
	flags.BoolVar(&f.apply, "apply", false, "do it without asking")
	flags.StringVarP(&f.output, "output", "o", "text", "text or json")
	return cmd
}

func (f *removeFlags) run(ctx context.Context, keys []string, con asker) error {
	switch {
	case f.output != "text" && f.output != "json":
		return fmt.Errorf("remove: -o %q is none of text, json", f.output)
	case f.store == "":
		return errors.New("remove: say which store with --store trust, issuer, client, or the name of a Secret")
	case len(keys) == 0:
		return errors.New("remove: name the keys; \"storewarden list\" shows them")
	}
	h, err := f.open()
	if err != nil {
		return err
	}
	p, err := h.PlanRemove(ctx, hand.RemoveRequest{Namespace: first(f.namespaces), Store: f.store, Keys: keys, Force: f.force, Reason: f.reason, Purge: f.purge})
	if err != nil {
		return err
	}
	return carryOut(ctx, h, p, con, f.output, f.apply, f.yesPurging)
}
