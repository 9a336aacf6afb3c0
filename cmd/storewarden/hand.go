package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/dir"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/sync/hand"
)

// handFlags are those of every command that manages stores by hand.
type handFlags struct {
	config, kubeconfig, vault, profile, now string
	namespaces                              []string
}

func (f *handFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "configuration file (see \"storewarden config example\")")
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "path of a kubeconfig, default $KUBECONFIG or ~/.kube/config")
	flags.StringVar(&f.vault, "vault", "", "none, azure or dir:PATH; default as configured")
	flags.StringVar(&f.profile, "profile", "", "observe, standard or strict; default as configured")
	flags.StringVar(&f.now, "now", "", "judge as of this time (RFC 3339)")
	flags.StringSliceVarP(&f.namespaces, "namespace", "n", nil, "namespaces to look in, default as configured")
}

// settings puts the flags over the configuration.
func (f *handFlags) settings() (config.Config, error) {
	c, err := config.Load(f.config, os.Getenv)
	if err != nil {
		return c, err
	}
	if f.vault != "" {
		if err := setVault(&c, f.vault); err != nil {
			return c, err
		}
	}
	if f.profile != "" {
		c.Profile = engine.Profile(f.profile)
	}
	if len(f.namespaces) > 0 {
		c.Namespaces = f.namespaces
	}
	return c, c.Validate(f.config)
}

// open reads the configuration and connects to the cluster and the vault.
func (f *handFlags) open() (*hand.Hand, error) {
	c, err := f.settings()
	if err != nil {
		return nil, err
	}
	now := time.Now
	if f.now != "" {
		at, err := clock(f.now)
		if err != nil {
			return nil, err
		}
		now = func() time.Time { return at }
	}
	return newHand(c, f.kubeconfig, now)
}

// newHand manages the stores of a cluster with the person's own rights, in the cluster
// and in the vault.
func newHand(c config.Config, kubeconfig string, now func() time.Time) (*hand.Hand, error) {
	cfg, err := clusterConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	// What the cluster's webhooks warn of is said as kubectl says it.
	cfg.WarningHandler = rest.NewWarningWriter(os.Stderr, rest.WarningWriterOptions{Deduplicate: true})
	cl, err := client.New(cfg, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	e, err := readEngine(c)
	if err != nil {
		return nil, err
	}
	reader, err := newVault(c.Vault, vaultOptions{})
	if err != nil {
		return nil, err
	}
	return hand.New(hand.Options{Client: cl, Peers: cluster.NewLive(cl), Vault: writable(reader, now),
		Judge: func(r vault.Reader) (*review.Reviewer, error) {
			return newReviewer(c, e, newMemory(r, patient(c.Vault)), false)
		},
		Inventory: c.Inventory(), Namespaces: c.Namespaces, ExpiryWarning: time.Duration(c.Expiry.WarnDays) * 24 * time.Hour,
		Strict: c.Profile == engine.Strict, Now: now})
}

// writable is the vault with the adapter that writes it; nil for none.
func writable(b backend, now func() time.Time) hand.Vault {
	switch r := b.(type) {
	case *azure.Reader:
		return azure.NewWriter(r)
	case *dir.Reader:
		return dir.NewWriter(r, now)
	}
	return nil
}

// asker is where a person is asked.
type asker struct {
	in       *bufio.Reader // one for all questions: it reads ahead
	out      io.Writer
	terminal bool // somebody can answer
}

func askerOf(cmd *cobra.Command) asker {
	c := asker{in: bufio.NewReader(cmd.InOrStdin()), out: cmd.OutOrStdout()}
	if f, ok := cmd.InOrStdin().(*os.File); ok {
		c.terminal = term.IsTerminal(int(f.Fd()))
	}
	return c
}

// yes asks a question; where nobody can answer it is no.
func (c asker) yes(question string) bool {
	if !c.terminal {
		return false
	}
	fmt.Fprintf(c.out, "%s [y/N] ", question)
	line, _ := c.in.ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}

// carryOut shows a plan, has it confirmed, and applies it. Its exit code is 0 where all is
// done, 1 where the plan is refused or was not confirmed, 2 where a step failed.
func carryOut(ctx context.Context, h *hand.Hand, p *hand.Plan, con asker, output string, apply, purge bool) error {
	if output == "json" {
		if err := writeJSON(con.out, p); err != nil {
			return err
		}
	} else if err := writePlanText(con.out, p); err != nil {
		return err
	}
	switch {
	case p.Refused():
		return exit(exitFindings)
	case p.Pending() == 0:
		return nil
	case !apply && !con.yes("Apply this?"):
		if output != "json" {
			fmt.Fprintln(con.out, "Nothing was changed. To do it, say --apply.")
		}
		return exit(exitFindings)
	case p.Irreversible() && !purge && !con.yes("Purging cannot be undone. Purge as well?"):
		return fmt.Errorf("purging cannot be undone: say --yes-purge beside --apply to confirm it a second time")
	}
	told := func(t hand.Progress) {
		if output == "json" {
			return
		}
		s := p.Steps[t.Step]
		switch {
		case !t.Ended:
			fmt.Fprintf(con.out, "%d. %s: %s … ", t.Step+1, s.Object, s.What)
		case t.Err == nil:
			fmt.Fprintln(con.out, "done")
		default:
			fmt.Fprintln(con.out, "failed")
		}
	}
	if err := h.Apply(ctx, p, told); err != nil {
		return errors.Join(err, fmt.Errorf("%d of %d steps are left. What is there works as before; run the same command again to finish", p.Pending(), len(p.Steps)))
	}
	return nil
}
