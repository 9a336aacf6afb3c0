package decode

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // what PKCS#12 files of old are encrypted with
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// scheme is a password-based encryption with its parameters.
type scheme struct {
	salt   []byte
	rounds int
	iv     []byte           // PBES2
	prf    func() hash.Hash // PBES2; nil is the SHA-1 derivation of PKCS#12
	size   int              // of the key
	block  func(key []byte) (cipher.Block, error)
}

// key is what opens a ciphertext.
type key struct {
	block cipher.Block
	iv    []byte
}

// parseScheme reads an AlgorithmIdentifier; why says what is not supported.
func parseScheme(identifier cryptobyte.String) (s scheme, why string) {
	const malformed, unsupported = "has malformed parameters", "is encrypted with an algorithm that is not read"
	var oid, parameters cryptobyte.String
	if !identifier.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !identifier.ReadASN1(&parameters, asn1.SEQUENCE) {
		return s, malformed
	}
	switch string(oid) {
	case oidPKCS5 + "\x0d":
		if !s.parsePBES2(parameters) {
			return s, unsupported
		}
	case oidPBE + "\x03", oidPBE + "\x04": // triple DES with three and two keys
		s.size, s.block = 24, des.NewTripleDESCipher
		if oid[len(oid)-1] == 4 {
			s.size, s.block = 16, twoKeyDES
		}
		var salt cryptobyte.String
		if !parameters.ReadASN1(&salt, asn1.OCTET_STRING) || !parameters.ReadASN1Integer(&s.rounds) {
			return s, malformed
		}
		s.salt = salt
	default: // RC2 and RC4
		return s, unsupported
	}
	if s.rounds < 1 {
		return s, malformed
	}
	return s, ""
}

func twoKeyDES(k []byte) (cipher.Block, error) {
	return des.NewTripleDESCipher(append(bytes.Clone(k), k[:8]...))
}

// parsePBES2 reads PBKDF2 with any SHA, and AES or triple DES in CBC mode.
func (s *scheme) parsePBES2(parameters cryptobyte.String) bool {
	var kdf, kdfOID, p, salt, prf, prfOID, enc, encOID, iv cryptobyte.String
	var hasPRF bool
	if !parameters.ReadASN1(&kdf, asn1.SEQUENCE) || !kdf.ReadASN1(&kdfOID, asn1.OBJECT_IDENTIFIER) ||
		string(kdfOID) != oidPKCS5+"\x0c" || !kdf.ReadASN1(&p, asn1.SEQUENCE) ||
		!p.ReadASN1(&salt, asn1.OCTET_STRING) || !p.ReadASN1Integer(&s.rounds) || !p.SkipOptionalASN1(asn1.INTEGER) ||
		!p.ReadOptionalASN1(&prf, &hasPRF, asn1.SEQUENCE) || hasPRF && !prf.ReadASN1(&prfOID, asn1.OBJECT_IDENTIFIER) ||
		!parameters.ReadASN1(&enc, asn1.SEQUENCE) || !enc.ReadASN1(&encOID, asn1.OBJECT_IDENTIFIER) ||
		!enc.ReadASN1(&iv, asn1.OCTET_STRING) {
		return false
	}
	s.salt, s.iv, s.block = salt, iv, aes.NewCipher
	const hmac, aesArc = "\x2a\x86\x48\x86\xf7\x0d\x02", "\x60\x86\x48\x01\x65\x03\x04\x01"
	switch string(prfOID) {
	case "", hmac + "\x07":
		s.prf = sha1.New
	case hmac + "\x09":
		s.prf = sha256.New
	case hmac + "\x0a":
		s.prf = sha512.New384
	case hmac + "\x0b":
		s.prf = sha512.New
	default:
		return false
	}
	switch string(encOID) {
	case aesArc + "\x02":
		s.size = 16
	case aesArc + "\x16":
		s.size = 24
	case aesArc + "\x2a":
		s.size = 32
	case "\x2a\x86\x48\x86\xf7\x0d\x03\x07":
		s.size, s.block = 24, des.NewTripleDESCipher
	default:
		return false
	}
	return true
}

// keys derives from the empty password. PKCS#12 writes one as two zero bytes,
// and some writers as nothing.
func (s scheme) keys() []key {
	var out []key
	add := func(material, iv []byte) {
		if block, err := s.block(material); err == nil && len(iv) == block.BlockSize() {
			out = append(out, key{block: block, iv: iv})
		}
	}
	if s.prf != nil {
		if material, err := pbkdf2.Key(s.prf, "", s.salt, s.rounds, s.size); err == nil {
			add(material, s.iv)
		}
		return out
	}
	for _, password := range [][]byte{{0, 0}, nil} {
		add(derivePKCS12(s.salt, password, s.rounds, 1, s.size), derivePKCS12(s.salt, password, s.rounds, 2, des.BlockSize))
	}
	return out
}

// open decrypts CBC and takes the padding off; nil with the wrong key.
func open(k key, sealed []byte) []byte {
	size := k.block.BlockSize()
	if len(sealed) == 0 || len(sealed)%size != 0 {
		return nil
	}
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(k.block, k.iv).CryptBlocks(plain, sealed)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > size || !bytes.Equal(plain[len(plain)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		clear(plain)
		return nil
	}
	return plain[:len(plain)-pad]
}

// derivePKCS12 is the key derivation of RFC 7292, appendix B.2, with SHA-1; id
// is 1 for a key and 2 for an initialisation vector.
func derivePKCS12(salt, password []byte, rounds int, id byte, size int) []byte {
	const block = 64
	input := append(repeated(salt, block), repeated(password, block)...)
	var out []byte
	for len(out) < size {
		a := sha1.Sum(append(bytes.Repeat([]byte{id}, block), input...)) //nolint:gosec // see the import
		for range rounds - 1 {
			a = sha1.Sum(a[:]) //nolint:gosec // see the import
		}
		out = append(out, a[:]...)
		b := repeated(a[:], block)
		for at := 0; at < len(input); at += block {
			carry := 1
			for i := block - 1; i >= 0; i-- {
				carry += int(input[at+i]) + int(b[i])
				input[at+i] = byte(carry)
				carry >>= 8
			}
		}
	}
	return out[:size]
}

// repeated fills whole blocks with b, over and over.
func repeated(b []byte, block int) []byte {
	if len(b) == 0 {
		return nil
	}
	size := (len(b) + block - 1) / block * block
	return bytes.Repeat(b, (size+len(b)-1)/len(b))[:size]
}
