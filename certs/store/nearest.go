package store

import "strings"

// nearestField finds the known field that a misspelt one probably means:
// another case, a missing "object", or up to two letters off.
func nearestField(name string) string {
	lower := strings.ToLower(name)
	best, bestDistance := "", 3
	for _, f := range entryFields {
		known := strings.ToLower(f)
		if lower == known || "object"+lower == known {
			return f
		}
		if d := Distance(lower, known); d < bestDistance {
			best, bestDistance = f, d
		}
	}
	return best
}

// NearReserved finds the built-in store that a name probably means, "" if it
// means none, or is one: a letter or two off, other hyphens, cert for
// certificate, or without the words that tell nobody anything.
func NearReserved(name string) string {
	if _, ok := builtin[name]; ok {
		return ""
	}
	given := squeeze(name)
	for _, reserved := range ReservedNames() {
		known := squeeze(reserved)
		short := strings.Replace(known, "broker", "", 1)
		switch {
		case strings.HasPrefix(name, reserved+"-"): // a store of its own, named after one
		case Distance(given, known) <= 2, Distance(given, short) <= 1,
			Distance(given, strings.TrimPrefix(known, "aio")) <= 1, given == strings.TrimPrefix(short, "aio"):
			return reserved
		}
	}
	return ""
}

func squeeze(name string) string {
	return strings.NewReplacer("-", "", ".", "", "certificate", "cert", "trusted", "trust", "issuers", "issuer").Replace(strings.ToLower(name))
}

// Distance is the number of single-letter edits between two short names, and
// at most the length of the longer one. Names over 64 bytes are simply far.
func Distance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		previous := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := previous
			if a[i-1] != b[j-1] {
				cost++
			}
			previous = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
