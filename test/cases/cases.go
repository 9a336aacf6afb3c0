// Package cases holds what Storewarden must say, case by case: each *.txtar is a
// small world (objects, vault secrets, settings, a moment) with the findings
// that it must give and no others. Audit, webhook and demo play the same cases,
// so that one judge cannot come to differ behind two doors. Contents are named
// in words and made by certtest; nothing here is a secret.
package cases

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"

	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/certtest"
)

//go:embed *.txtar
var files embed.FS

// The sections of a case file. Those under fixed/ replace the ones without it,
// in a second case where the remedy was followed and nothing is left to say.
const (
	sectionCase     = "case.yaml"
	sectionObjects  = "objects.yaml"
	sectionOld      = "old.yaml"
	sectionVault    = "vault.yaml"
	sectionFindings = "findings.txt"
	sectionEffects  = "effects.txt"
	fixedPrefix     = "fixed/"
)

// Case is one small world and what must be said of it.
type Case struct {
	Name  string // of the file, with +fixed where the remedy was followed
	Shows string // in words
	Settings
	// Objects and Old are manifests; Old holds what stood before an update.
	Objects, Old []byte
	Vaults       Vaults
	// Findings are lines of severity, code, kind/name and field.
	Findings []string
	// Effects are what the webhook does with them, a line for each object and
	// actor that is told something.
	Effects []string
}

// Settings are what differs from the defaults.
type Settings struct {
	Now        time.Time                   `yaml:"now"`
	Profile    engine.Profile              `yaml:"profile"`
	Severities map[string]verdict.Severity `yaml:"severities"`
	Exceptions []review.Exception          `yaml:"exceptions"`
	// The connector's own settings.
	RejectUnknownRevocationStatus bool   `yaml:"rejectUnknownRevocationStatus"`
	KeepsCertificateChain         bool   `yaml:"keepsCertificateChain"` // not sendCertificateChain
	SubjectName                   string `yaml:"subjectName"`
	ApplicationURI                string `yaml:"applicationUri"`
	// External replaces references.external.
	External []string `yaml:"external"`
	// VaultNone is whether no vault is asked.
	VaultNone bool `yaml:"vaultNone"`
	// Faults says, by vault, why it shows nothing: a name of the table in faults.go.
	Faults map[string]string `yaml:"faults"`
	// AsClass is whether vaults are read as each class's own identity.
	AsClass bool `yaml:"asClass"`
	// Delete names the object, as kind/name, that is deleted.
	Delete string `yaml:"delete"`
	// CRD names the objects, as kind/name, that the API server refuses by itself.
	CRD []string `yaml:"crdRefuses"`
}

// All returns every case, by name.
func All() ([]*Case, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	var all []*Case
	for _, e := range entries {
		raw, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Name(), err)
		}
		cs, err := parse(strings.TrimSuffix(e.Name(), ".txtar"), raw)
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", e.Name(), err)
		}
		all = append(all, cs...)
	}
	return all, nil
}

// Get returns one case by name.
func Get(name string) (*Case, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(c *Case) bool { return c.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no case %s", name)
	}
	return all[i], nil
}

func parse(name string, raw []byte) ([]*Case, error) {
	ar := txtar.Parse(raw)
	base, fixed := map[string][]byte{}, map[string][]byte{}
	for _, f := range ar.Files {
		into, section := base, f.Name
		if s, ok := strings.CutPrefix(f.Name, fixedPrefix); ok {
			into, section = fixed, s
		}
		known := []string{sectionCase, sectionObjects, sectionOld, sectionVault, sectionFindings, sectionEffects}
		if !slices.Contains(known, section) {
			return nil, fmt.Errorf("section %s is not known", f.Name)
		}
		if _, twice := into[section]; twice {
			return nil, fmt.Errorf("section %s stands twice", f.Name)
		}
		into[section] = f.Data
	}
	shows := strings.TrimSpace(string(ar.Comment))
	c, err := build(name, shows, base)
	if err != nil {
		return nil, err
	}
	if len(fixed) == 0 {
		return []*Case{c}, nil
	}
	for _, section := range []string{sectionCase, sectionObjects, sectionOld, sectionVault} {
		if _, ok := fixed[section]; !ok && base[section] != nil {
			fixed[section] = base[section]
		}
	}
	f, err := build(name+"+fixed", shows+" Its remedy was followed.", fixed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", fixedPrefix, err)
	}
	return []*Case{c, f}, nil
}

func build(name, shows string, sections map[string][]byte) (*Case, error) {
	c := &Case{Name: name, Shows: shows, Findings: lines(sections[sectionFindings]), Effects: lines(sections[sectionEffects])}
	if shows == "" {
		return nil, fmt.Errorf("it does not say what it shows")
	}
	if err := decode(sections[sectionCase], &c.Settings); err != nil {
		return nil, fmt.Errorf("%s: %w", sectionCase, err)
	}
	if c.Now.IsZero() {
		c.Now = certtest.Epoch()
	}
	if err := decode(sections[sectionVault], &c.Vaults); err != nil {
		return nil, fmt.Errorf("%s: %w", sectionVault, err)
	}
	if err := c.Vaults.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", sectionVault, err)
	}
	for name, f := range c.Faults {
		if _, known := faults[f]; !known {
			return nil, fmt.Errorf("%s: the fault %q of vault %s is not known", sectionCase, f, name)
		}
	}
	var err error
	if c.Objects, err = fill(sections[sectionObjects]); err != nil {
		return nil, fmt.Errorf("%s: %w", sectionObjects, err)
	}
	if c.Old, err = fill(sections[sectionOld]); err != nil {
		return nil, fmt.Errorf("%s: %w", sectionOld, err)
	}
	if len(bytes.TrimSpace(c.Objects)) == 0 {
		return nil, fmt.Errorf("it has no objects")
	}
	return c, nil
}

func decode(raw []byte, into any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	return dec.Decode(into)
}

func lines(raw []byte) []string {
	out := []string{}
	for l := range strings.Lines(string(raw)) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// Line writes a finding as findings.txt has it.
func Line(f verdict.Finding) string {
	return strings.Join([]string{string(f.Severity), f.Code, f.Object.Kind + "/" + f.Object.Name, f.Field}, " ")
}

// Rewrite puts what was found into the case's file in the folder, for tests that
// are run with -update.
func (c *Case) Rewrite(folder string, findings, effects []string) error {
	name, fixed := strings.CutSuffix(c.Name, "+fixed")
	file := path.Join(folder, name+".txtar")
	ar, err := txtar.ParseFile(file)
	if err != nil {
		return fmt.Errorf("rewrite case: %w", err)
	}
	prefix := ""
	if fixed {
		prefix = fixedPrefix
	}
	for section, text := range map[string][]string{sectionFindings: findings, sectionEffects: effects} {
		if text != nil {
			put(ar, prefix+section, text)
		}
	}
	return writeFile(file, txtar.Format(ar))
}

// put keeps the place of a section; a new one goes behind the others of its
// kind, and an empty one goes away.
func put(ar *txtar.Archive, section string, text []string) {
	data := []byte(strings.Join(text, "\n") + "\n")
	i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == section })
	switch {
	case len(text) == 0 && i >= 0:
		ar.Files = slices.Delete(ar.Files, i, i+1)
	case len(text) == 0:
	case i >= 0:
		ar.Files[i].Data = data
	default:
		at := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, fixedPrefix) })
		if at < 0 || strings.HasPrefix(section, fixedPrefix) {
			at = len(ar.Files)
		}
		if section == sectionFindings && at > 0 && strings.HasSuffix(ar.Files[at-1].Name, sectionEffects) {
			at--
		}
		ar.Files = slices.Insert(ar.Files, at, txtar.File{Name: section, Data: data})
	}
}
