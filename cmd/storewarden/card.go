package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/storewarden/storewarden/certs"
)

// text is a card for a person.
func (c inspected) text(now time.Time) string {
	var b strings.Builder
	encoding := ""
	if c.OuterEncoding != "none" {
		encoding = ", stored as " + c.OuterEncoding
	}
	format := ""
	if c.Format != "none" {
		format = " (" + strings.ToUpper(string(c.Format)) + ")"
	}
	fmt.Fprintf(&b, "%s: %s%s%s\n", c.File, c.Kind, format, encoding)
	row := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", label, oneLine(value))
		}
	}
	for _, x := range c.Certificates {
		b.WriteByte('\n')
		row("subject", orDash(x.Subject))
		row("issued by", issuer(x))
		row("valid", fmt.Sprintf("%s to %s (%s)", day(x.NotBefore), day(x.NotAfter), remaining(x.NotAfter, now)))
		row("serial", x.Serial)
		row("thumbprint", strings.ToUpper(x.SHA1)+" (SHA-1, as devices show it)")
		row("sha256", x.SHA256)
		row("key", keyOf(x)+", signed with "+x.SignatureAlgorithm)
		row("authority", yesNo(x.IsCA, "yes, it may issue certificates", "no"))
		row("usage", strings.Join(append(append([]string{}, x.KeyUsage...), x.ExtKeyUsage...), ", "))
		row("names", strings.Join(append(append(append([]string{}, x.URIs...), x.DNSNames...), x.IPAddresses...), ", "))
		if x.Oddity != "" {
			row("unusual", "it has "+x.Oddity+", which strict programs refuse ("+x.StrictParseError+")")
		}
	}
	for _, l := range c.CRLs {
		b.WriteByte('\n')
		row("CRL of", orDash(l.Issuer))
		until := "no end given"
		if l.NextUpdate != nil {
			until = "next " + day(*l.NextUpdate) + " (" + remaining(*l.NextUpdate, now) + ")"
		}
		row("issued", day(l.ThisUpdate)+", "+until)
		row("revoked", fmt.Sprintf("%d certificates", l.Revoked))
		row("scope", scope(l))
		row("sha256", l.SHA256)
		if l.Oddity != "" {
			row("unusual", "it has "+l.Oddity+", which strict programs refuse ("+l.StrictParseError+")")
		}
	}
	b.WriteByte('\n')
	row("suits", orDash(strings.Join(c.Suits, ", ")))
	for _, u := range c.Unsuited {
		row("not for", u.Store+": "+u.Why)
	}
	for _, p := range c.Problems {
		row("odd", p.Message)
	}
	for _, f := range c.Findings {
		row(string(f.Severity), f.Code+": "+f.Message)
		row("", "Fix: "+f.Remedy)
	}
	return b.String()
}

func issuer(x certificateCard) string {
	switch certs.Signature(x.SelfSignature) {
	case certs.Valid:
		return "itself (self-signed)"
	case certs.Invalid:
		return orDash(x.Issuer) + " (the same name, but another key signed it)"
	case certs.Unverifiable:
		return "itself, by its name (the signature cannot be checked here)"
	}
	return orDash(x.Issuer)
}

func keyOf(x certificateCard) string {
	bits := "of unknown size"
	if x.KeyBits > 0 {
		bits = fmt.Sprintf("%d bits", x.KeyBits)
	}
	if x.KeyCurve != "" {
		bits += " (" + x.KeyCurve + ")"
	}
	return x.KeyAlgorithm + " " + bits
}

// scope says what a CRL leaves out, "" for a complete one.
func scope(l crlCard) string {
	var out []string
	for _, s := range []struct {
		on   bool
		text string
	}{
		{l.Delta, "only what changed since another CRL"}, {l.Indirect, "other issuers too"},
		{l.Partial, "only some kinds of certificates or reasons"},
	} {
		if s.on {
			out = append(out, s.text)
		}
	}
	return strings.Join(out, ", ")
}

func remaining(until, now time.Time) string {
	days := int(until.Sub(now).Hours() / 24)
	switch {
	case until.Before(now):
		return fmt.Sprintf("expired %d days ago", -days)
	case days == 1:
		return "1 day left"
	}
	return fmt.Sprintf("%d days left", days)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func yesNo(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// oneLine keeps a terminal from obeying what a certificate's name says.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) {
			return '?'
		}
		return r
	}, s)
}
