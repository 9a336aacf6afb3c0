package remedy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// item is one object of a SecretProviderClass: lines of "field: value".
type item []string

func (i item) get(field string) string {
	for _, l := range i {
		if v, ok := strings.CutPrefix(l, field+":"); ok {
			return strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return ""
}

func (i item) output() string {
	if alias := i.get("objectAlias"); alias != "" {
		return alias
	}
	return i.get("objectName")
}

// put sets a line, in its place if the field is there.
func (i *item) put(field, value string) {
	line := field + ": " + value
	for at, l := range *i {
		if strings.HasPrefix(l, field+":") {
			(*i)[at] = line
			return
		}
	}
	*i = append(*i, line)
}

func (i *item) drop(field string) error {
	n := len(*i)
	*i = slices.DeleteFunc(*i, func(l string) bool { return strings.HasPrefix(l, field+":") })
	if len(*i) == n {
		return fmt.Errorf("there is no line %s", field)
	}
	return nil
}

// items reads the objects of a class as the provider does.
func items(class map[string]any) ([]item, error) {
	text, ok := at(class, "spec", "parameters", "objects").(string)
	if !ok {
		return nil, nil
	}
	var list struct {
		Array []string `yaml:"array"`
	}
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("%w: the objects cannot be read", ErrWords)
	}
	var out []item
	for _, t := range list.Array {
		var i item
		for l := range strings.SplitSeq(strings.TrimSpace(t), "\n") {
			i = append(i, strings.TrimRight(l, " "))
		}
		out = append(out, i)
	}
	return out, nil
}

func write(class map[string]any, all []item) error {
	text := "array:\n"
	for _, i := range all {
		text += "  - |\n    " + strings.Join(i, "\n    ") + "\n"
	}
	return set(class, "spec.parameters.objects", text)
}

var itemField = regexp.MustCompile(`^spec\.parameters\.objects\[(\d+)\]`)

// edit changes one object: the one of the name, or without a name the one that
// the finding points at.
func (w *World) edit(name string, change func(*item) error) error {
	class := w.class()
	all, err := items(class)
	if err != nil {
		return err
	}
	index := slices.IndexFunc(all, func(i item) bool { return name != "" && i.get("objectName") == name })
	if m := itemField.FindStringSubmatch(w.f.Field); m != nil {
		at, _ := strconv.Atoi(m[1])
		if name == "" || at < len(all) && all[at].get("objectName") == name {
			index = at
		}
	}
	if index < 0 || index >= len(all) {
		return fmt.Errorf("there is no object %q in the SecretProviderClass", name)
	}
	if err := change(&all[index]); err != nil {
		return err
	}
	return write(class, all)
}

// mappings of a SecretSync.
func mappings(sync map[string]any) []map[string]any {
	list, _ := at(sync, "spec", "secretObject", "data").([]any)
	var out []map[string]any
	for _, x := range list {
		m, _ := x.(map[string]any)
		out = append(out, m)
	}
	return out
}

func writeMappings(sync map[string]any, all []map[string]any) error {
	list := make([]any, len(all))
	for i, m := range all {
		list[i] = m
	}
	return set(sync, "spec.secretObject.data", list)
}

var mappingField = regexp.MustCompile(`^spec\.secretObject\.data\[(\d+)\]`)

// mapping is the one that the finding points at; for a finding on an object of a
// class, the one that maps it.
func (w *World) mapping() (map[string]any, error) {
	if m := mappingField.FindStringSubmatch(w.f.Field); m != nil {
		at, _ := strconv.Atoi(m[1])
		if all := mappings(w.target); at < len(all) {
			return all[at], nil
		}
	}
	for _, d := range w.docs {
		if d["kind"] != "SecretSync" {
			continue
		}
		for _, m := range mappings(d) {
			if w.f.Object.Kind == "SecretProviderClass" && m["sourcePath"] == w.f.Entry {
				return m, nil
			}
		}
	}
	return nil, fmt.Errorf("no mapping belongs to %s %s", w.f.Field, w.f.Entry)
}

// unmap removes the mapping to a key, and the key with it; a SecretSync that
// maps nothing more goes too, as the az CLI has it.
func (w *World) unmap(sync map[string]any, key string) error {
	all := mappings(sync)
	kept := slices.DeleteFunc(slices.Clone(all), func(m map[string]any) bool { return m["targetKey"] == key })
	if len(kept) == len(all) {
		return fmt.Errorf("no mapping goes to %s", key)
	}
	meta, _ := sync["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	if len(kept) == 0 {
		return w.remove("SecretSync", name)
	}
	if data, ok := at(w.doc("Secret", name), "data").(map[string]any); ok {
		delete(data, key)
	}
	return writeMappings(sync, kept)
}

// rename gives what the finding is about another key.
func (w *World) rename(to string) error {
	if w.f.Object.Kind != "Secret" {
		m, err := w.mapping()
		if err != nil {
			return err
		}
		m["targetKey"] = to
		return nil
	}
	data, _ := w.target["data"].(map[string]any)
	value, ok := data[w.f.Entry]
	if !ok {
		return fmt.Errorf("the Secret has no key %s", w.f.Entry)
	}
	delete(data, w.f.Entry)
	data[to] = value
	// Where a SecretSync fills the Secret it has to name the new key too.
	for _, m := range mappings(w.doc("SecretSync", w.f.Object.Name)) {
		if m["targetKey"] == w.f.Entry {
			m["targetKey"] = to
		}
	}
	return nil
}
