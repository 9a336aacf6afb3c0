package webhook

import (
	"path"
	"slices"

	"github.com/storewarden/storewarden/policies/verdict"
)

// Profile puts users, groups or service accounts into a class of actors, and
// says what a denial does to their changes. Patterns take * as a wildcard.
type Profile struct {
	Class  verdict.Actor `yaml:"class"`
	Users  []string      `yaml:"users"`
	Groups []string      `yaml:"groups"`
	// Mode is for every kind; Stores for store Secrets, where it differs.
	Mode   verdict.Mode `yaml:"mode"`
	Stores verdict.Mode `yaml:"stores"`
}

// classify finds the first profile that a user matches. Whoever matches none is
// a person, and a person's change is denied.
func classify(profiles []Profile, user string, groups []string) Profile {
	for _, p := range profiles {
		if matches(p.Users, user) || slices.ContainsFunc(groups, func(g string) bool { return matches(p.Groups, g) }) {
			return p
		}
	}
	return Profile{Class: verdict.Person, Mode: verdict.ModeDeny}
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return err == nil && ok
	})
}

// mode is what a denial of the kind does to the actor's change. Under the strict
// profile a service account that nobody listed may not write what is refused.
func (p Profile) mode(kind string, strict bool) verdict.Mode {
	switch {
	case strict && p.Class == verdict.Unlisted && kind == "Secret":
		return verdict.ModeDeny
	case kind == "Secret" && p.Stores != "":
		return p.Stores
	}
	return p.Mode
}
