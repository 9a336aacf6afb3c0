package review

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/input"
)

// changed reports whether an update changes what the subject says, labels and
// the like aside.
func (c *casefile) changed() bool {
	old := c.req.Old
	return old != nil && !(reflect.DeepEqual(old.SPC, c.subject.SPC) && reflect.DeepEqual(old.Sync, c.subject.Sync))
}

// aroundClass looks at what stands beside a SecretProviderClass: the other
// classes of its namespace, and who else makes the Secrets that it is to make.
func (c *casefile) aroundClass(ctx context.Context, p *store.SecretProviderClass) {
	ns := c.subject.ID.Namespace
	for i, name := range p.SecretObjects {
		s, err := c.req.Peers.Get(ctx, store.KindSecretSync, ns, name)
		c.spc.SecretObjects = append(c.spc.SecretObjects, input.SecretObject{Name: name,
			Field: store.SecretObjectField(i), Synced: err == nil && !s.Deleting})
	}
	all, err := c.req.Peers.List(ctx, store.KindSecretProviderClass, ns)
	if err != nil {
		c.peerProblem("SecretProviderClasses of namespace "+ns, err)
		return
	}
	var spelt []string
	instances := map[string]*store.Object{} // by vault
	for _, o := range all {
		if o.SPC == nil || o.ID.Name == c.subject.ID.Name || o.Deleting || o.SPC.Vault.Value == "" {
			continue
		}
		vault := o.SPC.Vault.Value
		if vault != p.Vault.Value && strings.EqualFold(vault, p.Vault.Value) {
			spelt = append(spelt, vault)
		}
		if store.IsInstanceClass(o) {
			instances[strings.ToLower(vault)] = o
		}
	}
	if len(spelt) > 0 {
		c.spc.VaultSpelling = slices.Min(spelt)
	}
	if len(instances) == 1 && !store.IsInstanceClass(c.subject) {
		for _, o := range instances {
			c.spc.Instance, c.spc.InstanceVault = o.ID.Name, o.SPC.Vault.Value
		}
	}
}

// sameSecret relates the items of a class that name one vault secret: in another
// encoding under another output, or in another case.
func (c *casefile) sameSecret(p *store.SecretProviderClass) {
	groups := map[string][]int{}
	for i, e := range p.Objects.Entries {
		if e.Name != "" && e.Trouble == "" {
			groups[strings.ToLower(e.Name)] = append(groups[strings.ToLower(e.Name)], i)
		}
	}
	for _, group := range groups {
		for _, i := range group {
			e, o := p.Objects.Entries[i], &c.items[i].entry.Object
			for _, j := range group {
				other := p.Objects.Entries[j]
				if other.Name != e.Name && (o.OtherCase == "" || other.Name < o.OtherCase) {
					o.OtherCase = other.Name
				}
				if other.Output() != e.Output() && !sameEncoding(e.Encoding, other.Encoding) {
					o.Otherwise = append(o.Otherwise, other.Output())
				}
			}
			slices.Sort(o.Otherwise)
		}
	}
}

func sameEncoding(a, b string) bool {
	x, known := decode.ParseEncoding(a)
	y, alsoKnown := decode.ParseEncoding(b)
	return x == y && known && alsoKnown
}

// aroundSync looks at what stands beside a SecretSync, and at what it was.
func (c *casefile) aroundSync(ctx context.Context) {
	s, id := c.subject.Sync, c.subject.ID
	c.sync.ServiceAccount, c.sync.Force, c.sync.OldType = s.ServiceAccount, s.Force, s.SecretType
	for _, m := range s.Marks {
		c.sync.Marks = append(c.sync.Marks, input.Mark(m))
	}
	if old := c.req.Old; old != nil && old.Sync != nil {
		c.sync.OldType = old.Sync.SecretType
	}
	counts := map[string]int{}
	for _, m := range s.Mappings {
		counts[m.TargetKey]++
	}
	for i := range c.items {
		c.items[i].entry.SameKey = counts[c.items[i].entry.Key]
	}
	o := c.filled
	c.sync.Occupied = o != nil && !o.Managed() && o.Labels[store.StoreLabel] == "" && !o.Deleting
	classes, err := c.req.Peers.List(ctx, store.KindSecretProviderClass, id.Namespace)
	if err != nil {
		return // the class that it refers to tells the same trouble
	}
	for _, o := range classes {
		if o.SPC != nil && slices.Contains(o.SPC.SecretObjects, id.Name) && !o.Deleting {
			c.sync.Writers = append(c.sync.Writers, o.ID.Name)
		}
	}
	slices.Sort(c.sync.Writers)
}

// aroundSecret looks at who makes a Secret, and at what a change does to that.
func (c *casefile) aroundSecret(ctx context.Context) {
	s, id, old := c.subject.Secret, c.subject.ID, c.req.Old
	c.secret = input.Secret{Type: s.Type, Immutable: s.Immutable, Managed: c.subject.Managed()}
	sync, err := c.req.Peers.Get(ctx, store.KindSecretSync, id.Namespace, id.Name)
	c.secret.Orphan = errors.Is(err, store.ErrNotFound)
	if c.secret.Synced = err == nil && sync.Sync != nil; !c.secret.Synced {
		sync = nil
	}
	mapped := map[string]bool{}
	if sync != nil {
		for _, m := range sync.Sync.Mappings {
			mapped[m.TargetKey] = true
		}
	}
	for i := range c.items {
		e := &c.items[i].entry
		e.Mapped = mapped[e.Key]
	}
	if old == nil || old.Secret == nil {
		return
	}
	c.secret.LostLabel = old.Labelled() && !c.subject.Labelled()
	c.secret.LostOwner = old.Owned() && !c.subject.Owned()
	for i := range c.items {
		e := &c.items[i].entry
		was, there := old.Secret.Data[e.Key]
		e.Changed = there && !bytes.Equal(was, s.Data[e.Key])
	}
	for _, key := range old.Secret.Keys {
		if _, stays := s.Data[key]; mapped[key] && !stays {
			c.removed = append(c.removed, input.Removed{Name: key, Output: key, Sync: id.Name, Key: key, Role: string(c.role)})
		}
	}
}

// pairUp relates what one store holds twice, and what both lists of a pair hold.
func (c *casefile) pairUp() {
	var elsewhere map[string][]string // by thumbprint
	for _, x := range c.certs {
		if !x.own {
			if elsewhere == nil {
				elsewhere = map[string][]string{}
			}
			elsewhere[x.cert.SHA256] = append(elsewhere[x.cert.SHA256], x.item.place())
		}
	}
	for i := range c.certs {
		if x := &c.certs[i]; x.own {
			x.fact.Elsewhere = orEmpty(elsewhere[x.cert.SHA256])
		}
	}
	if c.subject.SPC != nil {
		return // one vault secret may go to many stores
	}
	c.twins(func(it *item) string {
		if it.bundle == nil || len(it.bundle.Certificates) != 1 {
			return ""
		}
		return it.bundle.Certificates[0].SHA256
	})
	c.twins(func(it *item) string {
		if !it.fetch {
			return ""
		}
		return strings.ToLower(it.ref.String())
	})
}

// twins relates the subject's entries that hold the same, "" for nothing that
// could be compared. Each is told the first other one by name.
func (c *casefile) twins(what func(*item) string) {
	type same struct {
		what string
		crl  bool
	}
	first := map[same][2]string{} // the first two keys
	of := func(it *item) (same, bool) {
		w := same{what(it), strings.EqualFold(it.entry.Ext, ".crl")}
		return w, w.what != ""
	}
	for i := range c.own {
		it := &c.items[i]
		w, ok := of(it)
		if !ok {
			continue
		}
		switch key, two := it.entry.Key, first[w]; {
		case two[0] == "" || key < two[0]:
			first[w] = [2]string{key, two[0]}
		case key != two[0] && (two[1] == "" || key < two[1]):
			first[w] = [2]string{two[0], key}
		}
	}
	for i := range c.own {
		e := &c.items[i].entry
		w, ok := of(&c.items[i])
		if !ok {
			continue
		}
		twin := first[w][0]
		if twin == e.Key {
			twin = first[w][1]
		}
		if twin != "" && (e.Twin == "" || twin < e.Twin) {
			e.Twin = twin
		}
	}
}
