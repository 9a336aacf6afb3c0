package keyvault

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// retention is how long a deleted secret can be recovered, Azure's default.
const retention = 90 * 24 * time.Hour

// Vault is one vault of a Server.
type Vault struct {
	server *Server
	name   string // lower case

	// All below are guarded by server.mu.
	items  map[string]*item // by lower-case name
	faults []*Fault
	tokens []string // nil permits every token
	calls  Calls
}

// Secret is one version of a secret, as it is put in.
type Secret struct {
	Value       string
	ContentType string
	Tags        map[string]string
	Disabled    bool // Enabled turned round, so that the zero value is the usual one
	Exp, Nbf    time.Time
	// Managed marks the secret that backs a certificate resource. KID is the
	// key behind it; when empty, Managed makes one up.
	KID     string
	Managed bool
	// Created and Updated are the clock's when zero, Version is made up when
	// empty, the same in every run.
	Created, Updated time.Time
	Version          string
}

type item struct {
	name     string // as first written
	versions []Secret
	deleted  time.Time // zero while alive
}

// latest is the newest version by creation, the last one put in among equals. A
// disabled one is not passed over.
func (i *item) latest() *Secret {
	best := 0
	for n := range i.versions {
		if !i.versions[n].Created.Before(i.versions[best].Created) {
			best = n
		}
	}
	return &i.versions[best]
}

// version finds a version, the latest for "", nil when there is none.
func (i *item) version(version string) *Secret {
	if version == "" {
		return i.latest()
	}
	n := slices.IndexFunc(i.versions, func(s Secret) bool { return strings.EqualFold(s.Version, version) })
	if n < 0 {
		return nil
	}
	return &i.versions[n]
}

// Name is the vault's name in lower case.
func (v *Vault) Name() string { return v.name }

// Set adds a version and returns its id. A deleted secret of the name comes
// back to life; over the wire that would be a conflict.
func (v *Vault) Set(name string, s Secret) (version string) {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	return v.set(name, s).Version
}

func (v *Vault) set(name string, s Secret) *Secret {
	key := strings.ToLower(name)
	it, ok := v.items[key]
	if !ok {
		it = &item{name: name}
		v.items[key] = it
	}
	it.deleted = time.Time{}
	now := v.server.options.Now().UTC().Truncate(time.Second) // the wire has whole seconds
	if s.Created.IsZero() {
		s.Created = now
	}
	if s.Updated.IsZero() {
		s.Updated = s.Created
	}
	if s.Version == "" {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", v.name, key, len(it.versions)))
		s.Version = hex.EncodeToString(sum[:16])
	}
	if s.Managed && s.KID == "" {
		s.KID = v.url("keys", it.name, s.Version)
	}
	s.Tags = maps.Clone(s.Tags)
	it.versions = append(it.versions, s)
	return &it.versions[len(it.versions)-1]
}

// Update changes a version in place ("" is the latest) and reports whether it
// is there.
func (v *Vault) Update(name, version string, change func(*Secret)) bool {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	s := v.find(name, version)
	if s == nil {
		return false
	}
	change(s)
	s.Updated = v.server.options.Now().UTC().Truncate(time.Second)
	return true
}

// Delete soft-deletes a secret with all its versions.
func (v *Vault) Delete(name string) {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	if it := v.items[strings.ToLower(name)]; it != nil {
		it.deleted = v.server.options.Now().UTC().Truncate(time.Second)
	}
}

// Recover undoes Delete.
func (v *Vault) Recover(name string) {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	if it := v.items[strings.ToLower(name)]; it != nil {
		it.deleted = time.Time{}
	}
}

// Purge removes a secret for good, deleted or not.
func (v *Vault) Purge(name string) {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	delete(v.items, strings.ToLower(name))
}

// Permit lets only these bearer tokens in; any other gets 403 ForbiddenByRbac.
// Without arguments every token is let in again.
func (v *Vault) Permit(tokens ...string) {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	v.tokens = slices.Clone(tokens)
}

func (v *Vault) permitted(token string) bool {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	return len(v.tokens) == 0 || slices.Contains(v.tokens, token)
}

// Calls returns how often each operation of this vault was asked for.
func (v *Vault) Calls() Calls {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	return maps.Clone(v.calls)
}

// find returns a version of a living secret; the caller holds the lock.
func (v *Vault) find(name, version string) *Secret {
	it := v.items[strings.ToLower(name)]
	if it == nil || !it.deleted.IsZero() {
		return nil
	}
	return it.version(version)
}

// url builds an id as Azure writes it, whatever host the server was reached by.
func (v *Vault) url(parts ...string) string {
	return "https://" + v.name + "." + v.server.options.Suffix + "/" + strings.Join(parts, "/")
}
