package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// EntryLines is the text of an entry as the az CLI writes it; encoding "" is plain text.
func EntryLines(secret, encoding string) []string {
	lines := []string{"objectName: " + secret, "objectType: secret"}
	if encoding != "" {
		lines = append([]string{"objectEncoding: " + encoding}, lines...)
	}
	return lines
}

// errObjectsShape is returned for a text that cannot be edited without touching other
// entries.
var errObjectsShape = errors.New("spec.parameters.objects is not a block list of entries under \"array:\", one \"- |\" each: write it so first (storewarden explain SPC-12)")

// WithEntry adds an entry to the text of spec.parameters.objects, and touches no other.
// A text without entries becomes what the az CLI writes for a first one.
func WithEntry(text string, entry []string) (string, error) {
	before := ParseObjects(text)
	switch before.Trouble {
	case ObjectsMissing, ObjectsEmpty:
		return "array:\n" + EntryText(4, entry), nil
	case ObjectsUnparseable:
		return "", fmt.Errorf("spec.parameters.objects cannot be read (%s): mend it first (storewarden explain SPC-11)", before.Message)
	}
	l, err := layoutOf(text)
	if err != nil {
		return "", err
	}
	at := l.end
	for at > 0 && strings.TrimSpace(l.lines[at-1]) == "" {
		at--
	}
	after := strings.Join(slices.Insert(slices.Clone(l.lines), at, strings.TrimSuffix(EntryText(l.dash, entry), "\n")), "\n")
	if !strings.HasSuffix(after, "\n") {
		after += "\n"
	}
	now := ParseObjects(after)
	if now.Trouble != "" || len(now.Entries) != len(before.Entries)+1 || !sameTexts(before.Entries, now.Entries[:len(before.Entries)]) ||
		now.Entries[len(before.Entries)].Text != strings.Join(entry, "\n") {
		return "", errObjectsShape
	}
	return after, nil
}

// WithoutEntry takes the entries away that the predicate names, and touches no other.
func WithoutEntry(text string, goes func(Entry) bool) (string, error) {
	before := ParseObjects(text)
	for i := len(before.Entries) - 1; i >= 0; i-- {
		if !goes(before.Entries[i]) {
			continue
		}
		l, err := layoutOf(text)
		if err != nil {
			return "", err
		}
		e := before.Entries[i]
		if e.Index >= len(l.items) {
			return "", errObjectsShape
		}
		from, to := l.items[e.Index], l.end
		if e.Index+1 < len(l.items) {
			to = l.items[e.Index+1]
		}
		for to > from+1 && l.isComment(to-1) {
			to-- // it is about what follows
		}
		text = strings.Join(slices.Delete(slices.Clone(l.lines), from, to), "\n")
	}
	stay := slices.DeleteFunc(slices.Clone(before.Entries), goes)
	now := ParseObjects(text)
	if len(stay) == 0 && now.Trouble == ObjectsEmpty {
		return text, nil
	}
	if now.Trouble != "" || len(now.Entries) != len(stay) || !sameTexts(stay, now.Entries) {
		return "", errObjectsShape
	}
	return text, nil
}

// EntryText is one item of the array, its dash behind that many blanks.
func EntryText(dash int, entry []string) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", dash) + "- |\n")
	for _, line := range entry {
		b.WriteString(strings.Repeat(" ", dash+2) + line + "\n")
	}
	return b.String()
}

func sameTexts(a, b []Entry) bool {
	return slices.EqualFunc(a, b, func(x, y Entry) bool { return x.Text == y.Text })
}

// layout is where the items of the array stand in the text.
type layout struct {
	lines []string
	items []int // their first lines, from 0
	end   int   // the line after the array
	dash  int   // blanks before a dash
}

func (l layout) isComment(line int) bool {
	text := strings.TrimLeft(l.lines[line], " ")
	return strings.HasPrefix(text, "#") && len(l.lines[line])-len(text) <= l.dash
}

func layoutOf(text string) (layout, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return layout{}, errObjectsShape
	}
	l := layout{lines: strings.Split(text, "\n")}
	l.end = len(l.lines)
	root := doc.Content[0].Content
	for i := 0; i+1 < len(root); i += 2 {
		if root[i].Value != "array" {
			continue
		}
		array := root[i+1]
		if array.Kind != yaml.SequenceNode || array.Style&yaml.FlowStyle != 0 || len(array.Content) == 0 {
			return layout{}, errObjectsShape
		}
		l.dash = array.Column - 1
		for _, it := range array.Content {
			l.items = append(l.items, it.Line-1)
		}
		if i+2 < len(root) {
			l.end = root[i+2].Line - 1
		}
		return l, nil
	}
	return layout{}, errObjectsShape
}
