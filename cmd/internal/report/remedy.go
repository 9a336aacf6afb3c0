package report

import (
	"regexp"
	"strings"
)

// Step is a part of a remedy: words, or a command to copy.
type Step struct {
	Text    string
	Command bool
}

// begin is where a command begins in a remedy: at its start or after a colon or
// a semicolon, with a program that remedies name.
var begin = regexp.MustCompile(`(?:^|[:;] )(?:az|kubectl|openssl|sed|storewarden|xxd) [a-z-]`)

// Steps parts a remedy into words and commands.
func Steps(remedy string) []Step {
	var out []Step
	words := func(s string) {
		if s = strings.TrimSpace(strings.TrimLeft(s, ";, ")); s != "" {
			out = append(out, Step{Text: s})
		}
	}
	for {
		at := begin.FindStringIndex(remedy)
		if at == nil {
			words(remedy)
			return out
		}
		start := at[0]
		if c := remedy[start]; c == ':' || c == ';' {
			start += len(": ")
		}
		words(remedy[:start])
		n := commandLength(remedy[start:])
		out = append(out, Step{Text: strings.TrimSpace(remedy[start : start+n]), Command: true})
		remedy = remedy[start+n:]
	}
}

// commandLength is how far a command goes: up to a semicolon, a comma or a
// parenthesis of the sentence around it, not counting those in quotes.
func commandLength(s string) int {
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case strings.HasPrefix(s[i:], "; "), strings.HasPrefix(s[i:], ", "), strings.HasPrefix(s[i:], " ("):
			return i
		}
	}
	return len(s)
}
