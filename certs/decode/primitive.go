package decode

import (
	"encoding/hex"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// serialText writes the content of an INTEGER, whatever its sign, length and
// padding: lower-case hex of whole bytes, with a minus when negative.
func serialText(content []byte) string {
	if len(content) == 0 {
		return ""
	}
	sign := ""
	magnitude := content
	if content[0]&0x80 != 0 {
		n := new(big.Int).SetBytes(content)
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(content))*8))
		sign, magnitude = "-", n.Bytes()
	}
	for len(magnitude) > 1 && magnitude[0] == 0 {
		magnitude = magnitude[1:]
	}
	return sign + hex.EncodeToString(magnitude)
}

// readInteger reads the content of an INTEGER of any size. OpenSSL accepts any
// sign, but neither an empty one nor one with superfluous leading bytes.
func readInteger(s *cryptobyte.String, content *cryptobyte.String) bool {
	if !s.ReadASN1(content, asn1.INTEGER) || len(*content) == 0 {
		return false
	}
	c := *content
	return len(c) == 1 || !(c[0] == 0 && c[1]&0x80 == 0 || c[0] == 0xff && c[1]&0x80 != 0)
}

// smallInteger is the value of an INTEGER of up to four bytes, -1 for another.
func smallInteger(content []byte) int {
	if len(content) > 4 || len(content) == 0 || content[0]&0x80 != 0 {
		return -1
	}
	n := 0
	for _, c := range content {
		n = n<<8 | int(c)
	}
	return n
}

// readBits reads a BIT STRING and leaves its bytes.
func readBits(s *cryptobyte.String, bits *cryptobyte.String) bool {
	var unused uint8
	return s.ReadASN1(bits, asn1.BIT_STRING) && bits.ReadUint8(&unused) && unused <= 7
}

// readAlgorithm reads an AlgorithmIdentifier as an element.
func readAlgorithm(s *cryptobyte.String, element *cryptobyte.String) bool {
	if !s.ReadASN1Element(element, asn1.SEQUENCE) {
		return false
	}
	var body cryptobyte.String
	inner := *element
	if !inner.ReadASN1(&body, asn1.SEQUENCE) || !readOID(&body) {
		return false
	}
	if !body.Empty() {
		var parameters cryptobyte.String
		var tag asn1.Tag
		return body.ReadAnyASN1(&parameters, &tag) && body.Empty()
	}
	return true
}

// readOID skips an OBJECT IDENTIFIER that is one.
func readOID(s *cryptobyte.String) bool {
	var oid cryptobyte.String
	if !s.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || len(oid) == 0 || oid[len(oid)-1]&0x80 != 0 {
		return false
	}
	for i, c := range oid {
		if c == 0x80 && (i == 0 || oid[i-1]&0x80 == 0) {
			return false // a superfluous leading digit
		}
	}
	return true
}

// readTime reads a UTCTime or GeneralizedTime in the forms of the field, and
// reports whether there was one; an unreadable one is the zero time.
func readTime(s *cryptobyte.String) (time.Time, bool) {
	var content cryptobyte.String
	var tag asn1.Tag
	rest := *s
	if !rest.ReadAnyASN1(&content, &tag) || tag != asn1.UTCTime && tag != asn1.GeneralizedTime {
		return time.Time{}, false
	}
	*s = rest
	return parseTime(string(content), tag == asn1.UTCTime), true
}

func parseTime(text string, short bool) time.Time {
	// RFC 5280 allows the first of each; the others are older DER and BER.
	layouts := []string{"20060102150405Z", "20060102150405.999Z", "20060102150405Z0700", "20060102150405", "200601021504Z"}
	if short {
		layouts = []string{"060102150405Z", "0601021504Z", "060102150405Z0700", "0601021504Z0700"}
	}
	for _, layout := range layouts {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		// Go turns the century at 69, X.509 at 50.
		if short && t.Year() >= 2050 {
			t = t.AddDate(-100, 0, 0)
		}
		return t.UTC()
	}
	return time.Time{}
}

// extension is one extension of a certificate or a CRL.
type extension struct {
	oid   string // content bytes
	value cryptobyte.String
}

// readExtensions reads the SEQUENCE OF Extension, and reports whether it is
// one. Of two with the same identifier both are there; users take the first.
func readExtensions(list cryptobyte.String) ([]extension, bool) {
	var body cryptobyte.String
	if !list.ReadASN1(&body, asn1.SEQUENCE) || !list.Empty() {
		return nil, false
	}
	var out []extension
	for !body.Empty() {
		var one, oid, value cryptobyte.String
		if !body.ReadASN1(&one, asn1.SEQUENCE) {
			return nil, false
		}
		checked := one
		if !readOID(&checked) || !one.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
			!one.SkipOptionalASN1(asn1.BOOLEAN) || !one.ReadASN1(&value, asn1.OCTET_STRING) || !one.Empty() {
			return nil, false
		}
		out = append(out, extension{oid: string(oid), value: value})
	}
	return out, true
}

// readBool reads a BOOLEAN as BER has it: anything but zero is true.
func readBool(s *cryptobyte.String, value *bool) bool {
	var content cryptobyte.String
	if !s.ReadASN1(&content, asn1.BOOLEAN) || len(content) != 1 {
		return false
	}
	*value = content[0] != 0
	return true
}

// skipTime skips a time, readable or not.
func skipTime(s *cryptobyte.String) bool {
	_, ok := readTime(s)
	return ok
}

// find returns the first extension id-ce n.
func find(all []extension, n byte) (cryptobyte.String, bool) {
	want := string([]byte{0x55, 0x1d, n})
	for _, e := range all {
		if e.oid == want {
			return e.value, true
		}
	}
	return nil, false
}

// authority reads an authority key identifier.
func authority(all []extension) (keyID, serial string) {
	value, _ := find(all, 35)
	var body cryptobyte.String
	if !value.ReadASN1(&body, asn1.SEQUENCE) {
		return "", ""
	}
	for !body.Empty() {
		var member cryptobyte.String
		var tag asn1.Tag
		if !body.ReadAnyASN1(&member, &tag) {
			break
		}
		switch tag {
		case asn1.Tag(0).ContextSpecific():
			keyID = hex.EncodeToString(member)
		case asn1.Tag(2).ContextSpecific():
			serial = serialText(member)
		}
	}
	return keyID, serial
}
