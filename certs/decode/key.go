package decode

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/storewarden/storewarden/certs"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// unreadable is a private key of which nothing is known but that it is one.
func unreadable(format certs.Format) certs.Key {
	return certs.Key{Private: true, Algorithm: unknown, Format: format}
}

func algorithmOfLabel(label string) string {
	switch algorithm, _, _ := strings.Cut(label, " "); algorithm {
	case "RSA", "DSA":
		return algorithm
	case "EC":
		return "ECDSA"
	}
	return unknown
}

func (r *reader) publicKey(f form, element cryptobyte.String) {
	k := certs.Key{Format: certs.FormatDER}
	spki := []byte(element)
	if f == formPublicPKCS1 {
		spki = rsaPublic(element)
	}
	k.Algorithm, k.Bits, _ = publicKeyFacts(spki)
	k.PublicKeyID = digest(spki)
	r.out.Keys = append(r.out.Keys, k)
}

// privateKey keeps what may be known of a private key. RSA's public half is
// taken from where it stands, so that no private number is ever computed with.
func (r *reader) privateKey(f form, element cryptobyte.String) {
	k, spki, ok := unreadable(certs.FormatDER), []byte(nil), false
	switch f {
	case formEncryptedPKCS8:
		k.Encrypted, ok = true, true
	case formPKCS1:
		spki, ok = rsaPrivate(element)
	case formEC:
		spki, ok = ecPrivate(element, nil)
	case formDSA:
		k.Algorithm, k.Bits, ok = "DSA", dsaBits(element), true
	case formPKCS8:
		spki, ok = pkcs8(element)
	}
	if spki != nil {
		k.Algorithm, k.Bits, _ = publicKeyFacts(spki)
		k.PublicKeyID = digest(spki)
	}
	if !ok {
		r.problem(certs.ReasonBadKey, "the private key could not be read")
	}
	r.out.Keys = append(r.out.Keys, k)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// pkcs8 is the public half of a PrivateKeyInfo. An algorithm that has no place
// in a store is readable and has none.
func pkcs8(element cryptobyte.String) (spki []byte, ok bool) {
	var body, identifier, oid, key cryptobyte.String
	if !element.ReadASN1(&body, asn1.SEQUENCE) || !body.SkipASN1(asn1.INTEGER) ||
		!body.ReadASN1(&identifier, asn1.SEQUENCE) || !identifier.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
		!body.ReadASN1(&key, asn1.OCTET_STRING) {
		return nil, false
	}
	switch string(oid) {
	case oidRSA, oidRSAPSS:
		return rsaPrivate(key)
	case oidECDSA:
		return ecPrivate(key, identifier)
	case oidEd25519:
		var seed cryptobyte.String
		if !key.ReadASN1(&seed, asn1.OCTET_STRING) || len(seed) != ed25519.SeedSize {
			return nil, false
		}
		private := ed25519.NewKeyFromSeed(seed)
		defer clear(private)
		return publicInfo(oid, nil, private[ed25519.SeedSize:])
	}
	return nil, true
}

// rsaPrivate is the public half of an RSAPrivateKey.
func rsaPrivate(element cryptobyte.String) ([]byte, bool) {
	var body, n, e cryptobyte.String
	if !element.ReadASN1(&body, asn1.SEQUENCE) || !body.SkipASN1(asn1.INTEGER) ||
		!body.ReadASN1Element(&n, asn1.INTEGER) || !body.ReadASN1Element(&e, asn1.INTEGER) {
		return nil, false
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(n)
		b.AddBytes(e)
	})
	public, err := b.Bytes()
	if err != nil {
		return nil, false
	}
	return rsaPublic(public), true
}

// rsaPublic is the SubjectPublicKeyInfo of an RSAPublicKey.
func rsaPublic(public []byte) []byte {
	spki, _ := publicInfo([]byte(oidRSA), []byte{0x05, 0x00}, public)
	return spki
}

// publicInfo writes a SubjectPublicKeyInfo.
func publicInfo(oid, parameters, key []byte) ([]byte, bool) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
			b.AddBytes(parameters)
		})
		b.AddASN1BitString(key)
	})
	spki, err := b.Bytes()
	return spki, err == nil
}

// ecPrivate is the public half of an ECPrivateKey: computed where Go has the
// curve, and otherwise what stands beside the private number, if anything.
func ecPrivate(element, parameters cryptobyte.String) ([]byte, bool) {
	var body, scalar, own, point, bits cryptobyte.String
	var hasOwn, hasPoint bool
	tag := func(n uint8) asn1.Tag { return asn1.Tag(n).Constructed().ContextSpecific() }
	if !element.ReadASN1(&body, asn1.SEQUENCE) || !body.SkipASN1(asn1.INTEGER) ||
		!body.ReadASN1(&scalar, asn1.OCTET_STRING) ||
		!body.ReadOptionalASN1(&own, &hasOwn, tag(0)) || !body.ReadOptionalASN1(&point, &hasPoint, tag(1)) {
		return nil, false
	}
	if hasOwn {
		parameters = own
	}
	var oid cryptobyte.String
	if named := parameters; !named.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return nil, false
	}
	if curve := goCurve(oid); curve != nil {
		key, err := ecdsa.ParseRawPrivateKey(curve, fitted(scalar, (curve.Params().BitSize+7)/8))
		if err != nil {
			return nil, false
		}
		public, err := key.PublicKey.Bytes()
		if err != nil {
			return nil, false
		}
		return publicInfo([]byte(oidECDSA), parameters, public)
	}
	var unused uint8
	if !hasPoint || !point.ReadASN1(&bits, asn1.BIT_STRING) || !bits.ReadUint8(&unused) {
		return nil, true
	}
	return publicInfo([]byte(oidECDSA), parameters, bits)
}

// fitted brings a private number to the length of its curve: writers drop
// leading zeros, or add some.
func fitted(scalar []byte, size int) []byte {
	scalar = bytes.TrimLeft(scalar, "\x00")
	if len(scalar) >= size {
		return scalar
	}
	return append(make([]byte, size-len(scalar)), scalar...)
}

// goCurve is nil for a curve that crypto/ecdsa does not have.
func goCurve(oid []byte) elliptic.Curve {
	switch string(oid) {
	case "\x2b\x81\x04\x00\x21":
		return elliptic.P224()
	case "\x2a\x86\x48\xce\x3d\x03\x01\x07":
		return elliptic.P256()
	case "\x2b\x81\x04\x00\x22":
		return elliptic.P384()
	case "\x2b\x81\x04\x00\x23":
		return elliptic.P521()
	}
	return nil
}

func dsaBits(element cryptobyte.String) int {
	var body, p cryptobyte.String
	if !element.ReadASN1(&body, asn1.SEQUENCE) || !body.SkipASN1(asn1.INTEGER) || !body.ReadASN1(&p, asn1.INTEGER) {
		return 0
	}
	return bitLength(p)
}
