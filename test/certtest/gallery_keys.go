package certtest

import (
	"crypto"
)

// oddKeys are odd in the public key or the signature. Most points are on no
// curve: a parser that looks only at the form does not mind.
var oddKeys = []exhibit{
	{name: "rsa-no-null", category: "an RSA key without its NULL parameters", read: "o", edit: put(memberKey, spki("06092a864886f70d010101", rsaKey("00c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "010001")))},
	{name: "rsa-negative-modulus", category: "an RSA modulus that is negative", read: "o", edit: put(memberKey, spki("06092a864886f70d0101010500", rsaKey("c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "010001")))},
	{name: "rsa-zero-modulus", category: "an RSA modulus of zero", read: "o", edit: put(memberKey, spki("06092a864886f70d0101010500", rsaKey("00", "010001")))},
	{name: "rsa-padded-modulus", category: "an RSA modulus with superfluous zeros", read: "o", edit: put(memberKey, spki("06092a864886f70d0101010500", rsaKey("0000c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "010001")))},
	{name: "rsa-zero-exponent", category: "an RSA exponent of zero", read: "o", edit: put(memberKey, spki("06092a864886f70d0101010500", rsaKey("00c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "00")))},
	{name: "rsa-negative-exponent", category: "an RSA exponent that is negative", read: "o", edit: put(memberKey, spki("06092a864886f70d0101010500", rsaKey("00c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "ff")))},
	{name: "rsa-huge-exponent", category: "an RSA exponent of 64 bits", read: "og", edit: put(memberKey, spki("06092a864886f70d0101010500", rsaKey("00c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "7fffffffffffffff")))},
	{name: "rsa-garbage", category: "an RSA key that is no key", read: "o", edit: put(memberKey, spki("06092a864886f70d0101010500", "deadbeef"))},
	{name: "rsa-pss-key", category: "a key for RSA-PSS alone", read: "og", edit: put(memberKey, spki("06092a864886f70d01010a", rsaKey("00c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "010001")))},
	{name: "rsa-512", category: "an RSA key of 512 bits", read: "og", edit: put(memberKey, spki("06092a864886f70d0101010500", rsaKey("00c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1", "010001")))},
	{name: "ec-brainpoolp256r1", category: "a key on the curve brainpoolP256r1", read: "o", edit: put(memberKey, spki("06072a8648ce3d020106092b2403030208010107", "0411111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "ec-brainpoolp384r1", category: "a key on the curve brainpoolP384r1", read: "o", edit: put(memberKey, spki("06072a8648ce3d020106092b240303020801010b", "04111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "ec-brainpoolp512r1", category: "a key on the curve brainpoolP512r1", read: "o", edit: put(memberKey, spki("06072a8648ce3d020106092b240303020801010d", "041111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "ec-secp256k1", category: "a key on the curve secp256k1", read: "o", edit: put(memberKey, spki("06072a8648ce3d020106052b8104000a", "0411111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "ec-p192", category: "a key on the curve p192", read: "o", edit: put(memberKey, spki("06072a8648ce3d020106082a8648ce3d030101", "04111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "ec-sm2", category: "a key on the curve sm2", read: "o", edit: put(memberKey, spki("06072a8648ce3d020106082a811ccf5501822d", "0411111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "ec-explicit", category: "an elliptic curve that is spelt out", read: "o", edit: put(memberKey, explicitCurve)},
	{name: "ec-compressed", category: "a compressed point", read: "o", edit: put(memberKey, spki("06072a8648ce3d020106082a8648ce3d030107", "021111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "ec-no-curve", category: "an elliptic curve key without a curve", read: "o", edit: put(memberKey, spki("06072a8648ce3d0201", "0411111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "ed25519", category: "an Ed25519 key", read: "og", edit: put(memberKey, spki("06032b6570", "1111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "ed448", category: "an Ed448 key", read: "og", edit: put(memberKey, spki("06032b6571", "111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "x25519", category: "a key that can only agree on keys", read: "og", edit: put(memberKey, spki("06032b656e", "1111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "gost", category: "a GOST key", read: "og", edit: put(memberKey, spki("06082a85030701010101 3013 06072a85030202230106082a85030701010202", "044011111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"))},
	{name: "dsa", category: "a DSA key without parameters", read: "o", edit: put(memberKey, spki("06072a8648ce380401", "020105"))},
	{name: "key-unknown", category: "a key of an unknown algorithm", read: "og", edit: put(memberKey, spki("06032a0304", "deadbeef"))},
	{name: "key-bits-9", category: "a public key with nine unused bits", read: "", edit: put(memberKey, "300d 3005 06032a0304 0304 09deadbe")},
	{name: "key-empty-bits", category: "a public key without content", read: "", edit: put(memberKey, "3009 3005 06032a0304 0300")},
	{name: "signature-wrong", category: "a signature that does not verify", read: "og", of: Options{BadSignature: true}},
	{name: "signature-sha1", category: "a SHA-1 signature", read: "og", of: Options{Hash: crypto.SHA1}},
	{name: "signature-unknown", category: "a signature of an unknown algorithm", read: "og", of: Options{RawSignatureAlgorithm: raw("3005 06032a0304").raw}},
	{name: "signature-md2", category: "an MD2 signature", read: "og", of: Options{RawSignatureAlgorithm: raw("300d 06092a864886f70d0101020500").raw}},
	{name: "signature-pss", category: "an RSA-PSS signature without parameters", read: "og", of: Options{RawSignatureAlgorithm: raw("300d 06092a864886f70d01010a3000").raw}},
	{name: "signature-differs", category: "two different names of the signature algorithm", read: "o", after: func(whole *node) { whole.kids[1] = raw("300c 06082a8648ce3d0403020500") }},
	{name: "signature-empty", category: "an empty signature", read: "og", after: func(whole *node) { whole.kids[2] = raw("030100") }},
	{name: "signature-no-bits", category: "a signature without content", read: "", after: func(whole *node) { whole.kids[2] = raw("0300") }},
	{name: "signature-octets", category: "a signature that is no BIT STRING", read: "", after: func(whole *node) { whole.kids[2] = raw("0402dead") }},
	{name: "signature-unused-bits", category: "a signature with unused bits", read: "o", after: func(whole *node) { whole.kids[2].content[0] = 3 }},
}
