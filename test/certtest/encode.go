package certtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"

	"github.com/smallstep/pkcs7"
	"software.sslmate.com/src/go-pkcs12"
)

// KeyForm is a serialisation of a key.
type KeyForm string

// The forms, named by their PEM label where it is theirs alone.
const (
	PKCS8          KeyForm = "PRIVATE KEY"
	PKCS1          KeyForm = "RSA PRIVATE KEY"
	EC             KeyForm = "EC PRIVATE KEY"
	EncryptedPKCS8 KeyForm = "ENCRYPTED PRIVATE KEY"      // PBES2, AES-256, the package's Password
	LegacyRSA      KeyForm = "RSA PRIVATE KEY, Proc-Type" // encrypted PKCS#1 in PEM alone
	Public         KeyForm = "PUBLIC KEY"                 // SubjectPublicKeyInfo
	PublicPKCS1    KeyForm = "RSA PUBLIC KEY"             // the bare RSA public key
)

// Password encrypts what is encrypted, unless another one is asked for.
const Password = "certtest"

// DER is the key in that form.
func (k *Key) DER(form KeyForm) ([]byte, error) {
	der, err := k.tryDER(form)
	if err != nil {
		return nil, fmt.Errorf("write key %s/%s as %s: %w", k.Type, k.Name, form, err)
	}
	return der, nil
}

func (k *Key) tryDER(form KeyForm) ([]byte, error) {
	rsaKey, isRSA := k.signer.(*rsa.PrivateKey)
	ecKey, isEC := k.signer.(*ecdsa.PrivateKey)
	switch {
	case form == PKCS8:
		return x509.MarshalPKCS8PrivateKey(k.signer)
	case form == EncryptedPKCS8:
		return k.encryptedPKCS8()
	case form == Public:
		return k.spki, nil
	case form == PKCS1 && isRSA:
		return x509.MarshalPKCS1PrivateKey(rsaKey), nil
	case form == PublicPKCS1 && isRSA:
		return x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey), nil
	case form == EC && isEC:
		return x509.MarshalECPrivateKey(ecKey)
	}
	return nil, fmt.Errorf("there is no such form")
}

// PEM is the key in that form as one block.
func (k *Key) PEM(form KeyForm) ([]byte, error) {
	if form == LegacyRSA {
		der, err := k.DER(PKCS1)
		if err != nil {
			return nil, err
		}
		//nolint:staticcheck // the very form that people still have
		block, err := x509.EncryptPEMBlock(stream("legacy "+k.Name), string(PKCS1), der, []byte(Password), x509.PEMCipherAES256)
		if err != nil {
			return nil, fmt.Errorf("write key %s/%s as %s: %w", k.Type, k.Name, form, err)
		}
		return pem.EncodeToMemory(block), nil
	}
	der, err := k.DER(form)
	if err != nil {
		return nil, err
	}
	return PEM(string(form), der), nil
}

// encryptedPKCS8 is EncryptedPrivateKeyInfo with PBES2, written by hand since
// the standard library has none.
func (k *Key) encryptedPKCS8() ([]byte, error) {
	plain, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return nil, err
	}
	random := make([]byte, 16+aes.BlockSize)
	if _, err := io.ReadFull(stream("pkcs8 "+k.Name), random); err != nil {
		return nil, err
	}
	salt, iv := random[:16], random[16:]
	const iterations = 2048
	key, err := pbkdf2.Key(sha256.New, Password, salt, iterations, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	for range pad {
		plain = append(plain, byte(pad))
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(plain, plain)

	identifier := func(oid asn1.ObjectIdentifier, parameters any) (pkix.AlgorithmIdentifier, error) {
		der, err := asn1.Marshal(parameters)
		return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.RawValue{FullBytes: der}}, err
	}
	prf := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, Parameters: asn1.NullRawValue}
	kdf, err := identifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}, struct {
		Salt       []byte
		Iterations int
		PRF        pkix.AlgorithmIdentifier
	}{salt, iterations, prf})
	if err != nil {
		return nil, err
	}
	scheme, err := identifier(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, iv)
	if err != nil {
		return nil, err
	}
	pbes2, err := identifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, []pkix.AlgorithmIdentifier{kdf, scheme})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{pbes2, plain})
}

// PKCS12 is a PFX of the certificate, its key and a chain. An empty password
// gives what Key Vault exports for a certificate resource.
func PKCS12(password string, c *Cert, chain ...*Cert) ([]byte, error) {
	return encodePKCS12(pkcs12.Modern, password, c, chain)
}

// LegacyPKCS12 is PKCS12 with the algorithms of old: SHA-1 and triple DES.
func LegacyPKCS12(password string, c *Cert, chain ...*Cert) ([]byte, error) {
	return encodePKCS12(pkcs12.LegacyDES, password, c, chain)
}

// BarePKCS12 is PKCS12 with neither encryption nor a MAC.
func BarePKCS12(c *Cert, chain ...*Cert) ([]byte, error) {
	return encodePKCS12(pkcs12.Passwordless, "", c, chain)
}

func encodePKCS12(encoder *pkcs12.Encoder, password string, c *Cert, chain []*Cert) ([]byte, error) {
	leaf, err := c.X509()
	if err != nil {
		return nil, fmt.Errorf("write PKCS#12: %w", err)
	}
	var cas []*x509.Certificate
	for _, ca := range chain {
		parsed, err := ca.X509()
		if err != nil {
			return nil, fmt.Errorf("write PKCS#12: %w", err)
		}
		cas = append(cas, parsed)
	}
	der, err := encoder.WithRand(stream("pkcs12 "+c.Key.Name)).Encode(c.Key.signer, leaf, cas, password)
	if err != nil {
		return nil, fmt.Errorf("write PKCS#12: %w", err)
	}
	return der, nil
}

// PKCS7 is a certificates-only SignedData, as in a .p7b file.
func PKCS7(certificates ...*Cert) ([]byte, error) {
	var ders []byte
	for _, c := range certificates {
		ders = append(ders, c.DER...)
	}
	der, err := pkcs7.DegenerateCertificate(ders)
	if err != nil {
		return nil, fmt.Errorf("write PKCS#7: %w", err)
	}
	return der, nil
}

// CSR is a certificate request for the key.
func CSR(k *Key, commonName string) ([]byte, error) {
	der, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{Subject: pkix.Name{CommonName: commonName}}, k.signer)
	if err != nil {
		return nil, fmt.Errorf("write certificate request: %w", err)
	}
	return der, nil
}
