package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/custom"
	"github.com/storewarden/storewarden/sync/controller"
	"github.com/storewarden/storewarden/sync/plan"
)

// planFlags are those of plan.
type planFlags struct {
	config, kubeconfig, vault, output string
	namespaces                        []string
}

func newPlan() *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan [CONNECTORSTORE]...",
		Short: "Show what the sync loop would do now, without doing it",
		Long: `Plan reads ConnectorStores, their Secrets and the vault with your own rights, and
shows for each entry what "serve --sync" would do: + add, ~ change, - remove, ! hold
back or not see, = leave alone. It writes nothing.

Exit code: 0 nothing would change and all is as declared, 1 something would, or is
held back, 2 a store could not be planned.`,
		Example: `  storewarden plan --vault azure
  storewarden plan opc-ua-trust-list -n azure-iot-operations -o json`,
		RunE: func(cmd *cobra.Command, names []string) error {
			return f.run(cmd.Context(), names, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&f.config, "config", "", "configuration file (see \"storewarden config example\")")
	cmd.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "path of a kubeconfig, default $KUBECONFIG or ~/.kube/config")
	cmd.Flags().StringVar(&f.vault, "vault", "", "none, azure or dir:PATH; default as configured")
	cmd.Flags().StringSliceVarP(&f.namespaces, "namespace", "n", nil, "namespaces to look in, default as configured")
	cmd.Flags().StringVarP(&f.output, "output", "o", "text", "text or json")
	return cmd
}

// planned is what would be done to one store.
type planned struct {
	Namespace string                   `json:"namespace"`
	Name      string                   `json:"name"`
	Ready     string                   `json:"ready"` // the reason of the condition that it would have
	Message   string                   `json:"message"`
	Add       []string                 `json:"add"`
	Change    []string                 `json:"change"`
	Remove    []string                 `json:"remove"`
	Entries   []controller.EntryStatus `json:"entries"`
}

func (p planned) quiet() bool {
	return len(p.Add)+len(p.Change)+len(p.Remove) == 0 && p.Ready == "Synced"
}

func (f *planFlags) run(ctx context.Context, names []string, stdout, stderr io.Writer) error {
	if f.output != "text" && f.output != "json" {
		return fmt.Errorf("-o %s is none of text, json", f.output)
	}
	c, err := config.Load(f.config, os.Getenv)
	if err != nil {
		return err
	}
	if f.vault != "" {
		if err := setVault(&c, f.vault); err != nil {
			return err
		}
	}
	if len(f.namespaces) > 0 {
		c.Namespaces = f.namespaces
	}
	if err := c.Validate(f.config); err != nil {
		return err
	}
	cfg, err := clusterConfig(f.kubeconfig)
	if err != nil {
		return err
	}
	reader, err := newVault(c.Vault, vaultOptions{})
	if err != nil {
		return err
	}
	kept := keptVault{config: c.Vault, reader: reader}
	if reader != nil {
		kept.memory = warm.New(reader, patient(c.Vault))
	}
	own, err := custom.Read(c.Policies...)
	if err != nil {
		return err
	}
	rules, err := builder(c, kept.memory, nil)(own)
	if err != nil {
		return err
	}
	opt, err := newSync(c, cfg, kept, rules, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	opt.Allowed, opt.Identify = nil, identify(c.Vault, false) // a person plans with their own rights
	if reader != nil {
		opt.Listings = direct{reader}
	}
	ctrl, err := controller.New(opt)
	if err != nil {
		return err
	}
	keys, err := storesOf(ctx, opt.Client, c.Namespaces, names)
	if err != nil {
		return err
	}
	all, failed := []planned{}, false
	p := startProgressOf(stderr, "planned", "stores", len(keys))
	for _, key := range keys {
		o, err := ctrl.Decide(ctx, key)
		p.step()
		if err != nil {
			failed = true
			fmt.Fprintf(stderr, "storewarden: %v\n", err)
			continue
		}
		if o != nil {
			all = append(all, planned{Namespace: key.Namespace, Name: key.Name, Ready: o.Ready.Reason, Message: o.Ready.Message,
				Add: orNone(o.Plan.Add), Change: orNone(o.Plan.Change), Remove: orNone(o.Plan.Remove), Entries: orNone(o.Entries)})
		}
	}
	p.done()
	if err := writePlans(stdout, all, f.output); err != nil {
		return err
	}
	switch {
	case failed:
		return exit(exitFailed)
	case slices.ContainsFunc(all, func(p planned) bool { return !p.quiet() }):
		return exit(exitFindings)
	}
	return nil
}

func orNone[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// storesOf are the ConnectorStores of the names, or all.
func storesOf(ctx context.Context, cl client.Client, namespaces, names []string) ([]client.ObjectKey, error) {
	var keys []client.ObjectKey
	found := map[string]bool{}
	for _, ns := range namespaces {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(schema.FromAPIVersionAndKind(store.ConnectorStoreAPI, store.KindConnectorStore+"List"))
		if err := cl.List(ctx, list, client.InNamespace(ns)); err != nil {
			return nil, fmt.Errorf("list ConnectorStores of namespace %s: %w", ns, err)
		}
		for _, u := range list.Items {
			if len(names) == 0 || slices.Contains(names, u.GetName()) {
				keys = append(keys, client.ObjectKeyFromObject(&u))
				found[u.GetName()] = true
			}
		}
	}
	for _, name := range names {
		if !found[name] {
			return nil, fmt.Errorf("there is no ConnectorStore %s in %v", name, namespaces)
		}
	}
	return keys, nil
}

// direct lists a vault each time that it is asked.
type direct struct{ vault.Lister }

func (d direct) List(ctx context.Context, of vault.Ref) ([]vault.Properties, error) {
	var all []vault.Properties
	pages := d.Lister.List(of)
	for more := true; more; {
		var page []vault.Properties
		if err := patiently(ctx, func() (err error) { page, more, err = pages.Next(ctx); return err }); err != nil {
			return nil, err
		}
		all = append(all, page...)
	}
	return all, nil
}

func writePlans(w io.Writer, all []planned, output string) error {
	if output == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(all)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "there is no ConnectorStore")
		return err
	}
	for _, p := range all {
		fmt.Fprintf(w, "%s/%s: %s", p.Namespace, p.Name, cmp.Or(p.Ready, "Synced"))
		if p.Message != "" {
			fmt.Fprintf(w, ": %s", p.Message)
		}
		fmt.Fprintln(w)
		for _, e := range p.Entries {
			fmt.Fprintf(w, "  %s %s", p.sign(e), e.Key)
			if e.Subject != "" {
				fmt.Fprintf(w, "  %s", e.Subject)
			}
			if e.NotAfter != nil {
				fmt.Fprintf(w, ", until %s", e.NotAfter.UTC().Format(time.DateOnly))
			}
			if e.Message != "" {
				fmt.Fprintf(w, "  (%s)", e.Message)
			}
			for _, code := range e.Findings {
				fmt.Fprintf(w, " %s", code)
			}
			fmt.Fprintln(w)
		}
		for _, key := range p.Remove {
			fmt.Fprintf(w, "  - %s\n", key)
		}
	}
	return nil
}

func (p planned) sign(e controller.EntryStatus) string {
	switch {
	case slices.Contains(p.Add, e.Key):
		return "+"
	case slices.Contains(p.Change, e.Key):
		return "~"
	case e.State == plan.Held || e.State == plan.Missing:
		return "!"
	}
	return "="
}
