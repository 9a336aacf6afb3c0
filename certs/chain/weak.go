package chain

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"errors"
	"strings"
)

// verifyWeak checks SHA-1 and MD5 signatures, which crypto/x509 leaves out.
func verifyWeak(pub any, signed, signature []byte, algorithm x509.SignatureAlgorithm) Signature {
	var digest []byte
	hash := crypto.SHA1
	switch algorithm {
	case x509.MD5WithRSA:
		sum := md5.Sum(signed)
		digest, hash = sum[:], crypto.MD5
	default:
		sum := sha1.Sum(signed)
		digest = sum[:]
	}
	switch key := pub.(type) {
	case *rsa.PublicKey:
		if algorithm == x509.ECDSAWithSHA1 {
			return Invalid
		}
		return verdictOf(rsa.VerifyPKCS1v15(key, hash, digest, signature))
	case *ecdsa.PublicKey:
		if algorithm == x509.ECDSAWithSHA1 && ecdsa.VerifyASN1(key, digest, signature) {
			return Valid
		}
		return Invalid
	}
	return Unverifiable
}

func verdictOf(err error) Signature {
	switch {
	case err == nil:
		return Valid
	case isUnverifiable(err):
		return Unverifiable
	}
	return Invalid
}

// isUnverifiable tells "this cannot be checked here" from "this does not fit".
func isUnverifiable(err error) bool {
	var insecure x509.InsecureAlgorithmError
	return errors.Is(err, x509.ErrUnsupportedAlgorithm) || errors.As(err, &insecure) ||
		strings.Contains(err.Error(), "insecure") || strings.Contains(err.Error(), "key size") || strings.Contains(err.Error(), "-bit keys")
}

// fits reports whether an algorithm is for the kind of the signer's key.
func fits(signer *x509.Certificate, algorithm x509.SignatureAlgorithm) bool {
	name := algorithm.String()
	switch signer.PublicKey.(type) {
	case *rsa.PublicKey:
		return strings.Contains(name, "RSA")
	case *ecdsa.PublicKey:
		return strings.HasPrefix(name, "ECDSA")
	}
	return true
}
