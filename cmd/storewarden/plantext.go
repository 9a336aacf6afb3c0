package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/storewarden/storewarden/sync/hand"
)

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// writePlanText shows a plan to a person: what it is about, every change, and what speaks
// against it.
func writePlanText(w io.Writer, p *hand.Plan) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", oneLine(p.Title))
	for _, it := range p.Items {
		writeCard(&b, it)
	}
	writeSteps(&b, p)
	for _, r := range p.Rights {
		if r.Allowed == hand.Unknown {
			fmt.Fprintf(&b, "  needs      %s (Key Vault Secrets Officer)\n", oneLine(r.Action))
		}
	}
	writeNotices(&b, "Warning", p.Warnings)
	writeNotices(&b, "Refused", p.Refusals)
	switch {
	case p.Refused():
		b.WriteString("\nNothing was changed.\n")
	case p.Pending() == 0:
		b.WriteString("\nAll of it is done already.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeCard(b *strings.Builder, it hand.Planned) {
	fmt.Fprintf(b, "\n  %s -> key %s", oneLine(it.Name), oneLine(it.Key))
	if it.Secret != "" {
		fmt.Fprintf(b, ", vault secret %s", oneLine(it.Secret))
	}
	b.WriteByte('\n')
	row := func(label, value string) {
		if value != "" {
			fmt.Fprintf(b, "    %-11s %s\n", label, oneLine(value))
		}
	}
	for _, x := range it.Card.Certificates {
		by := x.Issuer
		if x.SelfSigned {
			by = "itself (self-signed)"
		}
		row("subject", orDash(x.Subject))
		row("issued by", orDash(by))
		row("valid", day(x.NotBefore)+" to "+day(x.NotAfter))
		row("thumbprint", x.Thumbprint)
		row("key", fmt.Sprintf("%s %d bits, signed with %s", x.KeyAlgorithm, x.KeyBits, x.SignatureAlgorithm))
		row("authority", yesNo(x.IsCA, "yes, it may issue certificates", "no"))
		row("names", strings.Join(append(append(append([]string{}, x.URIs...), x.DNSNames...), x.IPAddresses...), ", "))
	}
	for _, l := range it.Card.CRLs {
		until := "no end given"
		if !l.NextUpdate.IsZero() {
			until = "next " + day(l.NextUpdate)
		}
		row("CRL of", orDash(l.Issuer))
		row("issued", day(l.ThisUpdate)+", "+until)
		row("revoked", fmt.Sprintf("%d certificates", l.Revoked))
	}
	for _, k := range it.Card.Keys {
		row("key", yesNo(k.Private, "private, ", "public, ")+k.Algorithm+" (not shown)")
	}
	for _, o := range it.Card.Oddities {
		row("odd", o)
	}
}

func writeSteps(b *strings.Builder, p *hand.Plan) {
	b.WriteByte('\n')
	for i, s := range p.Steps {
		done := ""
		if s.Done {
			done = " (done already)"
		}
		fmt.Fprintf(b, "  %d. %s: %s%s\n", i+1, oneLine(s.Object), oneLine(s.What), done)
		if s.Done {
			continue
		}
		for _, c := range s.Changes {
			fmt.Fprintf(b, "       %s\n", oneLine(c))
		}
		fmt.Fprintf(b, "     because %s\n", oneLine(s.Why))
	}
}

func writeNotices(b *strings.Builder, word string, all []hand.Notice) {
	for _, n := range all {
		fmt.Fprintf(b, "\n%s: ", word)
		if n.Code != "" {
			fmt.Fprintf(b, "%s ", n.Code)
		}
		fmt.Fprintf(b, "%s: %s.", oneLine(n.About), oneLine(strings.TrimSuffix(n.Text, ".")))
		if n.Remedy != "" {
			fmt.Fprintf(b, "\n  Fix: %s", oneLine(n.Remedy))
		}
		if n.Code != "" {
			fmt.Fprintf(b, " (storewarden explain %s)", n.Code)
		}
		b.WriteByte('\n')
	}
}
