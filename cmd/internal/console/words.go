package console

import "strings"

// here says in the words of these pages what a plan says in those of the commands, which
// know flags and no fields.
func here(text string) string {
	return strings.NewReplacer(
		"say --force with a --reason", "remove it all the same, below, with a reason",
		"say --purge-vault-secret", "plan again with “Also delete the vault secrets for good”",
		"say --overwrite", "choose “A vault secret of that name … gets a new version”",
		"another with --secret-name", "another under “Name of the vault secret”",
		"another name with --secret-name", "another name under “Name of the vault secret”",
		"one with --secret-name", "one under “Name of the vault secret”",
		"another with --key", "another under “Key in the store”",
		"another one with --key", "another one under “Key in the store”",
		"one with --key", "one under “Key in the store”",
		"with --class", "under “SecretProviderClass”",
	).Replace(text)
}
