package certtest

import (
	"strings"
)

// oddNames are odd in their names and times.
var oddNames = []exhibit{
	{name: "printable-underscore", category: "a PrintableString with an underscore", read: "o", edit: put(memberSubject, commonName("1303705f63"))},
	{name: "printable-at", category: "a PrintableString with @ and *", read: "o", edit: put(memberSubject, commonName("130470402a63"))},
	{name: "printable-ampersand", category: "a PrintableString with an ampersand", read: "og", edit: put(memberSubject, commonName("1303412642"))},
	{name: "name-bmp", category: "a BMPString in the name", read: "og", edit: put(memberSubject, commonName("1e040050004c"))},
	{name: "name-bmp-odd", category: "a BMPString of an odd length", read: "", edit: put(memberSubject, commonName("1e03005000"))},
	{name: "name-universal", category: "a UniversalString in the name", read: "o", edit: put(memberSubject, commonName("1c0400000050"))},
	{name: "name-universal-odd", category: "a UniversalString of an odd length", read: "", edit: put(memberSubject, commonName("1c03000050"))},
	{name: "name-t61", category: "a T61String in the name", read: "og", edit: put(memberSubject, commonName("140350e443"))},
	{name: "name-latin-1", category: "Latin-1 in a UTF8String", read: "", edit: put(memberSubject, commonName("0c0350e443"))},
	{name: "name-numeric", category: "a NumericString with letters", read: "o", edit: put(memberSubject, commonName("1203 504c43"))},
	{name: "name-bits", category: "a BIT STRING in the name", read: "o", edit: put(memberSubject, commonName("03020050"))},
	{name: "name-general", category: "a GeneralString in the name", read: "", edit: put(memberSubject, commonName("1b03504c43"))},
	{name: "name-ia5-high", category: "an IA5String with an umlaut", read: "o", edit: put(memberSubject, commonName("160350e443"))},
	{name: "name-integer", category: "a number in the name", read: "", edit: put(memberSubject, commonName("020105"))},
	{name: "name-nul", category: "a NUL in the common name", read: "og", edit: put(memberSubject, commonName("0c03500043"))},
	{name: "name-empty-value", category: "an empty common name", read: "og", edit: put(memberSubject, commonName("0c00"))},
	{name: "name-long", category: "a common name of 200 characters", read: "og", of: Options{CommonName: strings.Repeat("plc", 67)}},
	{name: "name-two-in-one", category: "two attributes in one RDN", read: "og", edit: put(memberSubject, "3018 3116 3008 0603550403 0c0141 300a 060355040b 0c03504c43")},
	{name: "name-empty-rdn", category: "an RDN without attributes", read: "og", edit: put(memberSubject, "30023100")},
	{name: "subject-empty", category: "an empty subject", read: "og", edit: put(memberSubject, "3000")},
	{name: "issuer-empty", category: "an empty issuer", read: "og", edit: put(memberIssuer, "3000")},
	{name: "name-oid-broken", category: "an attribute type that is no object identifier", read: "", edit: put(memberSubject, "300c310a30080603550483 0c0141")},
	{name: "time-no-seconds", category: "UTCTime without seconds", read: "og", edit: put(memberValidity, validity("1717", "2605311200Z", "2705311200Z"))},
	{name: "time-offset", category: "UTCTime with an offset", read: "og", edit: put(memberValidity, validity("1717", "260531120000+0200", "270531120000+0200"))},
	{name: "time-generalized", category: "GeneralizedTime before 2050", read: "og", edit: put(memberValidity, validity("1818", "20260531120000Z", "20270531120000Z"))},
	{name: "time-fraction", category: "fractions of a second", read: "o", edit: put(memberValidity, validity("1818", "20260531120000.5Z", "20270531120000.5Z"))},
	{name: "time-9999", category: "no end: the year 9999", read: "og", edit: put(memberValidity, validity("1718", "260531120000Z", "99991231235959Z"))},
	{name: "time-backwards", category: "an end before its beginning", read: "og", edit: put(memberValidity, validity("1717", "270531120000Z", "260531120000Z"))},
	{name: "time-month-13", category: "a thirteenth month", read: "o", edit: put(memberValidity, validity("1717", "261331120000Z", "271331120000Z"))},
	{name: "time-words", category: "words instead of a time", read: "o", edit: put(memberValidity, validity("1717", "yesterday", "tomorrow"))},
	{name: "time-empty", category: "times without content", read: "o", edit: put(memberValidity, "3004 1700 1700")},
	{name: "time-utf8", category: "times that are strings", read: "", edit: put(memberValidity, validity("0c0c", "260531120000Z", "270531120000Z"))},
	{name: "time-one", category: "one time only", read: "", edit: put(memberValidity, "300f170d3236303533313132303030305a")},
}
