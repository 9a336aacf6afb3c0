package certtest

import (
	"math/big"
)

// oddStructures are odd in the frame of the certificate, its version or its
// serial number.
var oddStructures = []exhibit{
	{name: "sound", category: "nothing unusual", read: "og"},
	{name: "trailing-byte", category: "a byte after the DER", read: "o", bytes: behind("00")},
	{name: "trailing-newline", category: "a line break after the DER", read: "o", bytes: behind("0a")},
	{name: "trailing-certificate", category: "a chain written as one blob", read: "o", bytes: func(der []byte) []byte { return append(der, der...) }},
	{name: "fourth-member", category: "a fourth member beside the signature", read: "g", after: func(whole *node) { whole.kids = append(whole.kids, raw("0500")) }},
	{name: "truncated", category: "cut short", read: "", bytes: func(der []byte) []byte { return der[:len(der)-20] }},
	{name: "head-only", category: "only the first bytes", read: "", bytes: func(der []byte) []byte { return der[:20] }},
	{name: "length-too-long", category: "a length beyond the end", read: "", bytes: func(der []byte) []byte { der[3]++; return der }},
	{name: "not-a-sequence", category: "another tag around it all", read: "", bytes: func(der []byte) []byte { der[0] = 0x31; return der }},
	{name: "indefinite-length", category: "BER with an indefinite length", read: "o", bytes: func(der []byte) []byte { return append(append([]byte{0x30, 0x80}, der[4:]...), 0, 0) }},
	{name: "long-length", category: "BER with a length in more bytes than needed", read: "o", bytes: func(der []byte) []byte { return append([]byte{0x30, 0x83, 0}, der[2:]...) }},
	{name: "inner-long-length", category: "BER inside: the validity has a long length", read: "o", edit: func(tbs *node) {
		v := tbs.kids[memberValidity].der()
		tbs.kids[memberValidity] = &node{raw: append([]byte{v[0], 0x81}, v[1:]...)}
	}},
	{name: "tbs-extra-member", category: "a member after the extensions", read: "g", edit: func(tbs *node) { tbs.kids = append(tbs.kids, raw("0500")) }},
	{name: "no-key", category: "no public key", read: "", edit: drop(memberKey, memberKey)},
	{name: "no-issuer", category: "no issuer", read: "", edit: drop(memberIssuer, memberIssuer)},
	{name: "no-validity", category: "no validity", read: "", edit: drop(memberValidity, memberValidity)},
	{name: "no-serial", category: "no serial number", read: "", edit: drop(memberSerial, memberSerial)},
	{name: "no-signature", category: "the signature is missing", read: "", after: func(whole *node) { whole.kids = whole.kids[:2] }},
	{name: "issuer-is-a-set", category: "a wrong tag on the issuer", read: "", edit: func(tbs *node) { tbs.kids[memberIssuer].tag = 0x31 }},
	{name: "unique-ids", category: "unique identifiers of old", read: "og", edit: func(tbs *node) {
		tbs.kids = append(tbs.kids[:memberExtensions:memberExtensions], raw("81020041"), raw("82020042"), tbs.kids[memberExtensions])
	}},
	{name: "version-1", category: "version 1", read: "og", of: Options{Version: 1}},
	{name: "version-1-explicit", category: "version 1 spelt out", read: "og", of: Options{Version: 1}, edit: func(tbs *node) { tbs.kids = append([]*node{raw("a003020100")}, tbs.kids...) }},
	{name: "version-1-extensions", category: "version 1 with extensions", read: "og", edit: drop(memberVersion, memberVersion)},
	{name: "version-2", category: "version 2", read: "og", of: Options{Version: 2}},
	{name: "version-4", category: "version 4", read: "o", edit: put(memberVersion, "a003020103")},
	{name: "version-huge", category: "an absurd version number", read: "og", edit: put(memberVersion, "a00a0208 7fffffffffffffff")},
	{name: "version-empty", category: "a version that is no number", read: "", edit: put(memberVersion, "a0020200")},
	{name: "serial-negative", category: "a negative serial number", read: "o", of: Options{Serial: big.NewInt(-5)}},
	{name: "serial-zero", category: "serial number zero", read: "og", of: Options{Serial: new(big.Int)}},
	{name: "serial-long", category: "a serial number of 40 octets", read: "og", of: Options{Serial: new(big.Int).Lsh(big.NewInt(0x55), 312)}},
	{name: "serial-padded", category: "a serial number with a superfluous leading byte", read: "", edit: put(memberSerial, "02020005")},
	{name: "serial-empty", category: "a serial number without content", read: "", edit: put(memberSerial, "0200")},
	{name: "serial-octets", category: "a serial number that is no INTEGER", read: "", edit: put(memberSerial, "040105")},
}
