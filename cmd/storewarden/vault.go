package main

import (
	"github.com/spf13/cobra"
)

func newVaultCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vault",
		Short: "Look at what a server knows of its vaults, or take a snapshot of one",
	}
	cmd.AddCommand(newVaultStatus(), newVaultExport())
	return cmd
}
