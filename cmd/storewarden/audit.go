package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/manifest"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/cmd/internal/report"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/review"
)

// auditFlags are what a person may set for one audit.
type auditFlags struct {
	overrides
	cluster    bool
	kubeconfig string
	policies   []string
	now        string
	output     string
	failOn     string
	baseline   string
	verbose    bool
}

func newAudit() *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use:   "audit [PATH|-]...",
		Short: "Judge files of a GitOps repository, or a live cluster, as the webhook would",
		Long: `Audit judges every SecretProviderClass, SecretSync and store Secret in files,
folders (recursively), standard input (-) or a cluster. Objects of other kinds are
skipped and counted. It changes nothing.

Exit code: 0 clean, 1 findings at or above --fail-on, 2 something could not be
read or judged, or bad usage; what could be judged is printed all the same.

Formats (-o): text for a person; json for programs; sarif for code scanning;
junit for test results (Azure Pipelines, GitLab, Jenkins); github for annotations
of a pull request; html for one page to keep or to send.

A baseline is an earlier report, as -o json or -o sarif wrote it. What it has is
known: counted apart, shown with -v, and no reason to fail. A finding is the same
wherever its object stands in the files, whatever its wording; it is not when the
certificate is another one or the severity has risen.`,
		Example: `  storewarden audit ./gitops
  storewarden audit ./gitops --vault dir:./vault-export --now 2026-11-23T00:00:00Z
  kustomize build overlays/plant-1 | storewarden audit - -o json
  storewarden audit ./gitops --policy ./policies
  storewarden audit --cluster -n azure-iot-operations --vault azure
  storewarden audit ./gitops -o sarif > storewarden.sarif
  storewarden audit ./gitops -o junit --fail-on warn > storewarden.xml
  storewarden audit ./gitops -o html --fail-on never > storewarden.html
  storewarden audit ./gitops -o json --fail-on never > baseline.json
  storewarden audit ./gitops --baseline baseline.json`,
		Args: func(_ *cobra.Command, args []string) error { return f.check(args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.cluster, "cluster", false, "judge the objects of the cluster that the kubeconfig names")
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "path of a kubeconfig, default $KUBECONFIG or ~/.kube/config")
	flags.StringSliceVarP(&f.namespaces, "namespace", "n", nil, "namespaces where connectors run, default those of the configuration")
	flags.StringVar(&f.vault, "vault", "", "where vault secrets are read: none, azure, or dir:PATH for an export (default: as configured, else none)")
	flags.StringVar(&f.config, "config", "", "configuration file (see \"storewarden config example\")")
	flags.StringSliceVar(&f.policies, "policy", nil, "folder with rules of your own, beside those of the configuration (repeatable)")
	flags.StringVar(&f.profile, "profile", "", "observe, standard or strict")
	flags.StringVar(&f.now, "now", "", "judge as of this time (RFC 3339)")
	flags.StringVarP(&f.output, "output", "o", "text", "one of "+strings.Join(report.Formats(), ", "))
	flags.StringVar(&f.failOn, "fail-on", "deny", "the mildest severity that gives exit code 1: deny, warn or never")
	flags.StringVar(&f.baseline, "baseline", "", "an earlier report (-o json or -o sarif): what it has is known and does not fail")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show what the baseline knows, and name what was skipped")
	return cmd
}

// check refuses bad usage before anything is read.
func (f *auditFlags) check(paths []string) error {
	if len(paths) == 0 && !f.cluster {
		return errors.New("audit: name a file, a folder or - for standard input, or use --cluster; see \"storewarden audit --help\"")
	}
	if !slices.Contains(report.Formats(), f.output) {
		return fmt.Errorf("audit: --output %q is none of %s", f.output, strings.Join(report.Formats(), ", "))
	}
	if !slices.Contains([]string{"deny", "warn", "never"}, f.failOn) {
		return fmt.Errorf("audit: --fail-on %q is none of deny, warn, never", f.failOn)
	}
	return nil
}

func (f *auditFlags) run(ctx context.Context, paths []string, stdin io.Reader, stdout, stderr io.Writer) error {
	now, err := clock(f.now)
	if err != nil {
		return err
	}
	c, err := f.settings()
	if err != nil {
		return err
	}
	known, err := readBaseline(f.baseline)
	if err != nil {
		return err
	}
	e, err := readEngine(c)
	if err != nil {
		return err
	}
	r, err := newAuditor(c, e)
	if err != nil {
		return err
	}
	rep, err := f.judge(ctx, r, c, paths, stdin, now, stderr)
	if err != nil {
		return err
	}
	if known != nil {
		rep.Compare(known)
	}
	opt, err := f.options(c, e, now, stdout)
	if err != nil {
		return err
	}
	if err := rep.Write(stdout, f.output, opt); err != nil {
		return err
	}
	switch {
	case rep.Incomplete():
		return exit(exitFailed)
	case rep.AtLeast(opt.FailOn):
		return exit(exitFindings)
	}
	return nil
}

// newAuditor judges with the rights of the person who audits.
func newAuditor(c config.Config, e *engine.Engine) (*review.Reviewer, error) {
	reader, err := newVault(c.Vault, vaultOptions{})
	if err != nil {
		return nil, err
	}
	return newReviewer(c, e, newMemory(reader, patient(c.Vault)), false)
}

// settings is the configuration with the flags over it.
func (f *auditFlags) settings() (config.Config, error) {
	c, err := f.overrides.settings()
	if err != nil {
		return c, err
	}
	c.Policies = append(c.Policies, f.policies...)
	return c, c.Validate(f.config)
}

func (f *auditFlags) judge(ctx context.Context, r *review.Reviewer, c config.Config, paths []string, stdin io.Reader, now time.Time, stderr io.Writer) (*report.Report, error) {
	rep := &report.Report{}
	if len(paths) > 0 {
		set, err := manifest.Load(paths, stdin, manifest.Options{DefaultNamespace: c.Namespaces[0]})
		if err != nil {
			return nil, err
		}
		judgeFiles(ctx, r, c.Inventory(), set, now, rep, newProgress(stderr, len(set.Objects)))
	}
	if f.cluster {
		if err := judgeCluster(ctx, r, c, f.kubeconfig, now, rep, stderr); err != nil {
			return nil, err
		}
	}
	rep.Sort()
	return rep, nil
}

// judgeFiles judges what files hold. What cannot be read is said, and the rest
// is judged.
func judgeFiles(ctx context.Context, r *review.Reviewer, inventory store.Inventory, set *manifest.Set, now time.Time, rep *report.Report, p *progress) {
	for _, e := range set.Errors {
		rep.Fail(report.Unreadable, report.Object{File: e.File, Line: e.Line}, e.Err)
	}
	for _, s := range set.Skipped {
		rep.Skip(report.Object{APIVersion: s.APIVersion, Kind: s.Kind, Namespace: s.Namespace, Name: s.Name, File: s.File, Line: s.Line})
	}
	for _, o := range set.Objects {
		place := func(field string) (string, int) { return o.File, o.LineOf(field) }
		judgeOne(ctx, r, inventory, review.Request{Operation: review.Audit, Subject: o.Object, Peers: set, Now: now}, place, rep)
		p.step()
	}
	p.done()
}

func judgeOne(ctx context.Context, r *review.Reviewer, inventory store.Inventory, req review.Request, place report.Place, rep *report.Report) {
	id := req.Subject.ID
	file, line := place("")
	object := report.Object{APIVersion: id.APIVersion, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name, File: file, Line: line}
	if !inventory.Guarded(req.Subject) {
		rep.Skip(object)
		return
	}
	v, err := r.Review(ctx, req)
	if err != nil {
		rep.Fail(report.NotJudged, object, err)
		return
	}
	rep.Add(v, place)
}
