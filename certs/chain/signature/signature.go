// Package signature verifies one signature with one public key, and tells an
// invalid signature from one that cannot be verified here. It is the one place
// of this knowledge: package decode asks whether a certificate signed itself,
// package chain whether a CA signed a certificate or a CRL.
package signature

import (
	"crypto"
	"crypto/md5" //nolint:gosec // old devices have MD5 certificates; that they do is a fact, and a rule judges it
	"crypto/rsa"
	"crypto/x509"
	"errors"

	"github.com/storewarden/storewarden/certs"
)

// maxRSABits bounds the work of one verification: the time grows with the
// square of the modulus, and a modulus may fill a whole Secret. crypto/tls
// draws the line at the same length.
const maxRSABits = 8192

// minRSABits is what crypto/rsa works with; it refuses shorter keys whether
// the signature is right or not.
const minRSABits = 1024

// Check tells whether the signature is valid. It is unverifiable for an
// algorithm, named as certs.Certificate names it, or a key that nothing here can
// work with. SHA-1 and MD5 are verified like any other: how weak they are is
// another question.
func Check(algorithm string, publicKey crypto.PublicKey, message, value []byte) certs.Signature {
	named := byName(algorithm)
	if publicKey == nil || named == x509.UnknownSignatureAlgorithm || len(value) == 0 {
		return certs.Unverifiable
	}
	key, isRSA := publicKey.(*rsa.PublicKey)
	if isRSA && (key.N.BitLen() > maxRSABits || key.N.BitLen() < minRSABits) {
		return certs.Unverifiable
	}
	if named == x509.MD5WithRSA {
		if !isRSA {
			return certs.Invalid
		}
		digest := md5.Sum(message) //nolint:gosec // see the import
		return state(rsa.VerifyPKCS1v15(key, crypto.MD5, digest[:], value))
	}
	// CheckSignature, unlike CheckSignatureFrom, verifies SHA-1 and asks nothing
	// of the CA's extensions.
	err := (&x509.Certificate{PublicKey: publicKey}).CheckSignature(named, message, value)
	var insecure x509.InsecureAlgorithmError
	if errors.Is(err, x509.ErrUnsupportedAlgorithm) || errors.As(err, &insecure) {
		return certs.Unverifiable
	}
	return state(err)
}

func state(err error) certs.Signature {
	if err != nil {
		return certs.Invalid
	}
	return certs.Valid
}

// byName is the value of a name of crypto/x509, 0 for any other.
func byName(name string) x509.SignatureAlgorithm {
	for a := x509.MD2WithRSA; a <= x509.PureEd25519; a++ {
		if a.String() == name {
			return a
		}
	}
	return x509.UnknownSignatureAlgorithm
}
