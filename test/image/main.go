// Command image writes Storewarden's container image as an OCI image layout, for
// linux/amd64 and linux/arm64, without a container engine. The same commit and the
// same Go release give the same bits on every machine: the binary carries no paths,
// and all times are the commit's.
//
// It is a module of its own so that the product's module needs nothing of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "image: %v\n", err)
		stop()
		os.Exit(2)
	}
}

func run(ctx context.Context) error {
	root := flag.String("root", "../..", "checkout of Storewarden")
	out := flag.String("out", "", "folder to write the OCI image layout to; one that is there is replaced")
	rootfs := flag.String("rootfs", "", "write the files of the first platform's image to this new folder instead (for the Dockerfile)")
	platforms := flag.String("platforms", "linux/amd64,linux/arm64", "what to build for")
	flag.Parse()
	if (*out == "") == (*rootfs == "") || flag.NArg() > 0 {
		return errors.New("say where to write to: -out DIR or -rootfs DIR")
	}
	var all []contents
	for name := range strings.SplitSeq(*platforms, ",") {
		platform, err := v1.ParsePlatform(name)
		if err != nil {
			return fmt.Errorf("-platforms: %w", err)
		}
		fmt.Fprintf(os.Stderr, "building for %s\n", platform)
		c, err := build(ctx, *root, *platform)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	if *rootfs != "" {
		return unpack(*rootfs, all[0].files)
	}
	index, err := assemble(all)
	if err != nil {
		return err
	}
	if err := write(*out, index); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	if all[0].revision == "" {
		fmt.Fprintln(os.Stderr, "image: no commit was seen, so the version is "+all[0].version+" and all times are 1970: build in a clone (Go sees no commit in a linked worktree)")
	}
	fmt.Printf("%s %s\n", digest, all[0].version)
	return nil
}

// write replaces a layout as a whole; a folder that is something else is left alone.
func write(out string, index v1.ImageIndex) error {
	if _, err := os.Stat(out); err == nil {
		if _, err := os.Stat(filepath.Join(out, "oci-layout")); err != nil {
			return fmt.Errorf("%s is there and is no OCI image layout: remove it, or name another folder", out)
		}
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	begun, err := os.MkdirTemp(filepath.Dir(out), ".image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(begun)
	if err := os.Chmod(begun, 0o755); err != nil {
		return err
	}
	path, err := layout.Write(begun, emptyIndex())
	if err != nil {
		return fmt.Errorf("write the layout: %w", err)
	}
	if err := path.AppendIndex(index); err != nil {
		return fmt.Errorf("write the layout: %w", err)
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	return os.Rename(begun, out)
}

// unpack writes the files of an image to a new folder, with the image's modes whatever the
// umask is: the Dockerfile copies the folder as it stands.
func unpack(dir string, files []file) error {
	for _, f := range files {
		path, mode := filepath.Join(dir, filepath.FromSlash(f.name)), f.mode
		var err error
		if f.dir {
			mode, err = 0o755, os.MkdirAll(path, 0o755)
		} else if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			err = os.WriteFile(path, f.content, f.mode)
		}
		if err != nil {
			return err
		}
		if err := os.Chmod(path, mode); err != nil {
			return err
		}
	}
	return nil
}
