package decode

import (
	"crypto/x509"
	encoding "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	oidRSA      = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
	oidRSAPSS   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
	oidDSA      = "\x2a\x86\x48\xce\x38\x04\x01"
	oidECDSA    = "\x2a\x86\x48\xce\x3d\x02\x01"
	oidEd25519  = "\x2b\x65\x70"
	oidRSAArc   = "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
	oidECDSAArc = "\x2a\x86\x48\xce\x3d\x04"
	oidSHA2Arc  = "\x60\x86\x48\x01\x65\x03\x04\x02"
)

const unknown = "unknown"

// signatureAlgorithm reads an AlgorithmIdentifier: what crypto/x509 calls it,
// 0 where it has no name, and the hash.
func signatureAlgorithm(identifier cryptobyte.String) (x509.SignatureAlgorithm, string) {
	var body, oid cryptobyte.String
	if !identifier.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return 0, ""
	}
	switch string(oid) {
	case oidRSAArc + "\x02":
		return 0, "MD2"
	case oidRSAArc + "\x04":
		return x509.MD5WithRSA, "MD5"
	case oidRSAArc + "\x05", "\x2b\x0e\x03\x02\x1d": // the second is the one of ISO
		return x509.SHA1WithRSA, "SHA1"
	case oidRSAArc + "\x0e":
		return 0, "SHA224"
	case oidRSAArc + "\x0b":
		return x509.SHA256WithRSA, "SHA256"
	case oidRSAArc + "\x0c":
		return x509.SHA384WithRSA, "SHA384"
	case oidRSAArc + "\x0d":
		return x509.SHA512WithRSA, "SHA512"
	case oidRSAPSS:
		return pssAlgorithm(body)
	case oidECDSAArc + "\x01":
		return x509.ECDSAWithSHA1, "SHA1"
	case oidECDSAArc + "\x03\x01":
		return 0, "SHA224"
	case oidECDSAArc + "\x03\x02":
		return x509.ECDSAWithSHA256, "SHA256"
	case oidECDSAArc + "\x03\x03":
		return x509.ECDSAWithSHA384, "SHA384"
	case oidECDSAArc + "\x03\x04":
		return x509.ECDSAWithSHA512, "SHA512"
	case "\x2a\x86\x48\xce\x38\x04\x03":
		return x509.DSAWithSHA1, "SHA1"
	case oidSHA2Arc[:7] + "\x03\x02":
		return x509.DSAWithSHA256, "SHA256"
	case oidEd25519:
		return x509.PureEd25519, "SHA512"
	}
	return 0, ""
}

// pssAlgorithm reads the hash of RSASSA-PSS, which is SHA-1 unless said.
func pssAlgorithm(body cryptobyte.String) (x509.SignatureAlgorithm, string) {
	var parameters, identifier, hash, oid cryptobyte.String
	var present bool
	if !body.ReadASN1(&parameters, asn1.SEQUENCE) ||
		!parameters.ReadOptionalASN1(&identifier, &present, asn1.Tag(0).Constructed().ContextSpecific()) {
		return 0, ""
	}
	if !present {
		return 0, "SHA1"
	}
	if !identifier.ReadASN1(&hash, asn1.SEQUENCE) || !hash.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return 0, ""
	}
	switch string(oid) {
	case oidSHA2Arc + "\x01":
		return x509.SHA256WithRSAPSS, "SHA256"
	case oidSHA2Arc + "\x02":
		return x509.SHA384WithRSAPSS, "SHA384"
	case oidSHA2Arc + "\x03":
		return x509.SHA512WithRSAPSS, "SHA512"
	}
	return 0, ""
}

func algorithmName(a x509.SignatureAlgorithm) string {
	if a == x509.UnknownSignatureAlgorithm {
		return unknown
	}
	return a.String()
}

// publicKeyFacts reads the algorithm and the size off a SubjectPublicKeyInfo,
// for curves and encodings that crypto/x509 does not know too.
func publicKeyFacts(spki cryptobyte.String) (algorithm string, bits int) {
	var body, identifier, oid, key cryptobyte.String
	if !spki.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&identifier, asn1.SEQUENCE) ||
		!identifier.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return unknown, 0
	}
	switch string(oid) {
	case oidRSA, oidRSAPSS:
		var unused uint8
		if !body.ReadASN1(&key, asn1.BIT_STRING) || !key.ReadUint8(&unused) {
			return "RSA", 0
		}
		return "RSA", modulusBits(key)
	case oidDSA:
		var parameters, p cryptobyte.String
		if !identifier.ReadASN1(&parameters, asn1.SEQUENCE) || !parameters.ReadASN1(&p, asn1.INTEGER) {
			return "DSA", 0
		}
		return "DSA", bitLength(p)
	case oidECDSA:
		var curve cryptobyte.String
		if !identifier.ReadASN1(&curve, asn1.OBJECT_IDENTIFIER) {
			return "ECDSA", 0 // explicit parameters
		}
		return "ECDSA", curveBits(curve)
	case oidEd25519:
		return "Ed25519", 256
	}
	return unknown, 0
}

// modulusBits is the size of an RSAPublicKey.
func modulusBits(key cryptobyte.String) int {
	var body, n cryptobyte.String
	if !key.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&n, asn1.INTEGER) {
		return 0
	}
	return bitLength(n)
}

func bitLength(n []byte) int {
	for len(n) > 0 && n[0] == 0 {
		n = n[1:]
	}
	bits := len(n) * 8
	for i := 0x80; len(n) > 0 && i > int(n[0]); i >>= 1 {
		bits--
	}
	return bits
}

// curveBits knows the curves of OPC UA's policies, brainpool among them, and
// those that devices had before.
func curveBits(oid []byte) int {
	switch string(oid) {
	case "\x2a\x86\x48\xce\x3d\x03\x01\x01":
		return 192
	case "\x2b\x81\x04\x00\x21":
		return 224
	case "\x2a\x86\x48\xce\x3d\x03\x01\x07", "\x2b\x81\x04\x00\x0a", "\x2b\x24\x03\x03\x02\x08\x01\x01\x07":
		return 256
	case "\x2b\x24\x03\x03\x02\x08\x01\x01\x09":
		return 320
	case "\x2b\x81\x04\x00\x22", "\x2b\x24\x03\x03\x02\x08\x01\x01\x0b":
		return 384
	case "\x2b\x24\x03\x03\x02\x08\x01\x01\x0d":
		return 512
	case "\x2b\x81\x04\x00\x23":
		return 521
	}
	return 0
}

// dottedDER is the decimal form of an OBJECT IDENTIFIER.
func dottedDER(der []byte) string {
	var oid encoding.ObjectIdentifier
	if _, err := encoding.Unmarshal(der, &oid); err != nil {
		return unknown
	}
	return oid.String()
}
