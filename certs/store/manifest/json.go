package manifest

import (
	"bytes"
	"encoding/json"
	"strings"
)

// span is a part of a JSON text.
type span struct{ from, to int }

// The functions below walk JSON that is known to be valid, without decoding
// it: a list of a hundred thousand objects is taken apart in one fast pass, and
// each object is decoded once. On other text they return nonsense, but they
// stay within it.

// values splits a text into the objects and arrays that follow one another; ok
// is false if there is anything else, or nothing.
func values(text []byte) (spans []span, ok bool) {
	for i := blanks(text, 0); i < len(text); i = blanks(text, i) {
		if text[i] != '{' && text[i] != '[' {
			return nil, false
		}
		end := valueEnd(text, i)
		spans = append(spans, span{i, end})
		i = end
	}
	return spans, len(spans) > 0
}

func blanks(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t') {
		i++
	}
	return i
}

// valueEnd is the end of the value that begins at i.
func valueEnd(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // of a number in front of it
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\r', '\t':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

// stringEnd is the end of the string that begins at i. It looks for quotes
// alone, since the long strings of a Secret have no escapes.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text); i++ {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return len(text)
		}
		i += n
		escapes := 0
		for text[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
	return len(text)
}

// field is one member of an object: its key without quotes, and its value.
type field struct {
	key   []byte
	at    int // of the key
	value span
}

// next reads the member of an object, or the element of an array, after i, and
// returns the position after it; ok is false at the end.
func next(text []byte, i int, keyed bool) (f field, end int, ok bool) {
	i = blanks(text, i)
	if i < len(text) && (text[i] == ',' || text[i] == '{' || text[i] == '[') && (i == 0 || text[i] == ',') {
		i = blanks(text, i+1)
	}
	if i >= len(text) || text[i] == '}' || text[i] == ']' {
		return field{}, i, false
	}
	f.at = i
	if keyed {
		i = stringEnd(text, i)
		f.key = bytes.Trim(text[f.at:i], `"`)
		if bytes.IndexByte(f.key, '\\') >= 0 {
			var s string
			if json.Unmarshal(text[f.at:i], &s) == nil {
				f.key = []byte(s)
			}
		}
		if i = blanks(text, i); i < len(text) && text[i] == ':' {
			i++
		}
		i = blanks(text, i)
	}
	f.value = span{i, valueEnd(text, i)}
	return f, f.value.to, f.value.to > f.at
}

func elements(array []byte) []span {
	var spans []span
	for i := 0; ; {
		f, end, ok := next(array, i, false)
		if !ok {
			return spans
		}
		spans = append(spans, f.value)
		i = end
	}
}

// head is what tells how to go on with a value.
type head struct {
	apiVersion, kind string
	items, metadata  span
	encrypted        bool // by SOPS: its values are none yet
}

// headOf reads the top level of an object; it is empty for any other value.
func headOf(raw []byte) head {
	var h head
	if len(raw) == 0 || raw[0] != '{' {
		return h
	}
	for i := 0; ; {
		f, end, ok := next(raw, i, true)
		if !ok {
			return h
		}
		i = end
		switch string(f.key) {
		case "apiVersion":
			h.apiVersion = text(raw[f.value.from:f.value.to])
		case "kind":
			h.kind = text(raw[f.value.from:f.value.to])
		case "metadata":
			h.metadata = f.value
		case "items":
			h.items = span{}
			if raw[f.value.from] == '[' {
				h.items = f.value
			}
		case "sops":
			h.encrypted = raw[f.value.from] == '{'
		}
	}
}

// text is the value of a JSON string, "" for any other value.
func text(raw []byte) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// isList reports whether the object is a list of objects, as v1 List is and as
// every kind has one of its own.
func (h head) isList() bool { return strings.HasSuffix(h.kind, "List") && h.items.to > 0 }

// complete adds what the items of a list from the API itself do not say.
func (h head) complete(raw []byte) []byte {
	prefix, err := json.Marshal(map[string]string{"apiVersion": h.apiVersion, "kind": h.kind})
	rest := blanks(raw, 1)
	if err != nil || rest >= len(raw) {
		return raw
	}
	if raw[rest] != '}' {
		prefix[len(prefix)-1] = ','
		return append(prefix, raw[rest:]...)
	}
	return prefix
}

type names struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

// metadataOf reads the names of an object that is not judged, as far as it has
// any.
func metadataOf(raw []byte, h head) names {
	var n names
	if h.metadata.to > 0 {
		_ = json.Unmarshal(raw[h.metadata.from:h.metadata.to], &n) // a name of another type stays empty
	}
	return n
}
