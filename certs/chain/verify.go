package chain

import (
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain/signature"
)

// verify checks one signature. It takes the parts from the DER and not from
// X509, which is nil for what crypto/x509 refuses as a whole: the signature of
// a version 1 CRL, or the key of a CA with a negative serial, is none the worse.
func verify(s signed, ca *certs.Certificate) Signature {
	message, sig, ok := split(s.raw)
	if !ok {
		return Unverifiable
	}
	valid, known := signature.Check(algorithm(s.algorithm), publicKey(ca), message, sig)
	switch {
	case !known:
		return Unverifiable
	case valid:
		return Valid
	}
	return Invalid
}

// split finds what was signed, and the signature.
func split(raw cryptobyte.String) (message, sig cryptobyte.String, ok bool) {
	var outer cryptobyte.String
	var unused uint8
	ok = raw.ReadASN1(&outer, asn1.SEQUENCE) && outer.ReadASN1Element(&message, asn1.SEQUENCE) &&
		outer.SkipASN1(asn1.SEQUENCE) && outer.ReadASN1(&sig, asn1.BIT_STRING) && sig.ReadUint8(&unused)
	return message, sig, ok
}

// publicKey is the CA's key, nil where Go has no such keys.
func publicKey(ca *certs.Certificate) any {
	if ca.X509 != nil {
		return ca.X509.PublicKey
	}
	message, _, ok := split(ca.Raw)
	var tbs, spki cryptobyte.String
	if !ok || !message.ReadASN1(&tbs, asn1.SEQUENCE) || !tbs.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) ||
		!tbs.SkipASN1(asn1.INTEGER) || !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.SkipASN1(asn1.SEQUENCE) || // serial, algorithm, issuer
		!tbs.SkipASN1(asn1.SEQUENCE) || !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.ReadASN1Element(&spki, asn1.SEQUENCE) { // validity, subject
		return nil
	}
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil
	}
	return key
}

// algorithm is the value of a name of crypto/x509, 0 for "unknown".
func algorithm(name string) x509.SignatureAlgorithm {
	for a := x509.MD2WithRSA; a <= x509.PureEd25519; a++ {
		if a.String() == name {
			return a
		}
	}
	return x509.UnknownSignatureAlgorithm
}
