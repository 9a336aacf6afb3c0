package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/manifest"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/dir"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Engines compiles the rules once for each setting that rules read.
type Engines struct {
	mu   sync.Mutex
	made map[string]*engine.Engine
}

// Get returns the engine for a case's settings.
func (e *Engines) Get(c *Case) (*engine.Engine, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := fmt.Sprint(c.Rules())
	if made, ok := e.made[key]; ok {
		return made, nil
	}
	made, err := engine.New(engine.Options{Config: c.Rules()}, policies.Files)
	if err != nil {
		return nil, err
	}
	if e.made == nil {
		e.made = map[string]*engine.Engine{}
	}
	e.made[key] = made
	return made, nil
}

// Rules are the settings that the rules may read.
func (c *Case) Rules() input.Config {
	cfg := input.DefaultConfig()
	cfg.RejectUnknownRevocationStatus = c.RejectUnknownRevocationStatus
	cfg.SendCertificateChain = !c.KeepsCertificateChain
	cfg.SubjectName, cfg.ApplicationURI = c.SubjectName, c.ApplicationURI
	if c.External != nil {
		cfg.External = c.External
	}
	return cfg
}

// Inventory is that of an ordinary instance.
func Inventory() store.Inventory {
	return store.Inventory{Namespaces: []string{"azure-iot-operations"}}
}

// Reviewer judges as the case's settings say; reader is what it finds vault
// secrets with, unless the case asks no vault.
func (c *Case) Reviewer(engines *Engines, reader vault.Reader) (*review.Reviewer, error) {
	e, err := engines.Get(c)
	if err != nil {
		return nil, err
	}
	opt := review.Options{Engine: e, Inventory: Inventory(), Profile: c.Profile, Severities: c.Severities, Exceptions: c.Exceptions, Identify: c.Identify(),
		ExpiryWarning: time.Duration(c.Rules().ExpiryWarningDays) * 24 * time.Hour}
	if !c.VaultNone {
		opt.Vault = warm.New(reader, warm.Options{Now: func() time.Time { return c.Now }})
	}
	return review.New(opt)
}

// Reader reads the case's secrets from files written by Write. What an export
// cannot show, a secret that was deleted or a vault that refuses, it adds.
func (c *Case) Reader(folder string) (vault.Reader, error) {
	r, err := dir.New(folder + "/vault")
	return exported{c, r}, err
}

type exported struct {
	c *Case
	*dir.Reader
}

func (x exported) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	if f, ok := x.c.fault(ref.Vault); ok && f.refuses(ref.As) {
		return vault.Secret{}, &vault.Error{Ref: ref, Reason: f.reason, Code: f.code, Message: "the case says so"}
	}
	if x.c.Vaults[ref.Vault][ref.Name].Deleted {
		return vault.Secret{}, &vault.Error{Ref: ref, Reason: vault.SoftDeleted, Message: "the secret is deleted, and can be recovered"}
	}
	return x.Reader.Get(ctx, ref)
}

// Manifests reads objects, or Old, as an audit reads a folder's files.
func Manifests(raw []byte) (*manifest.Set, error) {
	set, err := manifest.Load([]string{manifest.Stdin}, strings.NewReader(string(raw)), manifest.Options{})
	switch {
	case err != nil:
		return nil, err
	case len(set.Errors) > 0:
		return nil, set.Errors[0]
	case len(set.Skipped) > 0:
		return nil, fmt.Errorf("an object of kind %q is not judged", set.Skipped[0].Kind)
	}
	return set, nil
}

// Requests are what is to be judged, in the order of the objects: each one as it
// stands, but for what the case updates or deletes.
func (c *Case) Requests() ([]review.Request, error) {
	set, err := Manifests(c.Objects)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sectionObjects, err)
	}
	old, err := Manifests(c.Old)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sectionOld, err)
	}
	var reqs []review.Request
	for _, o := range set.Objects {
		r := review.Request{Operation: review.Audit, Subject: o.Object, Peers: set, Now: c.Now}
		i := slices.IndexFunc(old.Objects, func(was manifest.Object) bool { return was.ID == o.ID })
		switch {
		case Name(o.Object) == c.Delete:
			r.Operation = review.Delete
		case i >= 0:
			r.Operation, r.Old = review.Update, old.Objects[i].Object
		}
		reqs = append(reqs, r)
	}
	return reqs, nil
}

// Name is kind/name, as findings have it.
func Name(o *store.Object) string { return o.ID.Kind + "/" + o.ID.Name }

// Lines are a verdict's findings as findings.txt has them.
func Lines(verdicts ...verdict.Verdict) []string {
	out := []string{}
	for _, v := range verdicts {
		for _, f := range v.Findings {
			out = append(out, Line(f))
		}
	}
	slices.Sort(out)
	return out
}
