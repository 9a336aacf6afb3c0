package review

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/input"
)

// typeOPCUA is of the endpoints that the connector for OPC UA serves: their
// servers are trusted by the reserved stores.
const typeOPCUA = "Microsoft.OpcUa"

// The states of a reference.
const (
	refMalformed = "malformed"
	refAbsent    = "absent"
	refUnseen    = "unseen"
	refFound     = "found"
)

// ofConsumer takes the endpoints of a Device, and follows what it or a
// ConnectorTemplate names.
func (c *casefile) ofConsumer(ctx context.Context) {
	s := c.subject.Consumer
	syncs, err := c.req.Peers.List(ctx, store.KindSecretSync, c.subject.ID.Namespace)
	c.syncs = err != nil || len(syncs) > 0
	for _, e := range s.Endpoints {
		c.endpoints = append(c.endpoints, input.Endpoint{Name: e.Name, Field: e.Field, Type: e.Type, Host: e.Host(), Method: e.Method,
			AutoAccept: e.AutoAccept, Unreadable: e.Unreadable, SecurityPolicy: e.SecurityPolicy, ServerKeys: []string{}, NearNames: []string{}})
	}
	for _, r := range s.References {
		fact := input.Reference{Field: r.Field, Endpoint: r.Endpoint, Use: string(r.Use), Text: r.Text, Secret: r.Secret, Key: r.Key,
			State: refMalformed, Keys: []string{}, Others: c.otherUses(ctx, r),
			Paired: slices.ContainsFunc(s.References, func(o store.Reference) bool {
				return o.Endpoint == r.Endpoint && o.Use == store.UseKey
			})}
		if r.WellFormed() {
			c.follow(ctx, &fact)
		} else if r.Use != store.UseTrustList && !namesOnly(r.Text) {
			fact.Text, fact.Secret, fact.Key = "what is written there", "", ""
		}
		c.references = append(c.references, fact)
	}
}

// namesOnly reports whether a text could be names of a Secret and a key. Another may be
// the password itself, written where its name belongs, and is not repeated.
func namesOnly(text string) bool {
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789.-_/") == "" // of lower case, as names of Secrets are
}

// follow looks for the Secret of a reference: as it stands, or as a SecretSync
// will make it.
func (c *casefile) follow(ctx context.Context, r *input.Reference) {
	ns := c.subject.ID.Namespace
	sync, syncErr := c.req.Peers.Get(ctx, store.KindSecretSync, ns, r.Secret)
	secret, err := c.req.Peers.Get(ctx, store.KindSecret, ns, r.Secret)
	r.Synced = syncErr == nil && sync.Sync != nil
	if r.Synced {
		for _, m := range sync.Sync.Mappings {
			r.Keys = append(r.Keys, m.TargetKey)
		}
	}
	if err == nil && secret.Secret != nil {
		r.Keys = append(r.Keys, secret.Secret.Keys...)
	}
	slices.Sort(r.Keys)
	r.Keys = slices.Compact(r.Keys)
	r.KeyFound = slices.Contains(r.Keys, r.Key)
	switch {
	case r.Synced || err == nil:
		r.State = refFound
	case errors.Is(err, store.ErrNotFound) && errors.Is(syncErr, store.ErrNotFound):
		r.State = refAbsent
	default:
		r.State = refUnseen
		c.peerProblem("Secret "+r.Secret, err)
	}
}

// addUsed takes in what a consumer's judgement needs of the stores: the trust
// list of its OPC UA servers, and certificates that may hold their own key.
func (c *casefile) addUsed(ctx context.Context) {
	if slices.ContainsFunc(c.endpoints, func(e input.Endpoint) bool { return e.Type == typeOPCUA && e.Host != "" }) {
		list := c.r.opt.Inventory.NameOf(c.subject.ID.Namespace, store.RoleTrust)
		items, _ := c.storeItems(ctx, list, store.RoleTrust) // what is unseen names no host
		c.items = append(c.items, items...)
	}
	for _, r := range c.references {
		if r.Use != string(store.UseCertificate) || r.Paired || !r.KeyFound {
			continue
		}
		items, _ := c.storeItems(ctx, r.Secret, store.RoleUnknown) // follow told what is unseen
		for _, it := range items {
			if it.entry.Key == r.Key {
				c.items = append(c.items, it)
			}
		}
	}
}

// concludeConsumer fills in what was learnt from the stores.
func (c *casefile) concludeConsumer() {
	for i := range c.references {
		r := &c.references[i]
		for j := range c.items {
			if it := &c.items[j]; it.list == r.Secret && it.entry.Key == r.Key && it.bundle != nil {
				r.HoldsKey = r.HoldsKey || it.bundle.Kind == certs.KindPKCS12 ||
					slices.ContainsFunc(it.bundle.Keys, func(k certs.Key) bool { return k.Private })
			}
		}
	}
	for i := range c.endpoints {
		if e := &c.endpoints[i]; e.Type == typeOPCUA && e.Host != "" {
			c.findServer(e)
		}
	}
}

// findServer looks for the endpoint's server in the trust list: by the host that
// the address names, else by another name of the same machine.
func (c *casefile) findServer(e *input.Endpoint) {
	for _, x := range c.certs {
		if x.item.entry.Role == string(store.RoleTrust) && namesHost(x.cert, e.Host) {
			e.Named = true
			e.ServerKeys = append(e.ServerKeys, x.cert.KeyAlgorithm)
		}
	}
	if e.Named {
		return
	}
	for _, x := range c.certs {
		if x.item.entry.Role != string(store.RoleTrust) || store.IsAddress(e.Host) || !meansMachine(x.cert, e.Host) {
			continue
		}
		e.Near, e.NearKey = orElse(x.cert.Subject, "(no subject)"), x.item.entry.Key
		e.NearNames = slices.Concat(x.cert.DNSNames, x.cert.IPAddresses, []string{})
		return
	}
}

func namesHost(x *certs.Certificate, host string) bool {
	same := func(name string) bool { return strings.EqualFold(name, host) }
	return slices.ContainsFunc(x.DNSNames, same) || slices.ContainsFunc(x.IPAddresses, same)
}

// meansMachine reports whether a server's certificate has a name of the same
// machine: another domain behind the first label, or urn:MACHINE: as its
// application URI.
func meansMachine(x *certs.Certificate, host string) bool {
	machine, _, _ := strings.Cut(host, ".")
	first := func(name string) bool {
		label, _, _ := strings.Cut(name, ".")
		return strings.EqualFold(label, machine)
	}
	return len(x.URIs) > 0 && (slices.ContainsFunc(x.DNSNames, first) || slices.ContainsFunc(x.URIs, func(uri string) bool {
		parts := strings.Split(uri, ":")
		return len(parts) > 2 && strings.EqualFold(parts[0], "urn") && first(parts[1])
	}))
}

// consumers are the Devices and ConnectorTemplates of the subject's namespace.
func (c *casefile) consumers(ctx context.Context) []*store.Object {
	if c.listed {
		return c.using
	}
	c.listed = true
	for _, kind := range []string{store.KindDevice, store.KindConnectorTemplate} {
		found, err := c.req.Peers.List(ctx, kind, c.subject.ID.Namespace)
		if err != nil {
			c.peerProblem(kind+"s of namespace "+c.subject.ID.Namespace, err)
		}
		for _, o := range found {
			if o.Consumer != nil && !o.Deleting {
				c.using = append(c.using, o)
			}
		}
	}
	slices.SortFunc(c.using, func(a, b *store.Object) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	return c.using
}

// otherUses names what uses the trust list of a reference for endpoints of other
// types.
func (c *casefile) otherUses(ctx context.Context, r store.Reference) []string {
	others := []string{}
	types := c.subject.Consumer.TypesOf(r)
	if r.Use != store.UseTrustList || len(types) == 0 {
		return others
	}
	for _, o := range c.consumers(ctx) {
		if o.ID == c.subject.ID {
			continue // as it was
		}
		for _, s := range o.Consumer.References {
			theirs := o.Consumer.TypesOf(s)
			if s.Use != store.UseTrustList || s.Secret != r.Secret || len(theirs) == 0 ||
				slices.ContainsFunc(theirs, func(t string) bool { return slices.Contains(types, t) }) {
				continue
			}
			others = append(others, o.ID.Kind+" "+o.ID.Name+" ("+strings.Join(theirs, ", ")+")")
		}
	}
	slices.Sort(others)
	return slices.Compact(others)
}

// referrersOf are the references to a Secret, or to what a SecretSync will make.
func (c *casefile) referrersOf(ctx context.Context, o *store.Object) []input.Referrer {
	var out []input.Referrer
	for _, user := range c.consumers(ctx) {
		for _, r := range user.Consumer.References {
			if r.Secret == o.ID.Name && r.WellFormed() {
				out = append(out, input.Referrer{Kind: user.ID.Kind, Name: user.ID.Name, Field: r.Field, Endpoint: r.Endpoint,
					Use: string(r.Use), Key: r.Key, Has: has(o, r.Key), Had: has(c.req.Old, r.Key)})
			}
		}
	}
	return out
}

func has(o *store.Object, key string) bool {
	switch {
	case o == nil:
		return false
	case o.Secret != nil:
		return slices.Contains(o.Secret.Keys, key)
	case o.Sync != nil:
		return slices.ContainsFunc(o.Sync.Mappings, func(m store.Mapping) bool { return m.TargetKey == key })
	}
	return false
}

// roleOf is the role of a store: what the inventory knows, else what those who
// use it take it for.
func (c *casefile) roleOf(ctx context.Context, o *store.Object) store.Role {
	if o.Declared != nil {
		return o.Declared.Role
	}
	role := c.r.opt.Inventory.RoleOf(o)
	if role != store.RoleUnknown || (o.Sync == nil && o.Secret == nil) {
		return role
	}
	if o == c.subject && c.filled != nil { // it may be known by its label
		if role = c.r.opt.Inventory.RoleOf(c.filled); role != store.RoleUnknown {
			return role
		}
	}
	for _, user := range c.consumers(ctx) {
		for _, r := range user.Consumer.References {
			switch {
			case r.Secret != o.ID.Name || !r.WellFormed():
			case r.Use == store.UseTrustList && !slices.Contains(user.Consumer.TypesOf(r), typeOPCUA):
				return store.RoleTLSTrust
			case r.Use != store.UseTrustList && r.Use != store.UseSecret:
				role = store.RoleDeviceCredential
			}
		}
	}
	return role
}

func (c *casefile) issuance() input.Issuance {
	i := c.subject.Issuance
	if i == nil {
		return input.Issuance{URIs: []string{}, Usages: []string{}}
	}
	return input.Issuance{Secret: i.SecretName, Own: c.r.opt.Inventory.Guarded(c.subject), CommonName: i.CommonName, URIs: orEmpty(i.URIs), CA: i.CA, Usages: orEmpty(i.Usages),
		KeyAlgorithm: i.KeyAlgorithm, KeyBits: i.KeySize}
}
