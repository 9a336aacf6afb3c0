package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
)

// htmx.min.js is htmx 2.0.11 as its makers publish it on npm, with its licence beside it.
//
//go:embed assets
var assetFiles embed.FS

// asset is a file that pages load.
type asset struct {
	kind, tag string
	data      []byte
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func readAssets() (map[string]asset, error) {
	files, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, err
	}
	out := map[string]asset{}
	for _, f := range files {
		kind, ok := kinds[path.Ext(f.Name())]
		if !ok {
			continue // a licence
		}
		data, err := assetFiles.ReadFile("assets/" + f.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		out[f.Name()] = asset{kind: kind, tag: `"` + hex.EncodeToString(sum[:8]) + `"`, data: data}
	}
	return out, nil
}
