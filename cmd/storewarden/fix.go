package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/manifest"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/hand"
)

type fixFlags struct {
	handFlags
	apply bool
}

func newFix() *cobra.Command {
	var f fixFlags
	cmd := &cobra.Command{
		Use:   "fix [CODE]... [PATH]...",
		Short: "Repair what has one right answer, in files or in the cluster",
		Long: `Fix judges files and folders, or without a path the cluster, and offers the change for
each finding whose remedy is mechanical, as a diff. Files keep their comments and their
order. It changes nothing before --apply, or a yes at the prompt. Repaired are
` + strings.Join(hand.Mendable(), ", ") + `; what needs a decision is left to people: see
"storewarden explain CODE".

Exit code: 0 nothing is left to repair, 1 not confirmed, or something is left that a
person must repair, 2 something failed.`,
		Example: `  storewarden fix ./gitops --vault azure
  storewarden fix SPC-22 ./gitops --vault dir:./vault-export --apply
  storewarden fix SPC-15`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args, askerOf(cmd))
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.apply, "apply", false, "do it without asking")
	return cmd
}

// code is what an argument must look like to be one, and not a path.
var codeArgument = regexp.MustCompile(`^[A-Z]+-[0-9]+$`)

func (f *fixFlags) run(ctx context.Context, args []string, con asker) error {
	var codes, paths []string
	for _, arg := range args {
		switch {
		case !codeArgument.MatchString(arg):
			paths = append(paths, arg)
		case !slices.Contains(hand.Mendable(), arg):
			return fmt.Errorf("fix: %s needs a decision that no program can make; \"storewarden explain %s\" says what to do. Repaired are %s", arg, arg, strings.Join(hand.Mendable(), ", "))
		default:
			codes = append(codes, arg)
		}
	}
	if len(paths) > 0 {
		if i := slices.IndexFunc(codes, hand.MendsVault); i >= 0 {
			return fmt.Errorf("fix: %s is repaired in the vault and in no file: leave the paths out", codes[i])
		}
		return f.files(ctx, paths, codes, con)
	}
	h, err := f.open()
	if err != nil {
		return err
	}
	for range lastLook {
		p, err := h.PlanFix(ctx, codes)
		if err != nil {
			return err
		}
		if err := carryOut(ctx, h, p, con, "text", f.apply, true); err != nil || len(p.Steps) == 0 {
			return err
		}
	}
	return nil
}

// lastLook bounds how often is looked again: a repair may bring out what it hid, such as
// the missing encoding of an entry that had no type.
const lastLook = 5

// files repairs what stands in files.
func (f *fixFlags) files(ctx context.Context, paths, codes []string, con asker) error {
	c, err := f.settings()
	if err != nil {
		return err
	}
	now, err := clock(f.now)
	if err != nil {
		return err
	}
	for round := range lastLook {
		all, left, err := repairFiles(ctx, c, paths, codes, now)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			for _, x := range left {
				fmt.Fprintf(con.out, "left as it is: %s\n", x)
			}
			switch {
			case len(left) > 0:
				return exit(exitFindings)
			case round == 0:
				fmt.Fprintln(con.out, "nothing to repair")
			}
			return nil
		}
		if err := f.change(all, con); err != nil {
			return err
		}
	}
	return nil
}

// change shows what becomes of files, and has it confirmed.
func (f *fixFlags) change(all []repaired, con asker) error {
	for _, r := range all {
		for _, x := range r.mended {
			fmt.Fprintf(con.out, "%s %s: %s\n", x.Code, oneLine(x.Field), oneLine(x.Message))
		}
		if _, err := con.out.Write(diff.Diff(r.path, r.before, r.path, r.after)); err != nil {
			return err
		}
	}
	if !f.apply && !con.yes("Change the files?") {
		fmt.Fprintln(con.out, "Nothing was changed. To do it, say --apply.")
		return exit(exitFindings)
	}
	for _, r := range all {
		if err := replaceFile(r.path, r.before, r.after); err != nil {
			return err
		}
		fmt.Fprintln(con.out, "changed "+r.path)
	}
	return nil
}

// repaired is one file.
type repaired struct {
	path          string
	before, after []byte
	mended        []verdict.Finding
}

// repairFiles tells what becomes of files, and which findings of the repaired codes it
// leaves, because they are written in a way that no line settles or the vault is not known.
func repairFiles(ctx context.Context, c config.Config, paths, codes []string, now time.Time) (all []repaired, left []string, err error) {
	if slices.Contains(paths, manifest.Stdin) {
		return nil, nil, errors.New("fix: standard input cannot be changed; name files or folders")
	}
	e, err := readEngine(c)
	if err != nil {
		return nil, nil, err
	}
	reader, err := newVault(c.Vault, vaultOptions{})
	if err != nil {
		return nil, nil, err
	}
	r, err := newReviewer(c, e, newMemory(reader, patient(c.Vault)), false)
	if err != nil {
		return nil, nil, err
	}
	set, err := manifest.Load(paths, nil, manifest.Options{DefaultNamespace: c.Namespaces[0]})
	if err != nil {
		return nil, nil, err
	}
	if len(set.Errors) > 0 {
		return nil, nil, set.Errors[0]
	}
	encoding := hand.EncodingIn(nil)
	if reader != nil {
		encoding = hand.EncodingIn(reader)
	}
	files := map[string]*repaired{}
	for _, o := range slices.Backward(set.Objects) { // a line that comes moves what is below
		if o.SPC == nil {
			continue
		}
		v, err := r.Review(ctx, review.Request{Operation: review.Audit, Subject: o.Object, Peers: set, Now: now})
		if err != nil {
			return nil, nil, err
		}
		wanted := slices.DeleteFunc(v.Findings, func(x verdict.Finding) bool { return len(codes) > 0 && !slices.Contains(codes, x.Code) })
		if files[o.File] == nil {
			raw, err := os.ReadFile(o.File)
			if err != nil {
				return nil, nil, err
			}
			files[o.File] = &repaired{path: o.File, before: raw, after: raw}
		}
		file := files[o.File]
		lines, mended := hand.MendClass(ctx, strings.Split(string(file.after), "\n"), o.SPC, wanted, func(e store.Entry) int { return o.LineOf(e.Field) - 1 }, encoding)
		for _, x := range wanted {
			mends := slices.Contains(hand.Mendable(), x.Code) && !hand.MendsVault(x.Code)
			if mends && !slices.ContainsFunc(mended, func(m verdict.Finding) bool { return m.Code == x.Code && m.Field == x.Field }) {
				left = append(left, oneLine(fmt.Sprintf("%s:%d %s %s: %s (storewarden explain %s)", o.File, o.LineOf(x.Field), x.Code, x.Field, x.Message, x.Code)))
			}
		}
		file.after, file.mended = []byte(strings.Join(lines, "\n")), append(mended, file.mended...)
	}
	var out []repaired
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if len(files[path].mended) > 0 {
			out = append(out, *files[path])
		}
	}
	return out, left, nil
}

// replaceFile puts a file in the place of one that is still as it was read, whole or not
// at all, with the same permissions.
func replaceFile(path string, before, after []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	now, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, before) {
		return fmt.Errorf("%s was changed meanwhile: run fix again", path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".fix-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // it is gone where all went well
	_, err = tmp.Write(after)
	if err = errors.Join(err, tmp.Chmod(info.Mode()&fs.ModePerm), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
