package decode

import (
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// distinguishedName is a Name as RFC 4514 text, the most specific part first,
// and its common name. crypto/x509/pkix is not used for it: it refuses the
// string types and characters that devices put into names, and it loses the
// order of the parts.
func distinguishedName(raw cryptobyte.String) (text, commonName string, ok bool) {
	var rdns cryptobyte.String
	if !raw.ReadASN1(&rdns, asn1.SEQUENCE) {
		return "", "", false
	}
	var parts []string
	for !rdns.Empty() {
		var rdn cryptobyte.String
		if !rdns.ReadASN1(&rdn, asn1.SET) {
			return "", "", false
		}
		var attributes []string
		for !rdn.Empty() {
			name, value, plain, ok := attribute(&rdn)
			if !ok {
				return "", "", false
			}
			if name == "CN" {
				commonName = plain
			}
			attributes = append(attributes, name+"="+value)
		}
		parts = append(parts, strings.Join(attributes, "+"))
	}
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, ","), commonName, true
}

// attribute reads one type and value: escaped, and plain.
func attribute(rdn *cryptobyte.String) (name, value, plain string, ok bool) {
	var pair, oid, content cryptobyte.String
	var element cryptobyte.String
	var tag asn1.Tag
	if !rdn.ReadASN1(&pair, asn1.SEQUENCE) {
		return "", "", "", false
	}
	checked := pair
	if !readOID(&checked) || !pair.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
		!pair.ReadAnyASN1Element(&element, &tag) || !pair.Empty() {
		return "", "", "", false
	}
	whole := element
	if !element.ReadAnyASN1(&content, &tag) {
		return "", "", "", false
	}
	if !nameable(tag, content) {
		return "", "", "", false
	}
	plain, isString := stringValue(tag, content)
	name = attributeName(oid)
	if name == "" || !isString {
		if name == "" {
			name = dotted(oid)
		}
		return name, "#" + hex.EncodeToString(whole), plain, true
	}
	return name, escaped(plain), plain, true
}

// nameable reports whether OpenSSL takes the value in a name: of most types
// anything goes, but it must be able to compare strings of Unicode.
func nameable(tag asn1.Tag, content []byte) bool {
	switch tag {
	case asn1.UTF8String:
		return utf8.Valid(content)
	case 28, 30: // UniversalString, BMPString
		_, ok := stringValue(tag, content)
		return ok
	case 3, 7, 8, 9, 11, 13, 14, 15, 18, 19, 20, 22, 29, asn1.SEQUENCE:
		return true
	}
	return false
}

// attributeName is the short name of RFC 4514, and of the two more that
// certificates of devices have; "" for another type.
func attributeName(oid []byte) string {
	switch string(oid) {
	case "\x55\x04\x03":
		return "CN"
	case "\x55\x04\x05":
		return "SERIALNUMBER"
	case "\x55\x04\x06":
		return "C"
	case "\x55\x04\x07":
		return "L"
	case "\x55\x04\x08":
		return "ST"
	case "\x55\x04\x09":
		return "STREET"
	case "\x55\x04\x0a":
		return "O"
	case "\x55\x04\x0b":
		return "OU"
	case "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01":
		return "UID"
	case "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19":
		return "DC"
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01":
		return "emailAddress"
	}
	return ""
}

// stringValue reads a string of any type, whatever characters it holds.
func stringValue(tag asn1.Tag, content []byte) (string, bool) {
	switch tag {
	case asn1.UTF8String, asn1.PrintableString, asn1.IA5String, asn1.T61String, 18: // NumericString
		return lenientText(content), true
	case 30: // BMPString
		if len(content)%2 != 0 {
			return "", false
		}
		units := make([]uint16, len(content)/2)
		for i := range units {
			units[i] = uint16(content[2*i])<<8 | uint16(content[2*i+1])
		}
		return string(utf16.Decode(units)), true
	case 28: // UniversalString
		if len(content)%4 != 0 {
			return "", false
		}
		runes := make([]rune, len(content)/4)
		for i := range runes {
			c := content[4*i : 4*i+4]
			runes[i] = rune(uint32(c[0])<<24 | uint32(c[1])<<16 | uint32(c[2])<<8 | uint32(c[3]))
			if !utf8.ValidRune(runes[i]) {
				return "", false
			}
		}
		return string(runes), true
	}
	return "", false
}

// lenientText is UTF-8, or else Latin-1, which is what devices write that do
// not write what they declare.
func lenientText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// escaped follows RFC 4514, 2.4; control characters too, since the text ends
// in messages.
func escaped(s string) string {
	if strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f || strings.ContainsRune(` "#+,;<>\`, c) }) < 0 {
		return s
	}
	var b strings.Builder
	for i, c := range s {
		switch {
		case c < ' ' || c == 0x7f:
			b.WriteByte('\\')
			b.WriteString(hex.EncodeToString([]byte{byte(c)}))
		case strings.ContainsRune(`"+,;<>\`, c), c == '#' && i == 0, c == ' ' && (i == 0 || i == len(s)-1):
			b.WriteByte('\\')
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// dotted is the decimal form of an object identifier.
func dotted(oid []byte) string {
	var b cryptobyte.Builder
	b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
	der, err := b.Bytes()
	if err != nil {
		return "unknown"
	}
	return dottedDER(der)
}
