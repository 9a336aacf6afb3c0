package store

import (
	"slices"
	"strings"
)

// Addition is a line, field: value, that the object at an index shall have. What would be
// more than one line is never added.
type Addition struct {
	Index        int
	Field, Value string
}

func (a Addition) line() string { return a.Field + ": " + a.Value + "\n" }

// AddFields is the text of spec.parameters.objects with more lines, each at the top of its
// object, where the az CLI has them too, the first of an object topmost. Nothing else of
// the text changes. It tells which were added: not those whose object has the field
// already, or is not written as a block of lines (|) that could take another.
func AddFields(text string, wanted []Addition) (with string, added []Addition) {
	before := ParseObjects(text).Entries
	added = slices.Clone(wanted)
	for len(added) > 0 {
		with, added = insert(text, before, added)
		after := ParseObjects(with).Entries
		if len(after) != len(before) {
			return text, nil // what one object says, others rest on
		}
		wrong := map[int]bool{}
		for i, e := range after {
			if !onlyAdds(before[i], e, added) {
				wrong[e.Index] = true
			}
		}
		if len(wrong) == 0 {
			return with, added
		}
		fewer := slices.DeleteFunc(slices.Clone(added), func(a Addition) bool { return wrong[a.Index] })
		if len(fewer) == len(added) {
			return text, nil
		}
		added = fewer
	}
	return text, nil
}

// insert adds lines to objects that can take them, from the last to the first: a line that
// comes moves what is below.
func insert(text string, entries []Entry, wanted []Addition) (with string, added []Addition) {
	lines := strings.SplitAfter(text, "\n")
	for _, e := range slices.Backward(entries) {
		at := e.Line // of its mark |, from 1, so of what follows it from 0
		indent, ok := blockIndent(lines, at)
		if !ok || e.Trouble != "" {
			continue
		}
		var of []string
		for _, a := range wanted {
			if a.Index == e.Index {
				of, added = append(of, indent+a.line()), append(added, a)
			}
		}
		lines = slices.Insert(lines, at, of...)
	}
	return strings.Join(lines, ""), added
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

// onlyAdds reports whether an object has its lines more, with nothing else of it read
// differently.
func onlyAdds(before, after Entry, added []Addition) bool {
	text := ""
	for _, a := range added {
		if a.Index == before.Index {
			text += a.line()
		}
	}
	return after.Text == text+before.Text && after.Name == before.Name && after.Alias == before.Alias && (after.Trouble == "" || text == "")
}
