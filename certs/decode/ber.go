package decode

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxNesting bounds the recursion into BER. A certificate has about 10 levels.
const maxNesting = 32

// toDER rewrites the first BER value of b in DER as far as reading needs it:
// lengths become definite and minimal, and a string in pieces becomes one. It reports how much of b that value takes. OpenSSL reads BER wherever it
// reads DER, and old tools write it; what is in DER comes out as it was.
func toDER(b []byte) (der []byte, used int, ok bool) {
	var out bytes.Buffer
	rest, ok := rewrite(&out, b, 0)
	return out.Bytes(), len(b) - len(rest), ok
}

// pieced are the tags of strings in pieces: OCTET STRING, UTF8String and the
// others that a name may have.
var pieced = []byte{0x24, 0x2c, 0x32, 0x33, 0x34, 0x36, 0x3c, 0x3e}

func rewrite(out *bytes.Buffer, b []byte, depth int) (rest []byte, ok bool) {
	tag, content, rest, ok := header(b)
	if !ok || depth > maxNesting {
		return nil, false
	}
	constructed := tag[0]&0x20 != 0
	if !constructed {
		if content == nil { // an indefinite length needs parts
			return nil, false
		}
		write(out, tag, content)
		return rest, true
	}
	var inner bytes.Buffer
	if content != nil {
		for len(content) > 0 {
			if content, ok = rewrite(&inner, content, depth+1); !ok {
				return nil, false
			}
		}
	} else {
		for !bytes.HasPrefix(rest, []byte{0, 0}) {
			if rest, ok = rewrite(&inner, rest, depth+1); !ok {
				return nil, false
			}
		}
		rest = rest[2:]
	}
	if bytes.IndexByte(pieced, tag[0]) >= 0 {
		joined, ok := joinPieces(inner.Bytes())
		if !ok {
			return nil, false
		}
		write(out, []byte{tag[0] &^ 0x20}, joined)
		return rest, true
	}
	write(out, tag, inner.Bytes())
	return rest, true
}

// header reads tag and length; content is nil, and rest all that follows, where
// the length is indefinite.
func header(b []byte) (tag, content, rest []byte, ok bool) {
	n := 1
	if len(b) > 0 && b[0]&0x1f == 0x1f {
		for n < len(b) && b[n]&0x80 != 0 {
			n++
		}
		n++
	}
	if n >= len(b) {
		return nil, nil, nil, false
	}
	tag, b = b[:n], b[n:]
	length := int(b[0])
	b = b[1:]
	switch {
	case length == 0x80:
		return tag, nil, b, true
	case length > 0x80:
		size := length & 0x7f
		if size > len(b) {
			return nil, nil, nil, false
		}
		length = 0
		for _, c := range b[:size] {
			if length > MaxSize {
				return nil, nil, nil, false
			}
			length = length<<8 | int(c)
		}
		b = b[size:]
	}
	if length > len(b) {
		return nil, nil, nil, false
	}
	return tag, b[:length:length], b[length:], true
}

// write writes a value with a minimal length.
func write(out *bytes.Buffer, tag, content []byte) {
	out.Write(tag)
	n := len(content)
	switch {
	case n < 0x80:
		out.WriteByte(byte(n))
	case n < 1<<8:
		out.Write([]byte{0x81, byte(n)})
	case n < 1<<16:
		out.Write([]byte{0x82, byte(n >> 8), byte(n)})
	default:
		out.Write([]byte{0x83, byte(n >> 16), byte(n >> 8), byte(n)})
	}
	out.Write(content)
}

// joinPieces puts the pieces of a string together.
func joinPieces(pieces cryptobyte.String) ([]byte, bool) {
	var out []byte
	for !pieces.Empty() {
		var piece cryptobyte.String
		var tag asn1.Tag
		if !pieces.ReadAnyASN1(&piece, &tag) {
			return nil, false
		}
		out = append(out, piece...)
	}
	return out, true
}
