package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// file is one file or folder of the image, owned by root and writable by nobody who runs
// in it.
type file struct {
	name    string // without a leading slash
	dir     bool
	mode    fs.FileMode
	content []byte
}

const (
	binaryPath = "usr/bin/storewarden"
	// rootsPath is the first place where Go looks on Linux.
	rootsPath = "etc/ssl/certs/ca-certificates.crt"
	// user is that of distroless' nonroot. It is a number and so needs no /etc/passwd, and
	// the kubelet can see that it is not root.
	user = "65532:65532"
)

// files are all that is in the image. There is no shell, no passwd, no zone data and no
// place to write to: none is needed, and what is not there is not attacked.
func files(binary, roots []byte) []file {
	folder := func(name string) file { return file{name: name, dir: true, mode: 0o755} }
	return []file{
		folder("etc"), folder("etc/ssl"), folder("etc/ssl/certs"),
		{name: rootsPath, mode: 0o444, content: roots},
		folder("usr"), folder("usr/bin"),
		{name: binaryPath, mode: 0o555, content: binary},
	}
}

// assemble makes one index of the platforms' images.
func assemble(all []contents) (v1.ImageIndex, error) {
	index := emptyIndex()
	for _, c := range all {
		img, err := c.image()
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &c.platform}})
	}
	return mutate.Annotations(index, all[0].labels()).(v1.ImageIndex), nil
}

func emptyIndex() v1.ImageIndex { return mutate.IndexMediaType(empty.Index, types.OCIImageIndex) }

// image is one layer with the files.
func (c contents) image() (v1.Image, error) {
	content, err := archive(c.files, c.made)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
	if err != nil {
		return nil, fmt.Errorf("layer for %s: %w", c.platform, err)
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if img, err = mutate.Append(img, mutate.Addendum{Layer: layer,
		History: v1.History{Created: v1.Time{Time: c.made}, CreatedBy: "make image"}}); err != nil {
		return nil, fmt.Errorf("image for %s: %w", c.platform, err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = c.platform.OS, c.platform.Architecture, c.platform.Variant
	config.Created = v1.Time{Time: c.made}
	config.Config = v1.Config{User: user, Entrypoint: []string{"/" + binaryPath}, WorkingDir: "/", Labels: c.labels()}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return nil, fmt.Errorf("image for %s: %w", c.platform, err)
	}
	return img, nil
}

// labels say what the image is and what it was made from.
func (c contents) labels() map[string]string {
	l := map[string]string{
		"org.opencontainers.image.title":       "Storewarden",
		"org.opencontainers.image.description": "Guards the certificate stores that Azure IoT Operations connectors trust",
		"org.opencontainers.image.source":      "https://github.com/storewarden/storewarden",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     c.version,
		"org.opencontainers.image.created":     c.made.Format(time.RFC3339),
	}
	if c.revision != "" {
		l["org.opencontainers.image.revision"] = c.revision
	}
	return l
}

// archive is the files as a tar of one time and one owner, in their order.
func archive(files []file, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		h := &tar.Header{Format: tar.FormatUSTAR, Name: f.name, Mode: int64(f.mode), ModTime: at.Truncate(time.Second), Typeflag: tar.TypeReg, Size: int64(len(f.content))}
		if f.dir {
			h.Name, h.Typeflag = f.name+"/", tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("archive %s: %w", f.name, err)
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, fmt.Errorf("archive %s: %w", f.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
