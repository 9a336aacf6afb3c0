package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var errNoIndex = errors.New("the layout does not hold one index")

// here is the platform that this machine can run.
func here() v1.Platform { return v1.Platform{OS: "linux", Architecture: runtime.GOARCH} }

// commitTime is when the commit of checkout was made.
const commitTime = "2026-06-01T12:00:00Z"

// checkout copies what is under version control, as it is now, to a repository of its own
// with one commit, always the same.
func checkout(t *testing.T) string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = "../.."
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name := range strings.SplitSeq(strings.Trim(string(names), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join("../..", name))
		if errors.Is(err, os.ErrNotExist) { // deleted, and not committed yet
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-q", "-m", "all"}} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
			"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_AUTHOR_DATE="+commitTime, "GIT_COMMITTER_DATE="+commitTime)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}

func made(t *testing.T, root string) (contents, v1.ImageIndex) {
	t.Helper()
	c, err := build(t.Context(), root, here())
	if err != nil {
		t.Fatal(err)
	}
	index, err := assemble([]contents{c})
	if err != nil {
		t.Fatal(err)
	}
	return c, index
}

func digest(t *testing.T, index v1.ImageIndex) v1.Hash {
	t.Helper()
	d, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Two checkouts in two places give the same bits, and what is written is a layout as the
// specification has it, that can be replaced by itself and replaces nothing else.
func TestImage(t *testing.T) {
	c, index := made(t, checkout(t))
	_, again := made(t, checkout(t))
	if one, other := digest(t, index), digest(t, again); one != other {
		t.Errorf("built twice: %s and %s", one, other)
	}
	out := filepath.Join(t.TempDir(), "image")
	for range 2 {
		if err := write(out, index); err != nil {
			t.Fatal(err)
		}
	}
	img, err := read(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("config", func(t *testing.T) { checkConfig(t, img) })
	dir := t.TempDir()
	t.Run("files", func(t *testing.T) { checkFiles(t, img, dir) })
	t.Run("runs", func(t *testing.T) { checkRuns(t, filepath.Join(dir, binaryPath), c.version) })
	t.Run("rootfs", func(t *testing.T) {
		defer syscall.Umask(syscall.Umask(0o077)) // as on machines that keep everything private
		dir := t.TempDir()
		if err := unpack(dir, c.files); err != nil {
			t.Fatal(err)
		}
		for _, f := range c.files {
			want := f.mode
			if f.dir {
				want = fs.ModeDir | 0o755
			}
			info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f.name)))
			if err != nil || info.Mode() != want {
				t.Errorf("the Dockerfile's %s: %v, %v, want %v", f.name, info, err, want)
			}
		}
	})
}

// A folder that is no layout is left alone.
func TestWriteReplacesLayoutsOnly(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(dir, emptyIndex()); err == nil {
		t.Error("it was replaced")
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

// Each platform has its image in the one index.
func TestIndexNamesPlatforms(t *testing.T) {
	var all []contents
	for _, arch := range []string{"amd64", "arm64"} {
		all = append(all, contents{platform: v1.Platform{OS: "linux", Architecture: arch}, version: "v1.2.3", files: files([]byte(arch), nil)})
	}
	index, err := assemble(all)
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range m.Manifests {
		got = append(got, d.Platform.String())
		img, err := index.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if config, err := img.ConfigFile(); err != nil || config.Architecture != d.Platform.Architecture {
			t.Errorf("%s: %v, %v", d.Platform, config, err)
		}
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, got); diff != "" {
		t.Error(diff)
	}
}

// read takes the one image out of the layout as a registry's client would.
func read(dir string) (v1.Image, error) {
	path, err := layout.FromPath(dir)
	if err != nil {
		return nil, err
	}
	top, err := path.ImageIndex()
	if err != nil {
		return nil, err
	}
	if err := validate.Index(top); err != nil {
		return nil, err
	}
	m, err := top.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(m.Manifests) != 1 {
		return nil, fmt.Errorf("%w: %d entries", errNoIndex, len(m.Manifests))
	}
	index, err := top.ImageIndex(m.Manifests[0].Digest)
	if err != nil {
		return nil, err
	}
	if m, err = index.IndexManifest(); err != nil {
		return nil, err
	}
	return index.Image(m.Manifests[0].Digest)
}

func checkConfig(t *testing.T, img v1.Image) {
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" || !slices.Equal(config.Config.Entrypoint, []string{"/usr/bin/storewarden"}) || len(config.Config.Cmd)+len(config.Config.Env) > 0 {
		t.Errorf("config: %+v", config.Config)
	}
	for _, label := range []string{"title", "description", "source", "licenses", "version", "created", "revision"} {
		if config.Config.Labels["org.opencontainers.image."+label] == "" {
			t.Errorf("label %s is empty: %v", label, config.Config.Labels)
		}
	}
	if got := config.Created.Format(time.RFC3339); got != commitTime {
		t.Errorf("made at %s, not at the commit's time", got)
	}
	if got := config.Config.Labels["org.opencontainers.image.version"]; !strings.HasPrefix(got, "v0.0.0-20260601120000-") || strings.HasSuffix(got, "+dirty") {
		t.Errorf("version %s is not the commit's", got)
	}
}

// checkFiles compares what is in the image with what may be, and unpacks it.
func checkFiles(t *testing.T, img v1.Image, to string) {
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var got []string
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d:%d /%s", h.FileInfo().Mode(), h.Uid, h.Gid, h.Name))
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := unpack(to, []file{{name: h.Name, dir: h.Typeflag == tar.TypeDir, mode: h.FileInfo().Mode().Perm(), content: content}}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"drwxr-xr-x 0:0 /etc/", "drwxr-xr-x 0:0 /etc/ssl/", "drwxr-xr-x 0:0 /etc/ssl/certs/", "-r--r--r-- 0:0 /etc/ssl/certs/ca-certificates.crt",
		"drwxr-xr-x 0:0 /usr/", "drwxr-xr-x 0:0 /usr/bin/", "-r-xr-xr-x 0:0 /usr/bin/storewarden",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// checkRuns runs the binary that was in the image, without any of this machine's
// environment and in a folder where there is nothing.
func checkRuns(t *testing.T, binary, version string) {
	run := func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cmd := exec.CommandContext(ctx, binary, args...)
		cmd.Dir, cmd.Env = t.TempDir(), []string{}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if got, want := run("version"), fmt.Sprintf("storewarden %s %s linux/%s\n", version, runtime.Version(), runtime.GOARCH); got != want {
		t.Errorf("version: %q, want %q", got, want)
	}
	pem, err := roots()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "root.pem")
	first, _, _ := bytes.Cut(pem, []byte("-----END CERTIFICATE-----\n"))
	if err := os.WriteFile(path, append(first, "-----END CERTIFICATE-----\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run("inspect", "-o", "json", "--now", "2026-06-01T12:00:00Z", path); !strings.Contains(got, `"kind": "certificate"`) {
		t.Errorf("inspect: %s", got)
	}
}

// The roots are those that Azure's services chain to, and the file is one that Go reads.
func TestRoots(t *testing.T) {
	content, err := roots()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		t.Fatal("there is no certificate in it")
	}
	if n := bytes.Count(content, []byte("BEGIN CERTIFICATE")); n < 100 {
		t.Errorf("only %d roots", n)
	}
	for _, name := range []string{"CN=DigiCert Global Root G2,", "CN=Microsoft RSA Root Certificate Authority 2017,", "CN=Microsoft ECC Root Certificate Authority 2017,"} {
		if !bytes.Contains(content, []byte("# "+name)) {
			t.Errorf("%s is not among the roots", name)
		}
	}
}
