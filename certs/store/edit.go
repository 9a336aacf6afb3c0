package store

import (
	"slices"
	"strings"
)

// AddField is the text of spec.parameters.objects with one more line, field: value, at
// the top of the object at an index, where the az CLI writes it too. Nothing else of the
// text changes. It is not ok where the object has the field already, or is not written as
// a block of lines (|) that could take another.
func AddField(text string, index int, field, value string) (with string, ok bool) {
	before := ParseObjects(text).Entries
	i := slices.IndexFunc(before, func(e Entry) bool { return e.Index == index })
	if i < 0 || before[i].Trouble != "" {
		return "", false
	}
	lines := strings.SplitAfter(text, "\n")
	at := before[i].Line // of its mark |, from 1, so of what follows it from 0
	indent, ok := blockIndent(lines, at)
	if !ok {
		return "", false
	}
	line := field + ": " + value + "\n"
	with = strings.Join(slices.Insert(lines, at, indent+line), "")
	return with, onlyAdds(before, ParseObjects(with).Entries, i, line)
}

// blockIndent is what stands before the lines of a block that begin at a line.
func blockIndent(lines []string, at int) (indent string, ok bool) {
	if at < 1 || at >= len(lines) {
		return "", false
	}
	_, chomping, ok := strings.Cut(strings.TrimSpace(lines[at-1]), "|")
	if !ok || !slices.Contains([]string{"", "-", "+"}, chomping) {
		return "", false
	}
	for _, l := range lines[at:] {
		if strings.TrimSpace(l) != "" {
			return l[:len(l)-len(strings.TrimLeft(l, " "))], true
		}
	}
	return "", false
}

// onlyAdds reports whether the object i has one line more, with nothing else of it or of
// the others read differently.
func onlyAdds(before, after []Entry, i int, line string) bool {
	if len(after) != len(before) || after[i].Trouble != "" || after[i].Name != before[i].Name || after[i].Alias != before[i].Alias {
		return false
	}
	for j, e := range after {
		want := before[j].Text
		if j == i {
			want = line + want
		}
		if e.Text != want {
			return false
		}
	}
	return true
}
