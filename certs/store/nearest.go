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
