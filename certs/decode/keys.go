package decode

import (
	"crypto"
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/storewarden/storewarden/certs"
)

// privateBlock reads the facts of a PRIVATE KEY block and overwrites its bytes.
func privateBlock(block *pem.Block) certs.Key {
	defer clear(block.Bytes)
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return certs.Key{Private: true, Encrypted: true, Algorithm: unknown, Format: certs.FormatPEM}
	}
	if k, ok := privateKey(block.Bytes, certs.FormatPEM); ok {
		return k
	}
	return certs.Key{Private: true, Algorithm: unknown, Format: certs.FormatPEM}
}

// privateKey reads PKCS#8, PKCS#1 and SEC 1 keys, and knows encrypted PKCS#8.
func privateKey(der []byte, format certs.Format) (certs.Key, bool) {
	k := certs.Key{Private: true, Algorithm: unknown, Format: format}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		if rsaKey, e := x509.ParsePKCS1PrivateKey(der); e == nil {
			key, err = rsaKey, nil
		} else if ecKey, e := x509.ParseECPrivateKey(der); e == nil {
			key, err = ecKey, nil
		}
	}
	if err != nil {
		k.Encrypted = isEncryptedPKCS8(der)
		return k, k.Encrypted
	}
	if signer, ok := key.(crypto.Signer); ok {
		k.Algorithm, k.Bits = strength(signer.Public())
		if spki, err := x509.MarshalPKIXPublicKey(signer.Public()); err == nil {
			sum := sha256.Sum256(spki)
			k.PublicKeyID = hexOf(sum[:])
		}
	}
	return k, true
}

// pbe algorithms that encrypt PKCS#8: PBES1, PBES2 and PKCS#12's own.
var pbePrefixes = []string{"1.2.840.113549.1.5.", "1.2.840.113549.1.12.1."}

func isEncryptedPKCS8(der []byte) bool {
	s := cryptobyte.String(der)
	var seq, algorithm, data cryptobyte.String
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !seq.ReadASN1(&algorithm, asn1.SEQUENCE) || !seq.ReadASN1(&data, asn1.OCTET_STRING) || !seq.Empty() {
		return false
	}
	oid, ok := readOID(algorithm)
	for _, p := range pbePrefixes {
		if ok && len(oid) > len(p) && oid[:len(p)] == p {
			return true
		}
	}
	return false
}

func publicKey(der []byte, format certs.Format) certs.Key {
	k := certs.Key{Algorithm: unknown, Format: format}
	var pub any
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		if pub, err = x509.ParsePKCS1PublicKey(der); err != nil {
			return k
		}
	}
	k.Algorithm, k.Bits = strength(pub)
	if spki, err := x509.MarshalPKIXPublicKey(pub); err == nil {
		sum := sha256.Sum256(spki)
		k.PublicKeyID = hexOf(sum[:])
	}
	return k
}

// strength names a public key's algorithm and size in bits.
func strength(pub any) (algorithm string, bits int) {
	switch p := pub.(type) {
	case *rsa.PublicKey:
		return "RSA", p.N.BitLen()
	case *ecdsa.PublicKey:
		return "ECDSA", p.Curve.Params().BitSize
	case ed25519.PublicKey:
		return "Ed25519", 256
	case *dsa.PublicKey:
		return "DSA", p.P.BitLen()
	}
	return unknown, 0
}
