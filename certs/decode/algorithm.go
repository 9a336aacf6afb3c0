package decode

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	encoding "encoding/asn1"
	"math/big"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	oidRSA       = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
	oidRSAPSS    = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
	oidDSA       = "\x2a\x86\x48\xce\x38\x04\x01"
	oidECDSA     = "\x2a\x86\x48\xce\x3d\x02\x01"
	oidEd25519   = "\x2b\x65\x70"
	oidEd448     = "\x2b\x65\x71"
	oidSM        = "\x2a\x81\x1c\xcf\x55\x01" // 1.2.156.10197.1
	oidBrainpool = "\x2b\x24\x03\x03\x02\x08\x01\x01"
	oidRSAArc    = "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
	oidECDSAArc  = "\x2a\x86\x48\xce\x3d\x04"
	oidSHA2Arc   = "\x60\x86\x48\x01\x65\x03\x04\x02"
)

const unknown = "unknown"

// signatureAlgorithm reads an AlgorithmIdentifier: what crypto/x509 calls it,
// else a name in the same manner or the object identifier, and the hash.
func signatureAlgorithm(identifier cryptobyte.String) (name, hash string) {
	var body, oid cryptobyte.String
	if !identifier.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return unknown, ""
	}
	switch string(oid) {
	case oidRSAArc + "\x02":
		return "MD2-RSA", "MD2"
	case oidRSAArc + "\x04":
		return "MD5-RSA", "MD5"
	case oidRSAArc + "\x05", "\x2b\x0e\x03\x02\x1d": // the second is the one of ISO
		return "SHA1-RSA", "SHA1"
	case oidRSAArc + "\x0e":
		return "SHA224-RSA", "SHA224"
	case oidRSAArc + "\x0b":
		return "SHA256-RSA", "SHA256"
	case oidRSAArc + "\x0c":
		return "SHA384-RSA", "SHA384"
	case oidRSAArc + "\x0d":
		return "SHA512-RSA", "SHA512"
	case oidRSAPSS:
		return pssAlgorithm(body)
	case oidECDSAArc + "\x01":
		return "ECDSA-SHA1", "SHA1"
	case oidECDSAArc + "\x03\x01":
		return "ECDSA-SHA224", "SHA224"
	case oidECDSAArc + "\x03\x02":
		return "ECDSA-SHA256", "SHA256"
	case oidECDSAArc + "\x03\x03":
		return "ECDSA-SHA384", "SHA384"
	case oidECDSAArc + "\x03\x04":
		return "ECDSA-SHA512", "SHA512"
	case "\x2a\x86\x48\xce\x38\x04\x03":
		return "DSA-SHA1", "SHA1"
	case oidSHA2Arc[:7] + "\x03\x02":
		return "DSA-SHA256", "SHA256"
	case oidEd25519:
		return "Ed25519", "SHA512"
	case oidEd448:
		return "Ed448", "SHAKE256"
	case oidSM + "\x83\x75":
		return "SM2-SM3", "SM3"
	}
	return dotted(oid), ""
}

// pssAlgorithm reads the parameters of RSASSA-PSS: the hash, which is SHA-1
// unless said. Only those with the same hash in the mask and a salt of its
// length have a name in crypto/x509; another use of them is not verified.
func pssAlgorithm(body cryptobyte.String) (name, hash string) {
	const odd = "RSAPSS"
	var parameters, identifier, mask, oid, salt cryptobyte.String
	var hasHash, hasMask, hasSalt bool
	tag := func(n uint8) asn1.Tag { return asn1.Tag(n).Constructed().ContextSpecific() }
	if !body.ReadASN1(&parameters, asn1.SEQUENCE) || !parameters.ReadOptionalASN1(&identifier, &hasHash, tag(0)) ||
		!parameters.ReadOptionalASN1(&mask, &hasMask, tag(1)) || !parameters.ReadOptionalASN1(&salt, &hasSalt, tag(2)) {
		return odd, ""
	}
	if !hasHash {
		return odd, "SHA1"
	}
	var n cryptobyte.String
	var generator cryptobyte.String
	if !leading(identifier, &oid) {
		return odd, ""
	}
	size := map[string]int{oidSHA2Arc + "\x01": 32, oidSHA2Arc + "\x02": 48, oidSHA2Arc + "\x03": 64}[string(oid)]
	if size == 0 {
		return odd, ""
	}
	hash = "SHA" + strconv.Itoa(size*8)
	masked := string(oid)
	if !mask.ReadASN1(&generator, asn1.SEQUENCE) || !generator.SkipASN1(asn1.OBJECT_IDENTIFIER) ||
		!leading(generator, &oid) || string(oid) != masked || !salt.ReadASN1(&n, asn1.INTEGER) || smallInteger(n) != size {
		return odd, hash
	}
	return hash + "-RSAPSS", hash
}

// leading reads the object identifier that a SEQUENCE begins with.
func leading(sequence cryptobyte.String, oid *cryptobyte.String) bool {
	var body cryptobyte.String
	return sequence.ReadASN1(&body, asn1.SEQUENCE) && body.ReadASN1(oid, asn1.OBJECT_IDENTIFIER)
}

// publicKeyFacts reads the algorithm, the size and the curve off a
// SubjectPublicKeyInfo, for curves and encodings that crypto/x509 does not know
// too.
func publicKeyFacts(spki cryptobyte.String) (algorithm string, bits int, curve string) {
	var body, identifier, oid, key cryptobyte.String
	if !spki.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&identifier, asn1.SEQUENCE) ||
		!identifier.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return unknown, 0, ""
	}
	switch string(oid) {
	case oidRSA, oidRSAPSS:
		algorithm = "RSA"
		if string(oid) == oidRSAPSS {
			algorithm = "RSA-PSS"
		}
		if readBits(&body, &key) {
			bits = modulusBits(key)
		}
		return algorithm, bits, ""
	case oidDSA:
		var parameters, p cryptobyte.String
		if identifier.ReadASN1(&parameters, asn1.SEQUENCE) && parameters.ReadASN1(&p, asn1.INTEGER) {
			bits = bitLength(p)
		}
		return "DSA", bits, ""
	case oidECDSA:
		curve, bits = namedCurve(identifier)
		if curve == "SM2" {
			return "SM2", bits, curve
		}
		return "ECDSA", bits, curve
	case oidEd25519:
		return "Ed25519", 256, ""
	case oidEd448:
		return "Ed448", 456, ""
	case "\x2b\x65\x6e":
		return "X25519", 256, ""
	case "\x2b\x65\x6f":
		return "X448", 448, ""
	case "\x2a\x85\x03\x02\x02\x13", "\x2a\x85\x03\x07\x01\x01\x01\x01":
		return "GOST", 256, ""
	case "\x2a\x85\x03\x07\x01\x01\x01\x02":
		return "GOST", 512, ""
	}
	return unknown, 0, ""
}

// publicKey is the key as a Go value, nil where Go has none. RSA is read here,
// since crypto/x509 refuses the odd ways of writing it, and keeps none that is
// for RSA-PSS alone.
func publicKey(algorithm string, spki []byte) crypto.PublicKey {
	if algorithm == "RSA" || algorithm == "RSA-PSS" {
		return rsaKey(spki)
	}
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil
	}
	return key
}

func rsaKey(spki cryptobyte.String) crypto.PublicKey {
	var body, bits, pair, n, e cryptobyte.String
	if !spki.ReadASN1(&body, asn1.SEQUENCE) || !body.SkipASN1(asn1.SEQUENCE) || !readBits(&body, &bits) ||
		!bits.ReadASN1(&pair, asn1.SEQUENCE) || !readInteger(&pair, &n) || !readInteger(&pair, &e) ||
		n[0]&0x80 != 0 || smallInteger(e) < 2 {
		return nil
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: smallInteger(e)}
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

// namedCurve reads the parameters of an elliptic curve key: its name and size;
// of a curve that is spelt out the size of its field.
func namedCurve(identifier cryptobyte.String) (name string, bits int) {
	var oid, explicit, field, prime cryptobyte.String
	if identifier.PeekASN1Tag(asn1.SEQUENCE) {
		if identifier.ReadASN1(&explicit, asn1.SEQUENCE) && explicit.SkipASN1(asn1.INTEGER) && explicit.ReadASN1(&field, asn1.SEQUENCE) &&
			field.SkipASN1(asn1.OBJECT_IDENTIFIER) && field.ReadASN1(&prime, asn1.INTEGER) {
			bits = bitLength(prime)
		}
		return "explicit", bits
	}
	if !identifier.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return "", 0
	}
	if c, ok := curves[string(oid)]; ok {
		return c.name, c.bits
	}
	return dotted(oid), 0
}

// curves are those of OPC UA's policies, brainpool among them, and those that
// devices had before.
var curves = map[string]struct {
	name string
	bits int
}{
	"\x2a\x86\x48\xce\x3d\x03\x01\x01": {"P-192", 192},
	"\x2b\x81\x04\x00\x21":             {"P-224", 224},
	"\x2a\x86\x48\xce\x3d\x03\x01\x07": {"P-256", 256},
	"\x2b\x81\x04\x00\x22":             {"P-384", 384},
	"\x2b\x81\x04\x00\x23":             {"P-521", 521},
	"\x2b\x81\x04\x00\x0a":             {"secp256k1", 256},
	oidSM + "\x82\x2d":                 {"SM2", 256},
	oidBrainpool + "\x01":              {"brainpoolP160r1", 160},
	oidBrainpool + "\x03":              {"brainpoolP192r1", 192},
	oidBrainpool + "\x05":              {"brainpoolP224r1", 224},
	oidBrainpool + "\x07":              {"brainpoolP256r1", 256},
	oidBrainpool + "\x08":              {"brainpoolP256t1", 256},
	oidBrainpool + "\x09":              {"brainpoolP320r1", 320},
	oidBrainpool + "\x0b":              {"brainpoolP384r1", 384},
	oidBrainpool + "\x0c":              {"brainpoolP384t1", 384},
	oidBrainpool + "\x0d":              {"brainpoolP512r1", 512},
}

// dottedDER is the decimal form of an OBJECT IDENTIFIER.
func dottedDER(der []byte) string {
	var oid encoding.ObjectIdentifier
	if _, err := encoding.Unmarshal(der, &oid); err != nil {
		return unknown
	}
	return oid.String()
}
