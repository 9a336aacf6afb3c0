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
)

// maxRSABits bounds the work of one verification: the time grows with the
// square of the modulus, and a modulus may fill a whole Secret. crypto/tls
// draws the line at the same length.
const maxRSABits = 8192

// minRSABits is what crypto/rsa works with; it refuses shorter keys whether
// the signature is right or not.
const minRSABits = 1024

// Check reports whether the signature is valid, and whether that could be told
// at all: known is false for an algorithm or a key that nothing here can work
// with. SHA-1 and MD5 are verified like any other: how weak they are is
// another question.
func Check(algorithm x509.SignatureAlgorithm, publicKey any, message, sig []byte) (valid, known bool) {
	if publicKey == nil {
		return false, false
	}
	key, isRSA := publicKey.(*rsa.PublicKey)
	if isRSA && (key.N.BitLen() > maxRSABits || key.N.BitLen() < minRSABits) {
		return false, false
	}
	if algorithm == x509.MD5WithRSA {
		if !isRSA {
			return false, true
		}
		digest := md5.Sum(message) //nolint:gosec // see the import
		return rsa.VerifyPKCS1v15(key, crypto.MD5, digest[:], sig) == nil, true
	}
	// CheckSignature, unlike CheckSignatureFrom, verifies SHA-1 and asks nothing
	// of the CA's extensions.
	err := (&x509.Certificate{PublicKey: publicKey}).CheckSignature(algorithm, message, sig)
	var insecure x509.InsecureAlgorithmError
	if errors.Is(err, x509.ErrUnsupportedAlgorithm) || errors.As(err, &insecure) {
		return false, false
	}
	return err == nil, true
}
