package certtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
)

// KeyType is an algorithm with its size.
type KeyType string

// The key types. RSA768 is below what crypto/rsa works with; such keys exist.
const (
	RSA768  KeyType = "rsa-768"
	RSA1024 KeyType = "rsa-1024"
	RSA2048 KeyType = "rsa-2048"
	RSA3072 KeyType = "rsa-3072"
	RSA4096 KeyType = "rsa-4096"
	P224    KeyType = "p-224"
	P256    KeyType = "p-256"
	P384    KeyType = "p-384"
	P521    KeyType = "p-521"
	Ed25519 KeyType = "ed25519"
)

func (t KeyType) isRSA() bool { return strings.HasPrefix(string(t), "rsa-") }

// Key is a private key of the pool.
type Key struct {
	Type   KeyType
	Name   string
	signer crypto.Signer
	spki   []byte
}

// pool keeps keys for the life of the process: an RSA key costs a third of a
// second, and a test binary asks for the same few again and again. It is the
// one package variable here, and as keys are derived from their names it can
// change no result.
var pool struct {
	sync.Mutex
	made map[string]func() (*Key, error)
}

// NewKey returns the key of that type and name, the same in every process.
func NewKey(t KeyType, name string) (*Key, error) {
	id := string(t) + "/" + name
	pool.Lock()
	made, ok := pool.made[id]
	if !ok {
		if pool.made == nil {
			pool.made = map[string]func() (*Key, error){}
		}
		made = sync.OnceValues(func() (*Key, error) { return derive(t, name) })
		pool.made[id] = made
	}
	pool.Unlock()
	return made()
}

// Signer is the key for a TLS server or client.
func (k *Key) Signer() crypto.Signer { return k.signer }

// Public is the DER of the SubjectPublicKeyInfo.
func (k *Key) Public() []byte { return k.spki }

// PublicKeyID is the SHA-256 of the SubjectPublicKeyInfo, lower-case hex.
func (k *Key) PublicKeyID() string {
	sum := sha256.Sum256(k.spki)
	return hex.EncodeToString(sum[:])
}

// stream is the random bytes that belong to a purpose, the same for ever.
func stream(purpose string) io.Reader {
	return rand.NewChaCha8(sha256.Sum256([]byte("certtest " + purpose)))
}

func derive(t KeyType, name string) (*Key, error) {
	random := stream(string(t) + "/" + name)
	var signer crypto.Signer
	var err error
	switch {
	case t.isRSA():
		signer, err = deriveRSA(t, random)
	case t == Ed25519:
		seed := make([]byte, ed25519.SeedSize)
		if _, err = io.ReadFull(random, seed); err == nil {
			signer = ed25519.NewKeyFromSeed(seed)
		}
	default:
		signer, err = deriveECDSA(t, random)
	}
	if err != nil {
		return nil, fmt.Errorf("derive key %s/%s: %w", t, name, err)
	}
	spki, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return nil, fmt.Errorf("derive key %s/%s: %w", t, name, err)
	}
	return &Key{Type: t, Name: name, signer: signer, spki: spki}, nil
}

func deriveECDSA(t KeyType, random io.Reader) (*ecdsa.PrivateKey, error) {
	curves := map[KeyType]elliptic.Curve{P224: elliptic.P224(), P256: elliptic.P256(), P384: elliptic.P384(), P521: elliptic.P521()}
	curve, ok := curves[t]
	if !ok {
		return nil, fmt.Errorf("unknown key type")
	}
	scalar := make([]byte, (curve.Params().BitSize+7)/8)
	for {
		if _, err := io.ReadFull(random, scalar); err != nil {
			return nil, err
		}
		if excess := len(scalar)*8 - curve.Params().BitSize; excess > 0 {
			scalar[0] >>= excess
		}
		// An error means that the number is zero or not below the order: draw again.
		if key, err := ecdsa.ParseRawPrivateKey(curve, scalar); err == nil {
			return key, nil
		}
	}
}

// deriveRSA draws the primes itself: crypto/rsa takes no source of randomness.
func deriveRSA(t KeyType, random io.Reader) (*rsa.PrivateKey, error) {
	bits, err := strconv.Atoi(strings.TrimPrefix(string(t), "rsa-"))
	if err != nil || bits < 512 || bits > 8192 || bits%16 != 0 {
		return nil, fmt.Errorf("unknown key type")
	}
	p, err := derivePrime(random, bits/2)
	if err != nil {
		return nil, err
	}
	q, err := derivePrime(random, bits/2)
	if err != nil {
		return nil, err
	}
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	d := new(big.Int).ModInverse(big.NewInt(publicExponent), phi)
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: publicExponent},
		D:         d,
		Primes:    []*big.Int{p, q},
	}
	key.Precompute()
	return key, nil
}

const publicExponent = 65537

func derivePrime(random io.Reader, bits int) (*big.Int, error) {
	b := make([]byte, bits/8)
	for {
		if _, err := io.ReadFull(random, b); err != nil {
			return nil, err
		}
		b[0] |= 0xc0 // two top bits, so that the product has exactly twice the length
		b[len(b)-1] |= 1
		p := new(big.Int).SetBytes(b)
		// e is prime, so it divides p-1 or has an inverse.
		if new(big.Int).Mod(p, big.NewInt(publicExponent)).Int64() != 1 && p.ProbablyPrime(4) {
			return p, nil
		}
	}
}
