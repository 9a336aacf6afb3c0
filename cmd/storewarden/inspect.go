package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/verdict"
)

type inspectFlags struct {
	key, encoding, contentType string
	output, now, profile       string
	config                     string
}

// inspected is one file as "inspect -o json" prints it.
type inspected struct {
	File          string            `json:"file"`
	Kind          certs.Kind        `json:"kind"`
	OuterEncoding string            `json:"outerEncoding"`
	Format        certs.Format      `json:"format"`
	Certificates  []certificateCard `json:"certificates"`
	CRLs          []crlCard         `json:"crls"`
	Problems      []certs.Problem   `json:"problems"`
	Suits         []string          `json:"suits"`
	Unsuited      []unsuited        `json:"unsuited"`
	Findings      []verdict.Finding `json:"findings"`
}

type certificateCard struct {
	Subject            string    `json:"subject"`
	Issuer             string    `json:"issuer"`
	Serial             string    `json:"serial"`
	SHA1               string    `json:"sha1"`
	SHA256             string    `json:"sha256"`
	NotBefore          time.Time `json:"notBefore"`
	NotAfter           time.Time `json:"notAfter"`
	Version            int       `json:"version"`
	IsCA               bool      `json:"isCA"`
	SelfSigned         bool      `json:"selfSigned"`
	KeyAlgorithm       string    `json:"keyAlgorithm"`
	KeyBits            int       `json:"keyBits"`
	SignatureAlgorithm string    `json:"signatureAlgorithm"`
	KeyUsage           []string  `json:"keyUsage"`
	ExtKeyUsage        []string  `json:"extKeyUsage"`
	URIs               []string  `json:"uris"`
	DNSNames           []string  `json:"dnsNames"`
	IPAddresses        []string  `json:"ipAddresses"`
	StrictParseError   string    `json:"strictParseError"`
	SelfSignature      string    `json:"selfSignature"`
	KeyCurve           string    `json:"keyCurve"`
	Oddity             string    `json:"oddity"`
}

type crlCard struct {
	Issuer     string     `json:"issuer"`
	ThisUpdate time.Time  `json:"thisUpdate"`
	NextUpdate *time.Time `json:"nextUpdate"` // null when absent
	Number     string     `json:"number"`
	Revoked    int        `json:"revoked"`
	// The rest is not of the interface that others rely on.
	Version          int    `json:"version"`
	Delta            bool   `json:"delta"`
	Indirect         bool   `json:"indirect"`
	Partial          bool   `json:"partial"`
	StrictParseError string `json:"strictParseError"`
	Oddity           string `json:"oddity"`
	SHA256           string `json:"sha256"`
}

func newInspect() *cobra.Command {
	var f inspectFlags
	cmd := &cobra.Command{
		Use:   "inspect FILE...|-|vault:VAULT/SECRET",
		Short: "Say what bytes are, which stores they suit, and what is wrong with them",
		Long: `Inspect decodes files, standard input (-) or vault secrets, and shows what they
are. The outer encoding is recognised unless it is given.

Exit code: 0 if all were recognised as something a store can hold, 1 if not, 2 on
usage or input trouble.`,
		Example: `  storewarden inspect server.der
  storewarden inspect --key my-ca.crl my-ca.crl -o json
  storewarden inspect vault:my-aio-kv/my-server-der`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.key, "key", "", "the key of the store that it is for, such as my-server.der")
	flags.StringVar(&f.encoding, "encoding", "", "hex, base64 or utf-8; recognised if not given")
	flags.StringVar(&f.contentType, "content-type", "", "the content type of the vault secret")
	flags.StringVarP(&f.output, "output", "o", "text", "text or json")
	flags.StringVar(&f.now, "now", "", "judge as of this time (RFC 3339)")
	flags.StringVar(&f.profile, "profile", "", "observe, standard or strict")
	flags.StringVar(&f.config, "config", "", "configuration file; for vault: where vaults are")
	return cmd
}

// source is one thing to inspect.
type source struct {
	name        string
	text        string
	contentType string
	ref         vault.Ref // what a remedy would upload it to
}

func (f *inspectFlags) run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if f.output != "text" && f.output != "json" {
		return fmt.Errorf("inspect: --output %q is none of text, json", f.output)
	}
	if _, ok := decode.ParseEncoding(f.encoding); !ok {
		return fmt.Errorf("inspect: --encoding %q is none of hex, base64, utf-8", f.encoding)
	}
	now, err := clock(f.now)
	if err != nil {
		return err
	}
	c, err := config.Load(f.config, os.Getenv)
	if err != nil {
		return err
	}
	if f.profile != "" {
		c.Profile = engine.Profile(f.profile)
	}
	if err := c.Validate(f.config); err != nil {
		return err
	}
	out := []inspected{}
	code := exitClean
	for _, arg := range args {
		src, err := f.open(ctx, c, arg, stdin)
		if err != nil {
			fmt.Fprintf(stderr, "storewarden: inspect %s: %v\n", arg, err)
			code = exitFailed
			continue
		}
		card, err := f.inspect(ctx, c, src, now)
		if err != nil {
			return err
		}
		if len(card.Suits) == 0 && code == exitClean {
			code = exitFindings
		}
		out = append(out, card)
	}
	if err := printInspected(stdout, f.output, out, now); err != nil {
		return err
	}
	if code != exitClean {
		return exit(code)
	}
	return nil
}

// maxInput is more than a Secret or a vault secret can hold.
const maxInput = 4 << 20

func (f *inspectFlags) open(ctx context.Context, c config.Config, arg string, stdin io.Reader) (source, error) {
	if path, ok := strings.CutPrefix(arg, "vault:"); ok {
		return openVault(ctx, c, arg, path)
	}
	r := stdin
	if arg != "-" {
		file, err := os.Open(arg)
		if err != nil {
			return source{}, errors.Unwrap(err)
		}
		defer file.Close()
		r = file
	}
	raw, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return source{}, err
	}
	if len(raw) > maxInput {
		return source{}, fmt.Errorf("larger than %d bytes: no store holds it", maxInput)
	}
	return source{arg, string(raw), f.contentType, vault.Ref{Vault: "VAULT-NAME", Name: secretNameOf(arg)}}, nil
}

// secretNameOf derives a vault secret's name from a file's, as the az CLI does.
func secretNameOf(path string) string {
	name := []byte(filepath.Base(path))
	for i, c := range name {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			name[i] = '-'
		}
	}
	s := strings.Trim(string(name[:min(len(name), 127)]), "-")
	if !vault.ValidSecret(s) {
		return "SECRET-NAME"
	}
	return s
}

func openVault(ctx context.Context, c config.Config, arg, path string) (source, error) {
	name, secret, ok := strings.Cut(path, "/")
	if !ok {
		return source{}, errors.New("name the vault and the secret as vault:VAULT/SECRET")
	}
	secret, version, _ := strings.Cut(secret, "/")
	if c.Vault.Kind == config.VaultNone {
		c.Vault.Kind = config.VaultAzure
	}
	reader, err := newVault(c.Vault, vaultOptions{})
	if err != nil {
		return source{}, err
	}
	s, err := reader.Get(ctx, vault.Ref{Vault: name, Name: secret, Version: version})
	if err != nil {
		return source{}, err
	}
	if s.Facts != nil {
		return source{}, fmt.Errorf("%s: the snapshot holds what is known of the value and not the value; export it with --values to inspect it", arg)
	}
	return source{arg, s.Value.Reveal(), s.ContentType, vault.Ref{Vault: name, Name: secret}}, nil
}

func (f *inspectFlags) inspect(ctx context.Context, c config.Config, src source, now time.Time) (inspected, error) {
	enc, _ := decode.ParseEncoding(f.encoding)
	if f.encoding == "" {
		enc = decode.Sniff(src.text)
	}
	text := src.text
	if f.encoding == "" && enc != decode.UTF8 {
		text = strings.Join(strings.Fields(text), "") // a file's last newline is not the vault's
	}
	out := inspected{File: src.name, Kind: certs.KindUnknown, OuterEncoding: string(enc), Format: certs.FormatNone,
		Certificates: []certificateCard{}, CRLs: []crlCard{}, Problems: []certs.Problem{}, Suits: []string{}, Unsuited: []unsuited{}, Findings: []verdict.Finding{}}
	if enc == decode.UTF8 {
		out.OuterEncoding = "none"
	}
	raw, err := decode.Outer(text, enc)
	if err != nil {
		out.Problems = append(out.Problems, certs.Problem{Reason: "bad-encoding", Message: err.Error()})
		return out, nil
	}
	b := decode.Bytes(raw)
	out.Kind, out.Format = b.Kind, b.Format
	out.Problems = append(out.Problems, b.Problems...)
	for _, x := range b.Certificates {
		out.Certificates = append(out.Certificates, cardOf(x))
	}
	for _, l := range b.CRLs {
		card := crlCard{Issuer: l.Issuer, ThisUpdate: l.ThisUpdate, Number: l.Number, Revoked: l.Revoked, Version: l.Version,
			Delta: l.Delta, Indirect: l.Indirect, Partial: l.Partial, StrictParseError: l.StrictParseError, Oddity: l.Oddity, SHA256: l.SHA256}
		if !l.NextUpdate.IsZero() {
			card.NextUpdate = &l.NextUpdate
		}
		out.CRLs = append(out.CRLs, card)
	}
	out.Suits, out.Unsuited = suits(&b, f.key)
	out.Findings, err = f.findings(ctx, c, src, raw, &b, out.Suits, now)
	return out, err
}

func cardOf(x *certs.Certificate) certificateCard {
	return certificateCard{Subject: x.Subject, Issuer: x.Issuer, Serial: x.Serial, SHA1: x.SHA1, SHA256: x.SHA256,
		NotBefore: x.NotBefore, NotAfter: x.NotAfter, Version: x.Version, IsCA: x.IsCA, SelfSigned: x.SelfSigned(),
		KeyAlgorithm: x.KeyAlgorithm, KeyBits: x.KeyBits, SignatureAlgorithm: x.SignatureAlgorithm,
		KeyUsage: list(x.KeyUsage), ExtKeyUsage: list(x.ExtKeyUsage), URIs: list(x.URIs), DNSNames: list(x.DNSNames),
		IPAddresses: list(x.IPAddresses), StrictParseError: x.StrictParseError,
		SelfSignature: string(x.SelfSignature), KeyCurve: x.KeyCurve, Oddity: x.Oddity}
}

// list is never null in JSON.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func printInspected(w io.Writer, output string, all []inspected, now time.Time) error {
	if output == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(all)
	}
	for i, card := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if _, err := io.WriteString(w, card.text(now)); err != nil {
			return err
		}
	}
	return nil
}
