package warm

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/vault"
)

// exported is what is known of a value, for a file. Certificates and CRLs are
// public and written whole; all else about them follows.
type exported struct {
	Looks decode.Encoding                      `json:"looks"`
	As    map[decode.Encoding]exportedDecoding `json:"as"`
}

type exportedDecoding struct {
	Mismatch     string          `json:"mismatch,omitempty"`
	Kind         certs.Kind      `json:"kind,omitempty"`
	Format       certs.Format    `json:"format,omitempty"`
	Size         int             `json:"size,omitempty"`
	SHA256       string          `json:"sha256,omitempty"`
	Certificates [][]byte        `json:"certificates,omitempty"`
	CRLs         [][]byte        `json:"crls,omitempty"`
	Keys         []certs.Key     `json:"keys,omitempty"`
	Blocks       int             `json:"blocks,omitempty"`
	Wrapped      *certs.Wrapped  `json:"wrapped,omitempty"`
	Trailing     int             `json:"trailing,omitempty"`
	Problems     []certs.Problem `json:"problems,omitempty"`
}

// Export is what is known of a secret's value, and nothing of the value: for a
// file that package dir reads.
func Export(s vault.Secret) (json.RawMessage, error) {
	f := factsOf(s, s.Updated)
	out := exported{Looks: f.Looks, As: map[decode.Encoding]exportedDecoding{}}
	for i, enc := range encodings {
		d := f.decoded[i]
		b := &d.Bundle
		e := exportedDecoding{Mismatch: d.Mismatch, Kind: b.Kind, Format: b.Format, Size: b.Size, SHA256: b.SHA256,
			Keys: b.Keys, Blocks: b.Blocks, Wrapped: b.Wrapped, Trailing: b.Trailing, Problems: b.Problems}
		for _, c := range b.Certificates {
			e.Certificates = append(e.Certificates, c.Raw)
		}
		for _, l := range b.CRLs {
			e.CRLs = append(e.CRLs, l.Raw)
		}
		out.As[enc] = e
	}
	return json.Marshal(out)
}

// restore is the other way: what a file says of a value.
func restore(raw json.RawMessage) (looks decode.Encoding, decoded [len(encodings)]Decoding, err error) {
	var in exported
	if err := json.Unmarshal(raw, &in); err != nil {
		return "", decoded, errors.New("its facts are not what \"storewarden vault export\" writes")
	}
	for i, enc := range encodings {
		e, ok := in.As[enc]
		if !ok {
			return "", decoded, fmt.Errorf("its facts say nothing of encoding %s", enc)
		}
		d := &decoded[i]
		d.Mismatch = e.Mismatch
		d.Bundle = certs.Bundle{Kind: e.Kind, Format: e.Format, Size: e.Size, SHA256: e.SHA256, Keys: e.Keys,
			Blocks: e.Blocks, Wrapped: e.Wrapped, Trailing: e.Trailing, Problems: e.Problems}
		if w := e.Wrapped; w != nil && len(w.Encodings) == 0 {
			return "", decoded, errors.New("its facts tell of a wrapping without an encoding")
		}
		for _, der := range e.Certificates {
			b := decode.Bytes(der)
			if len(b.Certificates) != 1 {
				return "", decoded, errors.New("its facts hold a certificate that cannot be read")
			}
			d.Bundle.Certificates = append(d.Bundle.Certificates, b.Certificates[0])
		}
		for _, der := range e.CRLs {
			b := decode.Bytes(der)
			if len(b.CRLs) != 1 {
				return "", decoded, errors.New("its facts hold a CRL that cannot be read")
			}
			d.Bundle.CRLs = append(d.Bundle.CRLs, b.CRLs[0])
		}
	}
	return in.Looks, decoded, nil
}
