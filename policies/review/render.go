package review

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Exception silences a finding for a stated reason until a stated day; the
// finding stays visible as info.
type Exception struct {
	Code      string    `json:"code" yaml:"code"`
	Namespace string    `json:"namespace" yaml:"namespace"` // "" is any
	Name      string    `json:"name" yaml:"name"`           // * is a wildcard, "" is any
	Entry     string    `json:"entry" yaml:"entry"`         // "" is any
	Reason    string    `json:"reason" yaml:"reason"`
	Until     time.Time `json:"until" yaml:"until"`
}

// about reports whether the exception names an object.
func (x Exception) about(namespace, name string) bool {
	nameOK, _ := path.Match(x.Name, name)
	return (x.Namespace == "" || x.Namespace == namespace) && (x.Name == "" || nameOK)
}

func (x Exception) covers(f verdict.Finding) bool {
	return x.Code == f.Code && x.about(f.Object.Namespace, f.Object.Name) && (x.Entry == "" || x.Entry == f.Entry)
}

// excepted softens a finding that an exception covers, and says of one whose
// exception has ended that it had one.
func (c *casefile) excepted(f *verdict.Finding) {
	ended := ""
	for _, x := range c.r.opt.Exceptions {
		switch {
		case !x.covers(*f):
		case c.req.Now.Before(x.Until):
			f.Severity = verdict.Info
			f.Message += " (excepted until " + day(x.Until) + ": " + printable(x.Reason) + ")"
			return
		default:
			ended = " (its exception ended on " + day(x.Until) + ": " + printable(x.Reason) + ")"
		}
	}
	f.Message += ended
}

// exceptions are those about the subject, for rules that can judge its kind. One
// for an entry of any object is about those that have the entry.
func (c *casefile) exceptions() []input.Exception {
	out := []input.Exception{}
	id := c.subject.ID
	for _, x := range c.r.opt.Exceptions {
		r, ok := c.r.opt.Engine.Rule(x.Code)
		if ok && slices.Contains(r.Subjects, id.Kind) && x.about(id.Namespace, id.Name) && (x.Entry == "" || x.Name != "" || c.hasEntry(x.Entry)) {
			out = append(out, input.Exception{Code: x.Code, Entry: x.Entry, Reason: x.Reason, Until: x.Until.Unix()})
		}
	}
	return out
}

// verdict turns results into findings: words filled in, severity of the
// profile, and what one finding implies dropped.
func (c *casefile) verdict(doc *input.Document, results []engine.Result) (verdict.Verdict, error) {
	v := verdict.Verdict{Object: c.object(), Role: string(c.role), Entries: c.own, Findings: []verdict.Finding{},
		Problems: orEmpty(c.problems), NextChange: c.nextChange(), VaultSeen: c.seen, Texts: map[string]string{}}
	for i := range c.own {
		it := &c.items[i]
		v.Texts[it.id()] += c.textOf(it)
		if p := it.entry.Vault.Problem; p != "" {
			v.Problems = append(v.Problems, verdict.Problem{Reason: p, Message: it.entry.Vault.Message, Object: v.Object, VaultRef: it.entry.Vault.Ref})
		}
	}
	if c.subject.Declared != nil {
		results = slices.DeleteFunc(results, ofSyncAlone)
	}
	findings := make([]verdict.Finding, len(results))
	for i, res := range results {
		var err error
		if findings[i], err = c.finding(doc, res); err != nil {
			return verdict.Verdict{}, err
		}
	}
	for i, f := range findings {
		if !saidBetter(results, findings, i) {
			v.Findings = append(v.Findings, f)
		}
	}
	if c.req.Operation == Audit {
		v.Ends = c.ends()
	}
	v.Sort()
	return v, nil
}

// ofSyncAlone is what a rule says of a SecretSync's own fields, which a ConnectorStore
// does not have.
func ofSyncAlone(r engine.Result) bool {
	return r.Entry == engine.None && r.Field != "spec.secretProviderClassName"
}

// saidBetter reports whether another finding on the same entry, no milder than
// this one, says it all: one cause, one finding.
func saidBetter(results []engine.Result, findings []verdict.Finding, i int) bool {
	for j, other := range results {
		if other.Entry == results[i].Entry && other.Entry != engine.None && slices.Contains(other.Rule.Implies, results[i].Rule.Code) &&
			findings[j].Severity.Rank() <= findings[i].Severity.Rank() {
			return true
		}
	}
	return false
}

// id names an item across a change of order; one without a name by its text.
func (it *item) id() string {
	if it.entry.Name != "" {
		return it.entry.Name
	}
	return "item " + it.text
}

// textOf digests an item with all that must change together with it: the
// certificate and key of one stem, and the parts of one credential.
func (c *casefile) textOf(it *item) string {
	group := pairOf(it)
	if group == "" {
		return it.text
	}
	text := ""
	for i := range c.own {
		if pairOf(&c.items[i]) == group {
			text += c.items[i].text
		}
	}
	return text
}

// pairOf names the group that an item changes with, "" if it stands alone.
func pairOf(it *item) string {
	if it.list == "" { // of a SecretProviderClass
		return ""
	}
	switch it.entry.Key {
	case "tls.crt", "tls.key":
		return "tls"
	case "username", "password":
		return "login"
	case "certificate", "privateKey", "intermediateCerts":
		return "credential"
	}
	if it.entry.Role == string(store.RoleClient) {
		return "stem " + it.entry.Stem
	}
	return ""
}

func (c *casefile) object() verdict.Object {
	id := c.subject.ID
	return verdict.Object{APIVersion: id.APIVersion, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name}
}

func (c *casefile) finding(doc *input.Document, res engine.Result) (verdict.Finding, error) {
	w, _ := res.Rule.Worded(res.Variant)
	value := c.values(doc, res)
	f := verdict.Finding{Code: res.Rule.Code, Fix: w.Fix, Object: c.object(), Field: res.Field, Basis: res.Rule.Basis,
		Docs: "storewarden explain " + res.Rule.Code}
	var missing [2]string
	f.Message, missing[0] = engine.Fill(w.Message, value)
	f.Remedy, missing[1] = engine.Fill(w.Remedy, value)
	for _, m := range missing {
		if m != "" {
			return f, fmt.Errorf("%s: its words name %s, for which there is no value", f.Code, m)
		}
	}
	role := doc.Store.Role
	if res.Entry != engine.None {
		e := doc.Entries[res.Entry]
		f.Entry, f.VaultRef, role = c.items[res.Entry].id(), e.Vault.Ref, e.Role
		if c.subject.Sync != nil && f.Basis == verdict.OnObject && (e.State == input.Undecodable || strings.HasPrefix(f.Code, "SPC-")) {
			// How the SecretProviderClass is written may be mended by the same commit,
			// and is judged at its own door.
			f.Basis = verdict.OnPeerEntry
		}
		if f.Field == "" || c.subject.Declared != nil {
			f.Field = e.Field
		}
		if b := c.items[res.Entry].bundle; b != nil && len(b.Certificates) == 1 {
			f.Fingerprint = b.Certificates[0].SHA256
		}
	}
	if c.subject.Declared != nil && f.Field == "spec.secretProviderClassName" {
		f.Field = "spec.vault.secretProviderClassName"
	}
	if x := c.certificateOf(res); x != nil {
		f.Fingerprint = x.cert.SHA256
	}
	f.Severity = c.severity(res, role)
	c.excepted(&f)
	return f, nil
}

// severity is the configuration's word, else the rule's for this result, else
// the profile's. Observe never denies unless the configuration says so.
func (c *casefile) severity(res engine.Result, role string) verdict.Severity {
	for _, key := range []string{res.Rule.Code + "/" + role, res.Rule.Code} {
		if s, ok := c.r.opt.Severities[key]; ok {
			return s
		}
	}
	if res.Severity == "" {
		return res.Rule.Severity[c.r.opt.Profile]
	}
	if c.r.opt.Profile == engine.Observe && res.Severity == verdict.Deny {
		return verdict.Warn
	}
	return res.Severity
}

func (c *casefile) certificateOf(res engine.Result) *certFact {
	n := 0
	for i := range c.certs {
		if !c.certs[i].own {
			continue
		}
		if n == res.Certificate {
			return &c.certs[i]
		}
		n++
	}
	return nil
}

func (c *casefile) crlOf(res engine.Result) *crlFact {
	n := 0
	for i := range c.crls {
		if !c.crls[i].own {
			continue
		}
		if n == res.CRL {
			return &c.crls[i]
		}
		n++
	}
	return nil
}

func (c *casefile) hasEntry(id string) bool {
	return slices.ContainsFunc(c.items[:c.own], func(it item) bool { return it.id() == id })
}

// values answers for the placeholders of a rule's words: what the rule gave
// comes first, then facts of the CRL, the certificate, the entry, the object.
func (c *casefile) values(doc *input.Document, res engine.Result) func(string) (string, bool) {
	sources := []func(string) (string, bool){
		func(name string) (string, bool) { v, ok := res.Args[name]; return v, ok },
	}
	if l := c.crlOf(res); l != nil {
		sources = append(sources, func(name string) (string, bool) { return crlValue(l, name) })
	}
	if x := c.certificateOf(res); x != nil {
		sources = append(sources, func(name string) (string, bool) { return certificateValue(x, name) })
	}
	if res.Entry != engine.None {
		e := &doc.Entries[res.Entry]
		sources = append(sources, func(name string) (string, bool) { return entryValue(e, name) })
	}
	sources = append(sources, func(name string) (string, bool) { return objectValue(doc, name) })
	return func(name string) (string, bool) {
		for _, s := range sources {
			if v, ok := s(name); ok {
				return printable(v), true
			}
		}
		return "", false
	}
}

func objectValue(doc *input.Document, name string) (string, bool) {
	switch name {
	case "kind":
		return doc.Subject.Kind, true
	case "namespace":
		return doc.Subject.Namespace, true
	case "object":
		return doc.Subject.Name, true
	case "store":
		return doc.Store.Title, true
	case "role":
		return doc.Store.Role, true
	case "spc":
		return doc.SPC.Name, true
	case "provider":
		return doc.SPC.Provider, true
	case "objects_message":
		return doc.SPC.ObjectsMessage, true
	case "vault":
		return orElse(doc.SPC.Vault.Value, "VAULT-NAME"), true
	case "store_namespace":
		return doc.Store.Namespace, true
	}
	return "", false
}

func entryValue(e *input.Entry, name string) (string, bool) {
	k := store.Key{Name: e.Key, Stem: e.Stem, Ext: e.Ext}
	switch name {
	case "entry":
		return e.Name, true
	case "key":
		return orElse(e.Key, "FILE"), true
	case "stem":
		return orElse(e.Stem, orElse(e.Vault.Secret, "FILE")), true
	case "ext":
		return e.Ext, true
	case "ref":
		return orElse(e.Vault.Ref, e.Name), true
	case "vault":
		if e.Vault.Name == "" {
			return "", false // the object may know it
		}
		return e.Vault.Name, true
	case "secret":
		return orElse(e.Vault.Secret, orElse(e.Object.Name, strings.ReplaceAll(e.Key, ".", "-"))), true
	case "source":
		return e.SourcePath, true
	case "output":
		return e.Object.Output, true
	case "suggestion":
		return e.Suggestion, true
	case "encoding":
		return orElse(e.Object.Encoding, "utf-8"), true
	case "type":
		return e.Object.Type, true
	case "alias":
		return e.Object.Alias, true
	case "version":
		return e.Object.Version, true
	case "history":
		return strconv.Itoa(e.Object.History), true
	case "upload_type":
		return k.UploadType(), true
	case "what":
		return e.Content.What, true
	case "layers":
		return e.Content.Layers, true
	case "content_type":
		return e.Vault.ContentType, true
	case "file_encoding":
		return e.Vault.FileEncoding, true
	case "problem":
		return e.Vault.Problem, true
	case "problem_message":
		return e.Vault.Message, true
	case "trouble_message":
		return e.Message, true
	}
	return "", false
}

func certificateValue(x *certFact, name string) (string, bool) {
	switch name {
	case "subject":
		return orElse(x.cert.Subject, "(no subject)"), true
	case "issuer":
		return orElse(x.cert.Issuer, "(no issuer)"), true
	case "thumbprint":
		return strings.ToUpper(x.cert.SHA1), true // as devices show it
	case "not_before":
		return day(x.cert.NotBefore), true
	case "not_after":
		return day(x.cert.NotAfter), true
	case "key_bits":
		return strconv.Itoa(x.cert.KeyBits), true
	case "key_algorithm":
		return x.cert.KeyAlgorithm, true
	case "signature_hash":
		return x.cert.SignatureHash, true
	}
	return "", false
}

func crlValue(l *crlFact, name string) (string, bool) {
	switch name {
	case "crl_issuer":
		return orElse(l.crl.Issuer, "(no issuer)"), true
	case "this_update":
		return day(l.crl.ThisUpdate), true
	case "next_update":
		return day(l.crl.NextUpdate), true
	case "ca":
		return l.fact.CA, true
	}
	return "", false
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// printable keeps a name from the outside on one line and of bounded length: a
// subject may hold control characters, and a warning with one vanishes.
func printable(s string) string {
	const longest = 200
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029' || (r >= '\u202a' && r <= '\u202e') {
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}

// unverified groups the entries whose contents were not seen.
func (c *casefile) unverified() []input.Unverified {
	groups := []input.Unverified{}
	for i := range c.own {
		e := &c.items[i].entry
		if e.State != input.Unseen || e.Vault.Problem == "" {
			continue
		}
		g := slices.IndexFunc(groups, func(u input.Unverified) bool { return u.Reason == e.Vault.Problem && u.Code == e.Vault.Code })
		if g < 0 {
			groups = append(groups, input.Unverified{Reason: e.Vault.Problem, Code: e.Vault.Code, Message: e.Vault.Message, AsClass: e.Vault.AsClass})
			g = len(groups) - 1
		}
		groups[g].Names = append(groups[g].Names, e.Name)
	}
	return groups
}
