package certtest

import (
	"crypto"
	"crypto/ecdsa"
	_ "crypto/md5"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha512"
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// algorithm is the AlgorithmIdentifier of a signature.
type algorithm struct {
	oid  asn1.ObjectIdentifier
	null bool // parameters NULL, as RSA has them
}

func signatureAlgorithm(t KeyType, h crypto.Hash) (algorithm, error) {
	rsaArc := func(n int) algorithm {
		return algorithm{oid: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, n}, null: true}
	}
	ecArc := func(n ...int) algorithm {
		return algorithm{oid: append(asn1.ObjectIdentifier{1, 2, 840, 10045, 4}, n...)}
	}
	rsaAlgorithms := map[crypto.Hash]algorithm{
		crypto.MD5: rsaArc(4), crypto.SHA1: rsaArc(5), crypto.SHA256: rsaArc(11), crypto.SHA384: rsaArc(12), crypto.SHA512: rsaArc(13),
	}
	ecAlgorithms := map[crypto.Hash]algorithm{
		crypto.SHA1: ecArc(1), crypto.SHA256: ecArc(3, 2), crypto.SHA384: ecArc(3, 3), crypto.SHA512: ecArc(3, 4),
	}
	algorithms := ecAlgorithms
	switch {
	case t == Ed25519:
		return algorithm{oid: asn1.ObjectIdentifier{1, 3, 101, 112}}, nil
	case t.isRSA():
		algorithms = rsaAlgorithms
	}
	a, ok := algorithms[h]
	if !ok {
		return algorithm{}, fmt.Errorf("no signature algorithm of %s with %s", t, h)
	}
	return a, nil
}

func (a algorithm) der() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(a.oid)
		if a.null {
			b.AddASN1NULL()
		}
	})
	return b.Bytes()
}

// signed wraps a to-be-signed value with its algorithm and signature.
func signed(tbs, algorithmDER []byte, key *Key, h crypto.Hash, bad bool) ([]byte, error) {
	signature, err := key.sign(tbs, h)
	if err != nil {
		return nil, err
	}
	if bad {
		signature[len(signature)-1] ^= 1
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(algorithmDER)
		b.AddASN1BitString(signature)
	})
	return b.Bytes()
}

// sign signs deterministically.
func (k *Key) sign(message []byte, h crypto.Hash) ([]byte, error) {
	if k.Type == Ed25519 {
		return k.signer.Sign(nil, message, crypto.Hash(0))
	}
	hash := h.New()
	hash.Write(message)
	digest := hash.Sum(nil)
	switch key := k.signer.(type) {
	case *ecdsa.PrivateKey:
		return key.Sign(nil, digest, h) // without randomness: RFC 6979
	case *rsa.PrivateKey:
		if k.Type == RSA768 {
			return signSmallRSA(key, h, digest)
		}
		return rsa.SignPKCS1v15(nil, key, h, digest)
	}
	return nil, fmt.Errorf("sign with key %s/%s: no such algorithm", k.Type, k.Name)
}

// signSmallRSA is RSASSA-PKCS1-v1_5 with a key that crypto/rsa refuses as too
// short. It knows SHA-256 alone, which is enough to make such a certificate.
func signSmallRSA(key *rsa.PrivateKey, h crypto.Hash, digest []byte) ([]byte, error) {
	if h != crypto.SHA256 {
		return nil, fmt.Errorf("sign with a %d-bit RSA key: SHA-256 only", key.N.BitLen())
	}
	digestInfo, err := asn1.Marshal(struct {
		Algorithm struct {
			OID  asn1.ObjectIdentifier
			Null asn1.RawValue
		}
		Digest []byte
	}{struct {
		OID  asn1.ObjectIdentifier
		Null asn1.RawValue
	}{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, asn1.NullRawValue}, digest})
	if err != nil {
		return nil, err
	}
	padded := make([]byte, key.Size()-len(digestInfo)-1, key.Size())
	for i := range padded {
		padded[i] = 0xff
	}
	padded[0], padded[1] = 0, 1
	padded = append(append(padded, 0), digestInfo...)
	s := new(big.Int).Exp(new(big.Int).SetBytes(padded), key.D, key.N)
	return s.FillBytes(make([]byte, key.Size())), nil
}
