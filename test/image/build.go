package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// contents are what one platform's image is made of.
type contents struct {
	platform          v1.Platform
	version, revision string    // revision is empty where the build saw no commit
	made              time.Time // the commit's time, 1970 where there is none
	files             []file    // sorted by name
}

// build makes the contents for a platform from a checkout.
func build(ctx context.Context, root string, platform v1.Platform) (contents, error) {
	dir, err := os.MkdirTemp("", "storewarden-image-")
	if err != nil {
		return contents{}, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "storewarden")
	// No debugger runs in there, and a panic's trace needs no symbol table, hence -s -w.
	// -buildvcs=true: a checkout whose commit cannot be read is an error, not "(devel)".
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", binary, "./cmd/storewarden")
	cmd.Dir = root
	// What of a machine's environment ends up in the bits is set here: the oldest
	// processors are served, as by Go's defaults, and a developer's own settings do not count.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+platform.OS, "GOARCH="+platform.Architecture,
		"GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return contents{}, fmt.Errorf("build for %s: %w\n%s", platform, err, bytes.TrimSpace(out))
	}
	c := contents{platform: platform, made: time.Unix(0, 0).UTC()}
	if err := c.stamp(binary); err != nil {
		return contents{}, err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return contents{}, err
	}
	roots, err := roots()
	if err != nil {
		return contents{}, err
	}
	c.files = files(content, roots)
	return c, nil
}

// stamp reads what Go wrote into the binary about its source: the image says of itself
// what "storewarden version" says.
func (c *contents) stamp(binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("read the binary's build information: %w", err)
	}
	c.version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			c.revision = s.Value
		case "vcs.time":
			if c.made, err = time.Parse(time.RFC3339Nano, s.Value); err != nil {
				return fmt.Errorf("the commit's time: %w", err)
			}
		}
	}
	return nil
}
