package decode

import (
	"encoding/hex"
	"math/big"
	"strings"
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

// readExtensions reads the SEQUENCE OF Extension. It stops at what it cannot
// read. Of two with the same identifier both are there; users take the first.
func readExtensions(list cryptobyte.String) []extension {
	var body cryptobyte.String
	if !list.ReadASN1(&body, asn1.SEQUENCE) {
		return nil
	}
	var out []extension
	for !body.Empty() {
		var one, oid, value cryptobyte.String
		if !body.ReadASN1(&one, asn1.SEQUENCE) || !one.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
			!one.SkipOptionalASN1(asn1.BOOLEAN) || !one.ReadASN1(&value, asn1.OCTET_STRING) {
			break
		}
		out = append(out, extension{oid: string(oid), value: value})
	}
	return out
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

// complaint makes the text of an error of crypto/x509 fit for a message: it
// may quote the certificate.
func complaint(err error) string {
	const limit = 200
	text := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(err.Error(), "?"))
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
