// Command screenshots shows every page of the console in headless Chromium and keeps what
// it looks like, in two sizes, light and dark.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/storewarden/storewarden/test/browser"
	"github.com/storewarden/storewarden/test/certtest"
)

func main() {
	dir := flag.String("dir", ".", "where the pictures go")
	only := flag.String("only", "", "only these files, comma between them")
	flag.Parse()
	if err := run(context.Background(), *dir, *only); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

const at = "azure-iot-operations%2F"

func run(ctx context.Context, dir, only string) error {
	p, err := browser.NewPlant(ctx)
	if err != nil {
		return err
	}
	defer p.Stop()
	b, err := browser.Start(ctx, 1280, 800)
	if err != nil {
		return err
	}
	defer b.Stop()
	if err := b.Go(p.Link); err != nil {
		return err
	}
	if err := b.Sees("Trust list"); err != nil {
		return err
	}
	for _, v := range []struct {
		name          string
		width, height int64
		scale         float64
		dark          bool
	}{{"1280x800", 1280, 800, 1, false}, {"1024x640", 1024, 640, 1, false}, {"1280x800-dark", 1280, 800, 1, true}, {"zoom-200", 1280, 800, 2, false}} {
		if err := b.Size(v.width, v.height, v.scale); err != nil {
			return err
		}
		if err := b.Dark(v.dark); err != nil {
			return err
		}
		s := shoot{b, p, dir, only, v.name}
		if err := s.all(); err != nil {
			return err
		}
	}
	return nil
}

type shoot struct {
	b         *browser.Browser
	p         *browser.Plant
	dir, only string
	size      string
}

func (s shoot) all() error {
	for _, page := range []struct{ name, path string }{
		{"stores", "/"},
		{"search", "/?q=plant&role=issuer"},
		{"store", "/store?at=" + at + browser.TrustList},
		{"entry", "/entry?at=" + at + browser.TrustList + "&key=scada-1.der"},
		{"crl", "/entry?at=" + at + browser.IssuerList + "&key=plant-ca.crl"},
		{"expiry", "/expiry"},
		{"findings", "/findings"},
		{"chains", "/chains"},
		{"add", "/add"},
		{"vault", "/vault?at=" + at + browser.TrustList},
		{"remove", "/remove?at=" + at + browser.TrustList + "&key=robot-7.der"},
		{"missing", "/nothing"},
	} {
		if !s.wanted(page.name) {
			continue
		}
		if err := s.b.Go(s.p.Base + page.path); err != nil {
			return err
		}
		if err := s.keep(page.name); err != nil {
			return err
		}
	}
	if s.wanted("plan-add") || s.wanted("plan-remove") || s.wanted("plan-refused") {
		return s.plans()
	}
	return nil
}

// plans shows a plan to add and one to remove, without applying them.
func (s shoot) plans() error {
	c, err := certtest.SelfSigned(certtest.Options{CommonName: "press-9", Key: certtest.RSA2048, Now: time.Now(), URIs: []string{"urn:plant:press-9"}})
	if err != nil {
		return err
	}
	file, err := s.p.File("press-9.der", c.DER)
	if err != nil {
		return err
	}
	if err := s.b.Go(s.p.Base + "/add"); err != nil {
		return err
	}
	if err := s.b.Upload("#file", file); err != nil {
		return err
	}
	if err := s.b.Click("button", "Show the plan"); err != nil {
		return err
	}
	if err := s.b.Sees("Steps, in this order"); err != nil {
		return err
	}
	if err := s.keep("plan-add"); err != nil {
		return err
	}
	for name, key := range map[string]string{"plan-remove": "robot-7.der", "plan-refused": "plant-root.der"} {
		if err := s.b.Go(s.p.Base + "/remove?at=" + at + browser.TrustList + "&key=" + key); err != nil {
			return err
		}
		if err := s.b.Click("button", "Show the plan"); err != nil {
			return err
		}
		if err := s.b.Await(`location.pathname.startsWith("/plan/")`); err != nil {
			return err
		}
		if err := s.keep(name); err != nil {
			return err
		}
	}
	return nil
}

func (s shoot) wanted(name string) bool {
	return s.only == "" || slices.Contains(strings.Split(s.only, ","), s.file(name))
}

func (s shoot) file(name string) string { return name + "-" + s.size + ".png" }

// keep writes a picture, compressed as far as PNG can.
func (s shoot) keep(name string) error {
	raw, err := s.b.Screenshot()
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, paletted(picture)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, s.file(name)), out.Bytes(), 0o644)
}

// paletted gives a picture the 256 colours that it has most of; the others, in the edges of
// letters, become the nearest of them. That halves the file and cannot be seen.
func paletted(picture image.Image) image.Image {
	bounds, n := picture.Bounds(), map[color.Color]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			n[picture.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(n), func(a, b color.Color) int { return n[b] - n[a] })
	out := image.NewPaletted(bounds, color.Palette(colours[:min(256, len(colours))]))
	nearest := map[color.Color]uint8{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := picture.At(x, y)
			if _, known := nearest[c]; !known {
				nearest[c] = uint8(out.Palette.Index(c))
			}
			out.SetColorIndex(x, y, nearest[c])
		}
	}
	return out
}
