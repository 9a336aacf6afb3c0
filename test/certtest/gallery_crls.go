package certtest

import (
	"crypto"
	"math/big"
)

// oddCRLs are revocation lists.
var oddCRLs = []exhibit{
	{name: "crl-sound", category: "nothing unusual", read: "og", crl: &CRLOptions{}},
	{name: "crl-revoking", category: "two entries", read: "og", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(10), big.NewInt(11)}}},
	{name: "crl-version-1", category: "version 1", read: "o", crl: &CRLOptions{Version: 1, Revoked: []*big.Int{big.NewInt(10)}}},
	{name: "crl-version-1-extensions", category: "version 1 with extensions", read: "o", crl: &CRLOptions{}, edit: drop(0, 0)},
	{name: "crl-version-3", category: "version 3", read: "o", crl: &CRLOptions{}, edit: put(0, "020102")},
	{name: "crl-version-explicit-1", category: "version 1 spelt out", read: "o", crl: &CRLOptions{Version: 1}, edit: func(tbs *node) { tbs.kids = append([]*node{raw("020100")}, tbs.kids...) }},
	{name: "crl-open-ended", category: "no next update", read: "og", crl: &CRLOptions{NoNextUpdate: true}},
	{name: "crl-backwards", category: "a next update before this one", read: "og", crl: &CRLOptions{ThisUpdate: Epoch(), NextUpdate: Epoch().AddDate(0, 0, -5)}},
	{name: "crl-empty-list", category: "a list of entries without one", read: "og", crl: &CRLOptions{}, edit: func(tbs *node) { tbs.kids = append(tbs.kids[:5:5], raw("3000"), tbs.kids[5]) }},
	{name: "crl-same-serial", category: "the same serial number twice", read: "og", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(10), big.NewInt(10)}}},
	{name: "crl-negative-serial", category: "a negative serial number among the entries", read: "og", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(-10)}}},
	{name: "crl-zero-serial", category: "serial number zero among the entries", read: "og", crl: &CRLOptions{Revoked: []*big.Int{new(big.Int)}}},
	{name: "crl-huge-serial", category: "a serial number of 40 octets among the entries", read: "og", crl: &CRLOptions{Revoked: []*big.Int{new(big.Int).Lsh(big.NewInt(0x55), 312)}}},
	{name: "crl-no-number", category: "no CRL number", read: "og", crl: &CRLOptions{NoNumber: true}},
	{name: "crl-huge-number", category: "a CRL number of 40 octets", read: "og", crl: &CRLOptions{Number: new(big.Int).Lsh(big.NewInt(0x55), 312)}},
	{name: "crl-negative-number", category: "a negative CRL number", read: "og", crl: &CRLOptions{Number: big.NewInt(-1)}},
	{name: "crl-no-authority", category: "no authority key identifier", read: "og", crl: &CRLOptions{NoAuthorityKeyID: true}},
	{name: "crl-sha1", category: "a SHA-1 signature", read: "og", crl: &CRLOptions{Hash: crypto.SHA1}},
	{name: "crl-wrong-signature", category: "a signature that does not verify", read: "og", crl: &CRLOptions{BadSignature: true}},
	{name: "crl-unknown-signature", category: "a signature of an unknown algorithm", read: "og", crl: &CRLOptions{}, edit: put(1, "3005 06032a0304"), after: func(whole *node) { whole.kids[1] = raw("3005 06032a0304") }},
	{name: "crl-differs", category: "two different names of the signature algorithm", read: "o", crl: &CRLOptions{}, after: func(whole *node) { whole.kids[1] = raw("3005 06032a0304") }},
	{name: "crl-delta", category: "a delta CRL", read: "og", crl: &CRLOptions{}, edit: extend(ext(27, "0101ff", "020101"))},
	{name: "crl-indirect", category: "an indirect CRL", read: "og", crl: &CRLOptions{}, edit: extend(ext(28, "0101ff", "30038401ff"))},
	{name: "crl-users-only", category: "a CRL for user certificates only", read: "og", crl: &CRLOptions{}, edit: extend(ext(28, "0101ff", "30038101ff"))},
	{name: "crl-some-reasons", category: "a CRL for some reasons only", read: "og", crl: &CRLOptions{}, edit: extend(ext(28, "0101ff", "300483020640"))},
	{name: "crl-distribution-garbage", category: "an issuing distribution point that is no SEQUENCE", read: "og", crl: &CRLOptions{}, edit: extend(ext(28, "0101ff", "0500"))},
	{name: "crl-critical-unknown", category: "a critical extension that nobody knows", read: "og", crl: &CRLOptions{}, edit: extend(ext(99, "0101ff", "0500"))},
	{name: "crl-extension-twice", category: "the same extension twice", read: "og", crl: &CRLOptions{}, edit: extend(ext(20, "", "020102"))},
	{name: "crl-reason", category: "an entry with a reason", read: "og", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(10), big.NewInt(11)}}, edit: func(tbs *node) {
		tbs.kids[5].kids[0].kids = append(tbs.kids[5].kids[0].kids, raw("300c 300a 0603551d15 04030a0101"))
	}},
	{name: "crl-remove", category: "an entry that takes a revocation back", read: "og", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(10), big.NewInt(11)}}, edit: func(tbs *node) {
		tbs.kids[5].kids[0].kids = append(tbs.kids[5].kids[0].kids, raw("300c 300a 0603551d15 04030a0108"))
	}},
	{name: "crl-reason-garbage", category: "an entry with a reason that is none", read: "o", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(10), big.NewInt(11)}}, edit: func(tbs *node) {
		tbs.kids[5].kids[0].kids = append(tbs.kids[5].kids[0].kids, raw("300b 3009 0603551d15 04020500"))
	}},
	{name: "crl-entry-critical", category: "an entry with a critical extension that nobody knows", read: "og", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(10), big.NewInt(11)}}, edit: func(tbs *node) {
		tbs.kids[5].kids[0].kids = append(tbs.kids[5].kids[0].kids, raw("300e 300c 0603551d63 0101ff 04020500"))
	}},
	{name: "crl-certificate-issuer", category: "an entry of another issuer", read: "og", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(10), big.NewInt(11)}}, edit: func(tbs *node) {
		tbs.kids[5].kids[0].kids = append(tbs.kids[5].kids[0].kids, raw("3015 3013 0603551d1d 0101ff 0409 3007 8605 75726e3a61"))
	}},
	{name: "crl-entry-extra", category: "an entry with a member that does not belong", read: "g", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(10), big.NewInt(11)}}, edit: func(tbs *node) { e := tbs.kids[5].kids[0]; e.kids = append(e.kids, raw("0500")) }},
	{name: "crl-entry-no-date", category: "an entry without a date", read: "", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(10), big.NewInt(11)}}, edit: func(tbs *node) { e := tbs.kids[5].kids[0]; e.kids = e.kids[:1] }},
	{name: "crl-entry-garbage", category: "an entry that is none", read: "", crl: &CRLOptions{Revoked: []*big.Int{big.NewInt(10), big.NewInt(11)}}, edit: func(tbs *node) { tbs.kids[5].kids[0] = raw("0500") }},
	{name: "crl-time-offset", category: "a time with an offset", read: "og", crl: &CRLOptions{}, edit: func(tbs *node) { tbs.kids[3] = &node{raw: tlv(0x17, []byte("260531120000+0200"))} }},
	{name: "crl-time-no-seconds", category: "a time without seconds", read: "og", crl: &CRLOptions{}, edit: func(tbs *node) { tbs.kids[3] = &node{raw: tlv(0x17, []byte("2605311200Z"))} }},
	{name: "crl-time-words", category: "words instead of a time", read: "o", crl: &CRLOptions{}, edit: func(tbs *node) { tbs.kids[3] = &node{raw: tlv(0x17, []byte("yesterday"))} }},
	{name: "crl-no-time", category: "no time at all", read: "", crl: &CRLOptions{NoNextUpdate: true, Version: 1}, edit: func(tbs *node) { tbs.kids = tbs.kids[:2] }},
	{name: "crl-issuer-empty", category: "an empty issuer", read: "og", crl: &CRLOptions{}, edit: put(2, "3000")},
	{name: "crl-issuer-underscore", category: "a PrintableString with an underscore", read: "o", crl: &CRLOptions{}, edit: put(2, commonName("1303705f63"))},
	{name: "crl-trailing", category: "a line break after the DER", read: "og", crl: &CRLOptions{}, bytes: behind("0a")},
	{name: "crl-truncated", category: "cut short", read: "", crl: &CRLOptions{}, bytes: func(der []byte) []byte { return der[:len(der)-20] }},
	{name: "crl-indefinite-length", category: "BER with an indefinite length", read: "o", crl: &CRLOptions{}, bytes: func(der []byte) []byte { return append(append([]byte{0x30, 0x80}, der[headerSize(der):]...), 0, 0) }},
	{name: "crl-12-kilobytes", category: "300 entries", read: "og", crl: &CRLOptions{Revoked: serials(300)}},
}
