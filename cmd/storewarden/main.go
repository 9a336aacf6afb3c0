// Command storewarden judges the certificate stores of Azure IoT Operations: as
// an admission webhook (serve), over files or a cluster (audit), over a single
// file (inspect), and in words (explain); policy helps with rules of one's own.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes, the same for every command.
const (
	exitClean    = 0
	exitFindings = 1 // what was judged is not as it should be
	exitFailed   = 2 // something could not be judged, or bad usage
)

// exit is an error that only carries an exit code: all is said already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code exit
	switch {
	case err == nil:
		return exitClean
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(os.Stderr, "storewarden: %v\n", err)
	return exitFailed
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "storewarden",
		Short: "Guards the certificate stores that Azure IoT Operations connectors trust",
		Long: `Storewarden judges SecretProviderClasses, SecretSyncs and connector store Secrets:
do the vault secrets behind them decode to valid certificates or CRLs, of the
right content, for the right store? The same judge answers at every door.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Example: `  storewarden audit ./gitops --vault dir:./vault-export
  kustomize build . | storewarden audit -
  storewarden inspect server.der
  storewarden explain KV-12`,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see \"%s --help\"", err, c.CommandPath())
	})
	root.AddCommand(newAudit(), newInspect(), newExplain(), newPolicy(), newServe(), newPlan(), newList(), newAdd(), newRemove(), newFix(), newConsole(), newVaultCommand(), newConfig(), newVersion())
	return root
}
