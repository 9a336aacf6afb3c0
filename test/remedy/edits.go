package remedy

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/test/cases"
)

// lines replaces an object by what stands in a sentence: a: x, b: y.
func (w *World) lines(text string) error {
	var now item
	for part := range strings.SplitSeq(text, ", ") {
		now = append(now, part)
	}
	return w.edit(now.get("objectName"), func(i *item) error { *i = now; return nil })
}

func (w *World) dropSecretObject(name, class string) error {
	d := w.target
	if class != "" {
		d = w.doc("SecretProviderClass", class)
	}
	list, _ := at(d, "spec", "secretObjects").([]any)
	kept := slices.DeleteFunc(slices.Clone(list), func(x any) bool { return at(x, "secretName") == name })
	if len(kept) == len(list) {
		return fmt.Errorf("no item makes Secret %s", name)
	}
	return set(d, "spec.secretObjects", kept)
}

// take removes a key from the list that the finding is in.
func (w *World) take(key string) error {
	if w.f.Object.Kind == "SecretSync" {
		return w.unmap(w.target, key)
	}
	data, _ := w.target["data"].(map[string]any)
	if _, ok := data[key]; !ok {
		return fmt.Errorf("the Secret has no key %s", key)
	}
	delete(data, key)
	if sync := w.doc("SecretSync", w.f.Object.Name); sync != nil {
		_ = w.unmap(sync, key) // a key by hand is in no mapping
	}
	return nil
}

// replaceSecret has an object fetch another secret, and maps that.
func (w *World) replaceSecret(name, encoding, key string) error {
	old := w.secret()
	if err := w.edit(old, func(i *item) error {
		i.put("objectName", name)
		i.put("objectEncoding", encoding)
		return nil
	}); err != nil {
		return err
	}
	for _, d := range w.docs {
		for _, m := range mappings(d) {
			if m["sourcePath"] == old {
				m["sourcePath"], m["targetKey"] = name, key
			}
		}
	}
	return nil
}

// renameSecret gives an object, and what maps it, the name of a vault secret.
func (w *World) renameSecret(to string) error {
	var old string
	if err := w.edit("", func(i *item) error {
		old = i.get("objectName")
		i.put("objectName", to)
		return nil
	}); err != nil {
		return err
	}
	for _, d := range w.docs {
		for _, m := range mappings(d) {
			if m["sourcePath"] == old {
				m["sourcePath"] = to
			}
		}
	}
	return nil
}

// listInstead lists a secret that holds text, and has the mapping name it.
func (w *World) listInstead(name, source string) error {
	class := w.class()
	all, err := items(class)
	if err != nil {
		return err
	}
	if err := write(class, append(all, item{"objectName: " + name, "objectType: secret"})); err != nil {
		return err
	}
	m, err := w.mapping()
	if err == nil {
		m["sourcePath"] = source
	}
	return err
}

// add lists a secret and maps it in the finding's SecretSync.
func (w *World) add(name, encoding, key string) error {
	class := w.class()
	all, err := items(class)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(i item) bool { return i.get("objectName") == name }) {
		all = append(all, item{"objectName: " + name, "objectType: secret", "objectEncoding: " + encoding})
		if err := write(class, all); err != nil {
			return err
		}
	}
	sync := w.doc("SecretSync", w.f.Object.Name)
	if sync == nil {
		return fmt.Errorf("there is no SecretSync %s", w.f.Object.Name)
	}
	return writeMappings(sync, append(mappings(sync), map[string]any{"sourcePath": name, "targetKey": key}))
}

// putBack restores an object of the old SecretProviderClass.
func (w *World) putBack(name string) error {
	class := w.class()
	all, err := items(class)
	if err != nil {
		return err
	}
	return write(class, append(all, item{"objectName: " + name, "objectType: secret", "objectEncoding: hex"}))
}

// secret is the vault secret that the finding is about.
func (w *World) secret() string {
	_, name, _ := strings.Cut(w.f.VaultRef, "/")
	name, _, _ = strings.Cut(name, "/")
	return name
}

// held is what the vault secret of the finding holds.
func (w *World) held() (cases.Secret, bool) {
	vault, _, _ := strings.Cut(w.f.VaultRef, "/")
	s, ok := w.c.Vaults[vault][w.secret()]
	return s, ok
}

// sync does what the sync controller does next: what a SecretSync maps stands in
// the Secret of its name, if that is there.
func (w *World) sync() error {
	for _, d := range w.docs {
		meta, _ := d["metadata"].(map[string]any)
		name, _ := meta["name"].(string)
		secret := w.doc("Secret", name)
		class, _ := at(d, "spec", "secretProviderClassName").(string)
		spc := w.doc("SecretProviderClass", class)
		if d["kind"] != "SecretSync" || secret == nil || spc == nil {
			continue
		}
		all, err := items(spc)
		if err != nil {
			return nil // a class that cannot be read syncs nothing
		}
		vault, _ := at(spc, "spec", "parameters", "keyvaultName").(string)
		for _, m := range mappings(d) {
			for _, i := range all {
				s, ok := w.c.Vaults[vault][i.get("objectName")]
				key, _ := m["targetKey"].(string)
				if !ok || i.output() != m["sourcePath"] || !strings.EqualFold(i.get("objectEncoding"), encodingOf(s)) {
					continue
				}
				if err := put(secret, key, s.Content); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// encodingOf is what an entry must declare for a secret, "" for text.
func encodingOf(s cases.Secret) string {
	if s.Encoding == "hex" || s.Encoding == "base64" {
		return s.Encoding
	}
	return ""
}

// put writes a content under a key of a Secret.
func put(secret map[string]any, key, expression string) error {
	raw, err := cases.Content(expression)
	if err != nil {
		return err
	}
	data, ok := secret["data"].(map[string]any)
	if !ok {
		data = map[string]any{}
		secret["data"] = data
	}
	data[key] = base64.StdEncoding.EncodeToString(raw)
	return nil
}
