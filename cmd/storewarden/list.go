package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/hand"
)

type listFlags struct {
	handFlags
	role, store, expiring, output string
	problems                      bool
}

func newList() *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show every store and entry of a cluster: what it is, where it came from, what is wrong",
		Long: `List reads the stores of connectors with your own rights, and what fills them. It
needs nothing of Storewarden in the cluster. The thumbprint is the SHA-1 that devices
show.

Exit code: 0 nothing that is shown needs anybody, 1 something does, 2 it could not be
seen.`,
		Example: `  storewarden list
  storewarden list --role trust --expiring 30d
  storewarden list --problems -o json
  storewarden list --store my-trust-list -o csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.role, "role", "", "only stores of the role: trust, issuer, client, tls-trust or device-credential")
	flags.StringVar(&f.store, "store", "", "only this store: trust, issuer, client, or the name of its Secret")
	flags.StringVar(&f.expiring, "expiring", "", "only entries that end within this time, such as 30d or 12h")
	flags.BoolVar(&f.problems, "problems", false, "only entries that need somebody")
	flags.StringVarP(&f.output, "output", "o", "text", "text, wide, json, yaml or csv")
	return cmd
}

func (f *listFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	write, ok := map[string]func(io.Writer, []hand.Store, time.Time) error{"text": writeStores(false), "wide": writeStores(true),
		"json": func(w io.Writer, all []hand.Store, _ time.Time) error { return writeJSON(w, all) }, "yaml": writeYAML, "csv": writeCSV}[f.output]
	if !ok {
		return fmt.Errorf("list: -o %q is none of text, wide, json, yaml, csv", f.output)
	}
	keep, err := f.filter()
	if err != nil {
		return err
	}
	now, err := clock(f.now)
	if err != nil {
		return err
	}
	h, err := f.open()
	if err != nil {
		return err
	}
	all, err := h.Stores(ctx)
	if err != nil {
		return err
	}
	asked := slices.DeleteFunc(slices.Clone(all), func(s hand.Store) bool { return !f.asksFor(s) })
	if f.store != "" && len(asked) == 0 {
		names := make([]string, len(all))
		for i, s := range all {
			names[i] = s.Name
		}
		return fmt.Errorf("list: there is no store %q; known are %s", f.store, strings.Join(names, ", "))
	}
	unseen := notSeen(asked)
	shown := keep(asked, now)
	if err := write(stdout, shown, now); err != nil {
		return err
	}
	for _, p := range unseen {
		fmt.Fprintf(stderr, "storewarden: not seen: %s\n", p)
	}
	switch {
	case slices.ContainsFunc(shown, needsSomebody):
		return exit(exitFindings)
	case len(unseen) > 0:
		return exit(exitFailed)
	}
	return nil
}

// notSeen is what could not be seen, each once. That a secret is not there, deleted or
// disabled is known, and a finding says it.
func notSeen(all []hand.Store) []string {
	var out []string
	for _, s := range all {
		for _, p := range s.Problems {
			known := slices.Contains([]string{string(vault.NotFound), string(vault.SoftDeleted), string(vault.Disabled)}, p.Reason)
			text := oneLine(strings.TrimPrefix(p.VaultRef+": "+p.Message, ": "))
			if !known && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

// asksFor reports whether a store is one of those that were asked for.
func (f *listFlags) asksFor(s hand.Store) bool {
	short := strings.TrimPrefix(string(s.Role), "opcua-")
	return (f.role == "" || f.role == string(s.Role) || f.role == short) && (f.store == "" || f.store == s.Name || f.store == string(s.Role) || f.store == short && short != "")
}

// urgent is an entry that somebody must act on.
func urgent(e hand.Entry) bool {
	return slices.Contains([]hand.State{hand.Expired, hand.Refused, hand.Missing, hand.Differs}, e.State)
}

func needsSomebody(s hand.Store) bool {
	return slices.ContainsFunc(s.Entries, urgent) ||
		slices.ContainsFunc(s.Findings, func(x verdict.Finding) bool { return x.Severity == verdict.Deny })
}

// filter leaves the stores and entries that were asked for.
func (f *listFlags) filter() (func([]hand.Store, time.Time) []hand.Store, error) {
	role := store.Role(f.role)
	if f.role != "" && !slices.Contains(store.Roles(), role) {
		if role = store.Role("opcua-" + f.role); !slices.Contains(store.Roles(), role) {
			return nil, fmt.Errorf("list: --role %q is none of trust, issuer, client, tls-trust, device-credential", f.role)
		}
	}
	within := time.Duration(-1)
	if f.expiring != "" {
		var err error
		if within, err = spanOf(f.expiring); err != nil {
			return nil, err
		}
	}
	return func(all []hand.Store, now time.Time) []hand.Store {
		out := []hand.Store{}
		for _, s := range all {
			s.Entries = slices.DeleteFunc(s.Entries, func(e hand.Entry) bool {
				return within >= 0 && (e.Ends.IsZero() || e.Ends.After(now.Add(within))) || f.problems && e.State == hand.Good
			})
			if len(s.Entries) > 0 || within < 0 && (!f.problems || len(s.Findings) > 0) {
				out = append(out, s)
			}
		}
		return out
	}, nil
}

// spanOf reads a time in days, or as Go writes one.
func spanOf(s string) (time.Duration, error) {
	if n, ok := strings.CutSuffix(s, "d"); ok {
		if whole, err := strconv.Atoi(n); err == nil && whole >= 0 {
			return time.Duration(whole) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("list: --expiring %q is not a time such as 30d or 12h", s)
	}
	return d, nil
}

// row is an entry in words.
type row struct{ key, subject, issuer, ends, thumbprint, from, state, findings string }

func rowOf(e hand.Entry, now time.Time, whole bool) row {
	r := row{key: e.Key, from: e.Origin.Text(), state: string(e.State)}
	switch {
	case len(e.Card.Certificates) > 0:
		x := e.Card.Certificates[0]
		r.subject, r.issuer, r.thumbprint = x.Subject, x.Issuer, x.Thumbprint
		if x.SelfSigned {
			r.issuer = "itself"
		}
		if !whole && x.CommonName != "" {
			r.subject = x.CommonName
		}
		if more := len(e.Card.Certificates) - 1; more > 0 {
			r.subject += fmt.Sprintf(" and %d more", more)
		}
	case len(e.Card.CRLs) > 0:
		r.subject, r.issuer = "CRL", e.Card.CRLs[0].Issuer
	case e.Card.Kind != "":
		r.subject = string(e.Card.Kind)
	}
	if !whole {
		r.issuer = commonName(r.issuer)
	}
	if !e.Ends.IsZero() {
		r.ends = remaining(e.Ends, now)
	}
	codes := []string{}
	for _, x := range e.Findings {
		if whole || x.Severity != verdict.Info {
			codes = append(codes, x.Code)
		}
	}
	r.findings = strings.Join(codes, " ")
	return r
}

// commonName is the CN of a name where it begins with one.
func commonName(name string) string {
	if cn, ok := strings.CutPrefix(name, "CN="); ok {
		cn, _, _ = strings.Cut(cn, ",")
		return cn
	}
	return name
}

func writeStores(wide bool) func(io.Writer, []hand.Store, time.Time) error {
	return func(w io.Writer, all []hand.Store, now time.Time) error {
		if len(all) == 0 {
			_, err := fmt.Fprintln(w, "nothing is like that")
			return err
		}
		for i, s := range all {
			if i > 0 {
				fmt.Fprintln(w)
			}
			if err := writeStore(w, s, now, wide); err != nil {
				return err
			}
		}
		return nil
	}
}

func writeStore(w io.Writer, s hand.Store, now time.Time, wide bool) error {
	fmt.Fprintf(w, "%s/%s  %s, %s\n", s.Namespace, s.Name, orDash(string(s.Role)), filledBy(s))
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	if len(s.Entries) > 0 {
		fmt.Fprint(t, "  KEY\tSUBJECT\tISSUER\tEXPIRES\tTHUMBPRINT\tFROM\tSTATE\tFINDINGS")
		fmt.Fprintln(t, yesNo(wide, "\tMANAGERS\tSHA-256", ""))
	}
	for _, e := range s.Entries {
		r := rowOf(e, now, wide)
		cells := []string{"  " + r.key, r.subject, r.issuer, r.ends, r.thumbprint, r.from, r.state, r.findings}
		if wide {
			sha := ""
			if len(e.Card.Certificates) > 0 {
				sha = e.Card.Certificates[0].SHA256
			}
			cells = append(cells, strings.Join(e.Origin.Managers, ","), sha)
		}
		for i, c := range cells {
			if i > 0 {
				c = orDash(c)
			}
			cells[i] = oneLine(c)
		}
		fmt.Fprintln(t, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, x := range s.Findings {
		if wide || x.Severity != verdict.Info {
			fmt.Fprintf(w, "  %s: %s %s\n", x.Severity, x.Code, oneLine(x.Message))
		}
	}
	return nil
}

// filledBy is what makes the store.
func filledBy(s hand.Store) string {
	var parts []string
	if s.SecretSync != "" {
		parts = append(parts, "by SecretSync from "+orDash(s.Vault))
	}
	if s.ConnectorStore != "" {
		parts = append(parts, "by ConnectorStore "+s.ConnectorStore)
	}
	if len(parts) == 0 {
		parts = append(parts, yesNo(s.Exists, "by hand", "not there"))
	} else if !s.Exists {
		parts = append(parts, "no Secret yet")
	}
	if s.Projected {
		parts = append(parts, "kept by Azure")
	}
	return strings.Join(parts, ", ")
}

func writeYAML(w io.Writer, all []hand.Store, _ time.Time) error {
	raw, err := yaml.Marshal(all)
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}

func writeCSV(w io.Writer, all []hand.Store, now time.Time) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"namespace", "store", "role", "key", "subject", "issuer", "expires", "thumbprint", "from", "state", "findings"})
	for _, s := range all {
		for _, e := range s.Entries {
			r := rowOf(e, now, true)
			ends := ""
			if !e.Ends.IsZero() {
				ends = e.Ends.UTC().Format(time.RFC3339)
			}
			_ = out.Write(safeCells(s.Namespace, s.Name, string(s.Role), r.key, r.subject, r.issuer, ends, r.thumbprint, r.from, r.state, r.findings))
		}
	}
	out.Flush()
	return out.Error()
}

// safeCells keeps a spreadsheet from taking a certificate's name for a formula.
func safeCells(all ...string) []string {
	for i, s := range all {
		if s = oneLine(s); s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
			s = "'" + s
		}
		all[i] = s
	}
	return all
}
