package webhook

import (
	"fmt"
	"strings"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/storewarden/storewarden/policies/verdict"
)

// Limits of what a person is shown. kubectl prints a message whole, but events
// and GitOps conditions cut it; warnings over 4,096 characters in all are cut or
// dropped by the API server without a word, so we stop well before.
const (
	maxFindings     = 10
	maxMessage      = 4000
	maxWarnings     = 10
	maxWarning      = 250
	maxWarningsSize = 3000
	maxCauses       = 100
	maxAnnotation   = 20_000
)

// denial is the text of a refusal: the summary first, then one line a finding.
func denial(v verdict.Verdict, deny []verdict.Finding) string {
	var b strings.Builder
	b.WriteString(summary(v, deny))
	shown := 0
	for i, f := range deny {
		line := fmt.Sprintf("\n%d. %s", i+1, sentence(f))
		if shown == maxFindings || utf8.RuneCountInString(b.String())+utf8.RuneCountInString(line) > maxMessage {
			break
		}
		b.WriteString(line)
		shown++
	}
	if left := len(deny) - shown; left > 0 {
		fmt.Fprintf(&b, "\nand %d more: storewarden audit --cluster -n %s", left, v.Object.Namespace)
	}
	return b.String()
}

// summary says how much is refused, so that whoever sees only the first line
// knows that the rest is fine.
func summary(v verdict.Verdict, deny []verdict.Finding) string {
	bad := map[string]bool{}
	whole := false
	for _, f := range deny {
		if f.Entry == "" || v.Texts[f.Entry] == "" {
			whole = true
		}
		bad[f.Entry] = true
	}
	name := storeName(v)
	if whole || v.Entries == 0 {
		return fmt.Sprintf("%s is refused (%s); nothing was changed.", name, count(len(deny), "reason"))
	}
	rest := v.Entries - len(bad)
	if rest <= 0 {
		return fmt.Sprintf("%d of %s of %s %s refused; nothing was changed.", len(bad), count(v.Entries, "entry"), name, isAre(len(bad)))
	}
	return fmt.Sprintf("%d of %s of %s %s refused; the other %d %s fine, nothing was changed.",
		len(bad), count(v.Entries, "entry"), name, isAre(len(bad)), rest, isAre(rest))
}

func storeName(v verdict.Verdict) string {
	role := map[string]string{"opcua-trust": "trust list ", "opcua-issuer": "issuer list ", "opcua-client": "client store ",
		"tls-trust": "TLS trust list "}[v.Role]
	if role == "" {
		role = v.Object.Kind + " "
	}
	return role + v.Object.Name
}

func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(noun, "y"))
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// sentence is one finding on one line.
func sentence(f verdict.Finding) string {
	return oneLine(fmt.Sprintf("%s %s: %s. Fix: %s. (%s)", f.Code, f.Field, f.Message, strings.TrimSuffix(f.Remedy, "."), f.Docs))
}

// causes say the same to programs.
func causes(deny []verdict.Finding) []metav1.StatusCause {
	deny = deny[:min(len(deny), maxCauses)]
	out := make([]metav1.StatusCause, len(deny))
	for i, f := range deny {
		out[i] = metav1.StatusCause{Type: metav1.CauseType(f.Code), Field: f.Field, Message: oneLine(f.Message + ". Fix: " + f.Remedy)}
	}
	return out
}

// warnings are bounded lines; the last one says how many are left.
func warnings(v verdict.Verdict, warn []verdict.Finding) []string {
	var out []string
	size := 0
	for i, f := range warn {
		line := cut(oneLine(fmt.Sprintf("%s %s: %s. Fix: %s", f.Code, f.Field, f.Message, f.Remedy)), maxWarning)
		left := len(warn) - i
		full := len(out) == maxWarnings-1 && left > 1
		if full || size+utf8.RuneCountInString(line) > maxWarningsSize {
			return append(out, fmt.Sprintf("and %d more: storewarden audit --cluster -n %s", left, v.Object.Namespace))
		}
		size += utf8.RuneCountInString(line)
		out = append(out, line)
	}
	return out
}

// oneLine removes what would make a warning vanish: a line break or any other
// control character.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}

func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
