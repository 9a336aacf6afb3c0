package hand

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
)

// syncName is what the SecretSync definition takes for a sourcePath and a targetKey, but
// for the version that may follow.
var syncName = regexp.MustCompile(`^[A-Za-z0-9.]([-A-Za-z0-9]+([-._a-zA-Z0-9]?[A-Za-z0-9])*)?$`)

// maxName is the most letters of either.
const maxName = 253

func legalKey(key string) bool { return len(key) <= maxName && syncName.MatchString(key) }

// secretNameOf derives the vault secret's name from a key as the az CLI does: a hyphen for
// each dot. The CLI refuses what else Key Vault does not take; here that becomes a hyphen
// too, since the key was made legal in the same way.
func secretNameOf(key string) (string, error) {
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' {
			return r
		}
		return '-'
	}, key)
	if !vault.ValidSecret(name) || !legalKey(name) {
		return "", fmt.Errorf("no name for a vault secret can be made of %q: give one with --secret-name", key)
	}
	return name, nil
}

// keyOf is the key that a file gets: its name, as the az CLI does, with two differences
// that are decided here. A name that a SecretSync does not take, such as the "Server
// [0AFB].der" of many servers, is made legal, where the CLI fails at the API server; and
// the extension is in lower case, because the connector finds no other on Linux.
func keyOf(file string, b *certs.Bundle) (string, error) {
	k := store.SplitKey(file)
	ext := strings.ToLower(k.Ext)
	if ext == ".cer" { // what Windows exports: either form
		ext = store.SplitKey(store.DerivedKey("x", b)).Ext
	}
	if legalKey(k.Stem + ext) {
		return k.Stem + ext, nil
	}
	var stem strings.Builder
	gap := false // between two runs of letters and digits
	for _, r := range k.Stem {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			if gap && stem.Len() > 0 {
				stem.WriteByte('-')
			}
			stem.WriteRune(r)
			gap = false
		} else {
			gap = true
		}
	}
	key := stem.String() + ext
	if stem.Len() == 1 {
		key = "cert-" + key // a single letter before the dot is not taken
	}
	if stem.Len() == 0 || !legalKey(key) {
		return "", fmt.Errorf("no key can be made of the file name %q: give one with --key", file)
	}
	return key, nil
}

// roleOf is the role that a word means: a role, or the last word of one.
func roleOf(word string) (store.Role, bool) {
	for _, r := range store.Roles() {
		if word == string(r) || "opcua-"+word == string(r) {
			return r, true
		}
	}
	return store.RoleUnknown, false
}
