package decode

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// form is what a DER value is by the tags of its first members. To look at
// the tags costs next to nothing and never depends on what a parser thinks of
// the content: a certificate with a strange extension still is a certificate.
type form int

const (
	formNone form = iota
	formCertificate
	formCRL
	formCSR
	formPKCS7
	formPKCS12
	formPublic         // SubjectPublicKeyInfo
	formPublicPKCS1    // RSAPublicKey
	formPKCS8          // PrivateKeyInfo
	formEncryptedPKCS8 // EncryptedPrivateKeyInfo
	formPKCS1          // RSAPrivateKey
	formEC             // ECPrivateKey, SEC 1
	formDSA            // the traditional form of OpenSSL
)

// String names the form in messages.
func (f form) String() string {
	switch f {
	case formCertificate:
		return "a certificate"
	case formCRL:
		return "a CRL"
	case formCSR:
		return "a certificate request"
	case formPKCS7:
		return "PKCS#7"
	case formPKCS12:
		return "PKCS#12"
	case formPublic, formPublicPKCS1:
		return "a public key"
	case formPKCS8, formEncryptedPKCS8, formPKCS1, formEC, formDSA:
		return "a private key"
	case formNone:
	}
	return "something else"
}

func (f form) private() bool { return f >= formPKCS8 }

// Object identifiers as the content bytes of their DER.
const (
	oidPKCS7      = "\x2a\x86\x48\x86\xf7\x0d\x01\x07"         // 1.2.840.113549.1.7
	oidData       = oidPKCS7 + "\x01"                          // its data
	oidSignedData = oidPKCS7 + "\x02"                          // its signedData
	oidEncrypted  = oidPKCS7 + "\x06"                          // its encryptedData
	oidPKCS5      = "\x2a\x86\x48\x86\xf7\x0d\x01\x05"         // 1.2.840.113549.1.5
	oidPBE        = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01"     // 1.2.840.113549.1.12.1
	oidBag        = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01" // 1.2.840.113549.1.12.10.1
)

// first is the first DER value of b and its form.
func first(b []byte) (cryptobyte.String, form) {
	s := cryptobyte.String(b)
	var element cryptobyte.String
	if !s.ReadASN1Element(&element, asn1.SEQUENCE) {
		return nil, formNone
	}
	return element, shape(element)
}

func shape(element cryptobyte.String) form {
	var body cryptobyte.String
	if !element.ReadASN1(&body, asn1.SEQUENCE) {
		return formNone
	}
	members := body
	all := tags(body)
	switch {
	case bytes.Equal(all, []byte{0x30, 0x30, 0x03}):
		return signedShape(body)
	case bytes.Equal(all, []byte{0x30, 0x03}) && leadingOID(body) != "":
		return formPublic
	case bytes.Equal(all, []byte{0x30, 0x04}) && isPBE(leadingOID(body)):
		return formEncryptedPKCS8
	case bytes.HasPrefix(all, []byte{0x06, 0xa0}):
		var oid cryptobyte.String
		if members.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) && string(oid) == oidSignedData {
			return formPKCS7
		}
		return formNone
	}
	return integerShape(body, all)
}

// integerShape tells the forms that begin with a version or a number.
func integerShape(body cryptobyte.String, all []byte) form {
	var number cryptobyte.String
	if !body.ReadASN1(&number, asn1.INTEGER) || len(number) == 0 {
		return formNone
	}
	version := number[len(number)-1]
	small := len(number) == 1
	switch {
	case small && version <= 1 && bytes.HasPrefix(all, []byte{0x02, 0x30, 0x04}) && leadingOID(body) != "":
		return formPKCS8
	case small && version == 3 && bytes.HasPrefix(all, []byte{0x02, 0x30}) && len(leadingOID(body)) == len(oidData):
		return formPKCS12
	case small && version <= 1 && bytes.Equal(all, bytes.Repeat([]byte{0x02}, maxTags)):
		return formPKCS1
	case small && version == 0 && bytes.Equal(all, bytes.Repeat([]byte{0x02}, 6)):
		return formDSA
	case small && version == 1 && bytes.HasPrefix(all, []byte{0x02, 0x04}):
		return formEC
	case bytes.Equal(all, []byte{0x02, 0x02}):
		// Two numbers are an ECDSA signature too; there they have one length.
		var exponent cryptobyte.String
		if body.ReadASN1(&exponent, asn1.INTEGER) && len(number) >= 64 && len(exponent) <= 8 {
			return formPublicPKCS1
		}
	}
	return formNone
}

// signedShape tells a certificate, a CRL and a request by what is signed.
func signedShape(body cryptobyte.String) form {
	var tbs cryptobyte.String
	if !body.ReadASN1(&tbs, asn1.SEQUENCE) {
		return formNone
	}
	all := tags(tbs)
	isTime := func(i int) bool { return len(all) > i && (all[i] == 0x17 || all[i] == 0x18) }
	switch {
	case bytes.HasPrefix(all, []byte{0xa0, 0x02, 0x30, 0x30, 0x30}), // version, serial, algorithm, issuer, validity
		bytes.HasPrefix(all, []byte{0x02, 0x30, 0x30, 0x30}): // version 1
		return formCertificate
	case bytes.HasPrefix(all, []byte{0x02, 0x30, 0x30}) && isTime(3), // version, algorithm, issuer, thisUpdate
		bytes.HasPrefix(all, []byte{0x30, 0x30}) && isTime(2): // version 1
		return formCRL
	case bytes.Equal(all, []byte{0x02, 0x30, 0x30, 0xa0}), bytes.Equal(all, []byte{0x02, 0x30, 0x30}):
		return formCSR
	}
	return formNone
}

// maxTags is the number of members of an RSA private key, the longest list
// that a form is told by.
const maxTags = 9

// tags is the tags of the first members, nil where there is no DER.
func tags(body cryptobyte.String) []byte {
	out := make([]byte, 0, maxTags)
	for len(out) < maxTags && !body.Empty() {
		var tag asn1.Tag
		var member cryptobyte.String
		if !body.ReadAnyASN1(&member, &tag) {
			return nil
		}
		out = append(out, byte(tag))
	}
	return out
}

// leadingOID is the object identifier that an inner SEQUENCE begins with.
func leadingOID(body cryptobyte.String) string {
	var inner, oid cryptobyte.String
	if !body.ReadASN1(&inner, asn1.SEQUENCE) || !inner.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return ""
	}
	return string(oid)
}

// isPBE tells the password-based schemes of PKCS#5 and PKCS#12.
func isPBE(oid string) bool {
	return len(oid) > len(oidPKCS5) && (oid[:len(oidPKCS5)] == oidPKCS5 || oid[:len(oidPBE)] == oidPBE)
}
