package review

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/verdict"
)

// ofProviderClass takes the entries of a SecretProviderClass, with the stores
// that use them.
func (c *casefile) ofProviderClass(ctx context.Context) {
	p := c.subject.SPC
	syncs := c.users(ctx)
	c.describeClass(c.subject, p)
	for _, s := range syncs {
		c.spc.UsedBy = append(c.spc.UsedBy, s.ID.Name)
		c.spc.Missed = c.spc.Missed || slices.ContainsFunc(s.Sync.Mappings, func(m store.Mapping) bool { return !offers(p, m.SourcePath) })
	}
	slices.Sort(c.spc.UsedBy)
	if old := c.req.Old; old != nil && old.SPC != nil {
		c.spc.HadObjects = len(old.SPC.Objects.Entries) > 0
		c.removed = c.removedFrom(ctx, old.SPC, p, syncs)
	}
	c.aroundClass(ctx, p)
	if !c.spc.NearAzure && len(syncs) == 0 {
		return // another provider's objects are its own business
	}
	account := Account(syncs)
	for _, e := range p.Objects.Entries {
		it := c.entryItem(p, e, account)
		it.entry.Name, it.entry.Field = e.Name, e.Field
		it.text = digest(e.Text, p.Vault.Value)
		for _, s := range syncs {
			for _, m := range s.Sync.Mappings {
				switch {
				case e.Produces(m.SourcePath) || (e.Trouble != "" && m.SourcePath == e.Output()):
					it.entry.UsedBy = append(it.entry.UsedBy, s.ID.Name)
					it.use(c.roleOf(ctx, s), m.TargetKey)
				case e.Trouble == "" && e.History >= 2 && m.SourcePath == e.Output():
					it.entry.Misses = append(it.entry.Misses, s.ID.Name)
				}
			}
		}
		it.entry.UsedBy = slices.Compact(it.entry.UsedBy)
		it.entry.Misses = slices.Compact(it.entry.Misses)
		it.entry.ID = len(c.items)
		c.items = append(c.items, it)
	}
	c.sameSecret(p)
}

// use gives an entry the role of the first store that uses it.
func (it *item) use(role store.Role, key string) {
	if it.entry.Role != "" || (role == store.RoleUnknown && it.entry.Key != "") {
		return
	}
	k := store.SplitKey(key)
	it.entry.Role, it.entry.Key, it.entry.Stem, it.entry.Ext = string(role), k.Name, k.Stem, k.Ext
}

// users are the SecretSyncs that refer to the subject, in order of name.
func (c *casefile) users(ctx context.Context) []*store.Object {
	all, err := c.req.Peers.List(ctx, store.KindSecretSync, c.subject.ID.Namespace)
	if err != nil {
		c.peerProblem("SecretSyncs of namespace "+c.subject.ID.Namespace, err)
		return nil
	}
	var users []*store.Object
	for _, s := range all {
		if s.Sync != nil && s.Sync.ProviderClass == c.subject.ID.Name && !s.Deleting {
			users = append(users, s)
		}
	}
	slices.SortFunc(users, func(a, b *store.Object) int { return strings.Compare(a.ID.Name, b.ID.Name) })
	return users
}

// removedFrom lists what old offered and now does not, though a SecretSync maps
// it. A class that offers nothing at all has a finding of its own.
func (c *casefile) removedFrom(ctx context.Context, old, now *store.SecretProviderClass, syncs []*store.Object) []input.Removed {
	if now.Objects.Trouble != "" {
		return nil
	}
	var out []input.Removed
	for _, s := range syncs {
		for _, m := range s.Sync.Mappings {
			was := producer(old, m.SourcePath)
			if was == nil || offers(now, m.SourcePath) {
				continue
			}
			out = append(out, input.Removed{Name: was.Name, Output: m.SourcePath, Sync: s.ID.Name, Key: m.TargetKey,
				Role: string(c.roleOf(ctx, s))})
		}
	}
	return out
}

// offers also takes an entry that is there but malformed: it was not removed.
func offers(p *store.SecretProviderClass, sourcePath string) bool {
	return slices.ContainsFunc(p.Objects.Entries, func(e store.Entry) bool {
		return e.Produces(sourcePath) || (malformed(e) && e.Output() == sourcePath)
	})
}

func producer(p *store.SecretProviderClass, sourcePath string) *store.Entry {
	for i := range p.Objects.Entries {
		if e := &p.Objects.Entries[i]; e.Produces(sourcePath) {
			return e
		}
	}
	return nil
}

func (c *casefile) describeClass(o *store.Object, p *store.SecretProviderClass) {
	c.spc.Name, c.spc.Provider, c.spc.HasParameters = o.ID.Name, p.Provider, p.HasParameters
	c.spc.NearAzure = p.Provider == "" || store.Distance(strings.ToLower(strings.TrimSpace(p.Provider)), "azure") <= 2
	c.spc.Vault, c.spc.Tenant, c.spc.Client = input.Parameter(p.Vault), input.Parameter(p.Tenant), input.Parameter(p.ClientID)
	c.spc.Cloud, c.spc.IgnoredTenant, c.spc.ClientSpelling = p.Cloud, p.IgnoredTenant, p.ClientSpelling
	for _, m := range p.Modes {
		c.spc.Modes = append(c.spc.Modes, input.Mode(m))
	}
	c.spc.ObjectsTrouble, c.spc.ObjectsMessage = string(p.Objects.Trouble), p.Objects.Message
}

// mappings takes the entries of a SecretSync through its SecretProviderClass.
// describe is false for a sibling's, whose class is not the subject's business.
func (c *casefile) mappings(ctx context.Context, o *store.Object, role store.Role, describe bool) []item {
	class, err := c.req.Peers.Get(ctx, store.KindSecretProviderClass, o.ID.Namespace, o.Sync.ProviderClass)
	if err == nil && class.SPC == nil {
		err = store.ErrNotFound
	}
	absent := errors.Is(err, store.ErrNotFound)
	if describe {
		c.sync.ProviderClass, c.sync.SecretType, c.sync.Found, c.sync.Unseen = o.Sync.ProviderClass, o.Sync.SecretType, err == nil, err != nil && !absent
		c.spc.Name = o.Sync.ProviderClass
		if err == nil {
			c.describeClass(class, class.SPC)
		} else if !absent {
			c.peerProblem("SecretProviderClass "+o.Sync.ProviderClass, err)
		}
	}
	items := make([]item, len(o.Sync.Mappings))
	for i, m := range o.Sync.Mappings {
		it := item{entry: emptyEntry()}
		switch {
		case absent:
			c.unseen(&it, classAbsent, "", "SecretProviderClass "+o.Sync.ProviderClass+" was not found")
		case err != nil:
			c.unseen(&it, classUnseen, "", "SecretProviderClass "+o.Sync.ProviderClass+" could not be read")
		default:
			it = c.mapped(class.SPC, m, o.Sync.ServiceAccount)
		}
		k := store.SplitKey(m.TargetKey)
		e := &it.entry
		e.ID, e.Name, e.Field, e.SourcePath = i, m.TargetKey, store.MappingField(i), m.SourcePath
		e.Role, e.Key, e.Stem, e.Ext = string(role), k.Name, k.Stem, k.Ext
		it.list, it.text = o.ID.Name, digest(m.SourcePath, m.TargetKey, o.Sync.ProviderClass)
		items[i] = it
	}
	return items
}

// mapped follows one mapping into a SecretProviderClass.
func (c *casefile) mapped(p *store.SecretProviderClass, m store.Mapping, account string) item {
	if e := producer(p, m.SourcePath); e != nil {
		it := c.entryItem(p, *e, account)
		if it.entry.State == input.Malformed && e.Type != "cert" && e.Type != "key" {
			c.unseen(&it, classMalformed, "", "its entry in the SecretProviderClass cannot be used as it is written")
		}
		return it
	}
	it := item{entry: emptyEntry()}
	broken := p.Objects.Trouble != "" || slices.ContainsFunc(p.Objects.Entries, func(e store.Entry) bool {
		return malformed(e) && (e.Output() == m.SourcePath || e.Name == m.SourcePath || e.Output() == "")
	})
	if broken {
		c.unseen(&it, classMalformed, "", "the SecretProviderClass cannot be used as it is written")
		return it
	}
	it.entry.State = input.Unresolved
	it.entry.Near, it.entry.Suggestion = near(p, m.SourcePath)
	return it
}

// near guesses what an unmatched source path means.
func near(p *store.SecretProviderClass, sourcePath string) (kind, suggestion string) {
	base, _, indexed := strings.Cut(sourcePath, "/")
	nearest, distance := "", 3
	for _, e := range p.Objects.Entries {
		out := e.Output()
		switch {
		case out == "":
		case sourcePath == out+"/tls.crt", sourcePath == out+"/tls.key":
			return "part", out
		case e.History >= 2 && out == sourcePath:
			return "history", out + "/0"
		case indexed && out == base && e.History < 2:
			return "history", out
		case path.Ext(sourcePath) != "" && (out == strings.ReplaceAll(sourcePath, ".", "-") || out == strings.TrimSuffix(sourcePath, path.Ext(sourcePath))):
			return "file-name", out
		case e.Alias != "" && e.Name == sourcePath:
			nearest, distance = out, 0
		default:
			if d := store.Distance(out, sourcePath); d < distance {
				nearest, distance = out, d
			}
		}
	}
	return "", nearest
}

// entryItem is an item of a SecretProviderClass, not yet seen in the vault.
func (c *casefile) entryItem(p *store.SecretProviderClass, e store.Entry, account string) item {
	it := item{entry: emptyEntry()}
	it.entry.Trouble, it.entry.Message = string(e.Trouble), e.Message
	o := &it.entry.Object
	*o = input.Object{Name: e.Name, Alias: e.Alias, Version: e.Version, Type: e.Type, Format: e.Format, Encoding: e.Encoding,
		History: e.History, Output: e.Output(), Unknown: []input.UnknownField{}, Otherwise: []string{},
		Dropped: e.Dropped, FilePermission: e.FilePermission}
	for _, u := range e.Unknown {
		o.Unknown = append(o.Unknown, input.UnknownField(u))
	}
	o.SameOutput = c.sameOutput(p, e.Output())
	if malformed(e) {
		it.entry.State = input.Malformed
		return it
	}
	it.enc, _ = decode.ParseEncoding(e.Encoding)
	it.ref = c.r.opt.Identify.Ref(c.subject.ID.Namespace, account, p, e)
	v := &it.entry.Vault
	v.Ref, v.Name, v.Secret = it.ref.String(), p.Vault.Value, e.Name
	it.entry.State = input.Unseen
	if !vault.ValidVault(p.Vault.Value) {
		v.Ref = ""
		c.unseen(&it, classMalformed, "", "the vault's name cannot be used as it is written")
		return it
	}
	it.fetch = true
	return it
}

// sameOutput counts the entries of a class with an output.
func (c *casefile) sameOutput(p *store.SecretProviderClass, output string) int {
	counts, ok := c.outputs[p]
	if !ok {
		counts = map[string]int{}
		for _, e := range p.Objects.Entries {
			counts[e.Output()]++
		}
		counts[""] = 0
		if c.outputs == nil {
			c.outputs = map[*store.SecretProviderClass]map[string]int{}
		}
		c.outputs[p] = counts
	}
	return counts[output]
}

// malformed reports whether an entry's structure keeps the provider, or us,
// from fetching a secret for it.
func malformed(e store.Entry) bool {
	_, encodingOK := decode.ParseEncoding(e.Encoding)
	formatOK := slices.Contains([]string{"", "pem", "pfx"}, strings.ToLower(e.Format))
	return e.Trouble != "" || !vault.ValidSecret(e.Name) || e.Type != "secret" || !encodingOK || !formatOK ||
		strings.HasPrefix(e.Alias, "/") || strings.Contains(e.Alias, "..") ||
		slices.ContainsFunc(e.Unknown, func(u store.UnknownField) bool { return u.Suggestion != "" })
}

// keys takes the entries of a Secret.
func (c *casefile) keys(o *store.Object, role store.Role) []item {
	items := make([]item, len(o.Secret.Keys))
	for i, name := range o.Secret.Keys {
		it := item{entry: emptyEntry(), list: o.ID.Name}
		k := store.SplitKey(name)
		e := &it.entry
		e.ID, e.Name, e.Field = i, name, store.DataField(name)
		e.Role, e.Key, e.Stem, e.Ext = string(role), k.Name, k.Stem, k.Ext
		b, text := c.bundle(o.Secret.Data[name])
		it.text = text
		if b.Wrapped != nil {
			e.State, e.Content.Wrapped = input.Undecodable, b.Wrapped.Encodings[0]
		} else {
			it.decoded(b)
		}
		items[i] = it
	}
	return items
}

// addReferences tells which vault secret a Secret's key comes from, where a
// SecretSync of its name says so: a remedy can then name it.
func (c *casefile) addReferences(ctx context.Context) {
	id := c.subject.ID
	sync, err := c.req.Peers.Get(ctx, store.KindSecretSync, id.Namespace, id.Name)
	if err != nil || sync.Sync == nil {
		return
	}
	class, err := c.req.Peers.Get(ctx, store.KindSecretProviderClass, id.Namespace, sync.Sync.ProviderClass)
	if err != nil || class.SPC == nil {
		return
	}
	for i := range c.items {
		for _, m := range sync.Sync.Mappings {
			e := producer(class.SPC, m.SourcePath)
			if m.TargetKey != c.items[i].entry.Key || e == nil || malformed(*e) {
				continue
			}
			v := &c.items[i].entry.Vault
			v.Name, v.Secret = class.SPC.Vault.Value, e.Name
			v.Ref = vault.Ref{Vault: v.Name, Name: e.Name, Version: e.Version}.String()
		}
	}
}

// sibling is a list of the connector for OPC UA that goes with the subject.
type sibling struct {
	name  string // "" for none
	state string
}

// The states of a sibling.
const (
	siblingSeen   = "seen"
	siblingEmpty  = "empty"
	siblingAbsent = "absent"
	siblingUnseen = "unseen"
)

// addSiblings takes in the lists that go with the subject: the other one of a
// pair, and both with the client store. A CRL in one may speak of a certificate
// in another, and issuers stand in either.
func (c *casefile) addSiblings(ctx context.Context) {
	if c.subject.Sync == nil && c.subject.Secret == nil && c.subject.Declared == nil || c.req.Operation == Delete {
		return
	}
	if c.role == store.RoleIssuer || c.role == store.RoleClient {
		c.trust = c.addSibling(ctx, store.RoleTrust)
	}
	if c.role == store.RoleTrust || c.role == store.RoleClient {
		c.issuers = c.addSibling(ctx, store.RoleIssuer)
	}
	if c.subject.Sync != nil && (c.role == store.RoleTrust || c.role == store.RoleIssuer) {
		c.addPatched(ctx)
	}
}

func (c *casefile) addSibling(ctx context.Context, role store.Role) sibling {
	s := sibling{name: c.r.opt.Inventory.NameOf(c.subject.ID.Namespace, role)}
	if s.name == "" {
		return s
	}
	items, err := c.storeItems(ctx, s.name, role)
	c.items = append(c.items, items...)
	switch {
	case errors.Is(err, store.ErrNotFound):
		s.state = siblingAbsent
	case err != nil:
		s.state = siblingUnseen
		c.peerProblem("the "+title(role)+" "+s.name, err)
	case len(items) == 0:
		s.state = siblingEmpty
	default:
		s.state = siblingSeen
	}
	return s
}

// storeItems are the entries of a store beside the subject. What stands in the
// cluster counts before what a SecretSync declares.
func (c *casefile) storeItems(ctx context.Context, name string, role store.Role) ([]item, error) {
	ns := c.subject.ID.Namespace
	secret, err := c.req.Peers.Get(ctx, store.KindSecret, ns, name)
	if err == nil && secret.Secret != nil {
		return c.keys(secret, role), nil
	}
	sync, syncErr := c.req.Peers.Get(ctx, store.KindSecretSync, ns, name)
	if syncErr == nil && sync.Sync != nil {
		return c.mappings(ctx, sync, role, false), nil
	}
	if errors.Is(err, store.ErrNotFound) {
		err = syncErr
	}
	return nil, err
}

// addPatched takes in the CRLs that somebody patched into the Secret of a
// SecretSync, as AIO's documentation tells for the trust list: they cover its CAs
// though no mapping names them.
func (c *casefile) addPatched(ctx context.Context) {
	o, err := c.req.Peers.Get(ctx, store.KindSecret, c.subject.ID.Namespace, c.subject.ID.Name)
	if err != nil || o.Secret == nil {
		return
	}
	for _, it := range c.keys(o, c.role) {
		mapped := slices.ContainsFunc(c.subject.Sync.Mappings, func(m store.Mapping) bool { return m.TargetKey == it.entry.Key })
		if !mapped && it.bundle != nil && len(it.bundle.CRLs) > 0 {
			c.items = append(c.items, it)
		}
	}
}

// peerProblem records a peer that could not be read.
func (c *casefile) peerProblem(what string, err error) {
	c.problems = append(c.problems, verdict.Problem{Reason: "PeerUnseen", Message: what + " could not be read: " + err.Error(), Object: c.object()})
}

func emptySync() input.Sync {
	return input.Sync{Marks: []input.Mark{}, Writers: []string{}, Anchored: []string{}}
}

func emptyEntry() input.Entry {
	return input.Entry{State: input.Unseen, UsedBy: []string{}, Misses: []string{},
		Object: input.Object{Unknown: []input.UnknownField{}, Otherwise: []string{}}, Content: input.Content{Problems: []string{}}}
}
