package certtest

import (
	"crypto"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// CRLOptions describe a CRL. The zero value is a sound, empty version 2 list
// that is valid for a month.
type CRLOptions struct {
	Now          time.Time // the CA's when zero
	ThisUpdate   time.Time // a day before Now when zero
	NextUpdate   time.Time // 30 days after Now when zero
	NoNextUpdate bool

	Revoked   []*big.Int
	RevokedAt time.Time // ThisUpdate when zero

	Number    *big.Int // 1 when nil
	NoNumber  bool
	Version   int    // 2 when 0; 1 carries no extensions, and crypto/x509 refuses it
	RawIssuer []byte // DER of a Name: of another CA, for a list that belongs to none

	Key              *Key   // signs instead of the CA's key
	AuthorityKeyID   []byte // the CA's SubjectKeyID when nil
	NoAuthorityKeyID bool
	AuthoritySerial  *big.Int

	Hash         crypto.Hash // SHA256 when 0
	BadSignature bool
}

// CRL is an issued certificate revocation list.
type CRL struct{ DER []byte }

// PEM is the list as one X509 CRL block, which the connector cannot read.
func (c *CRL) PEM() []byte { return PEM("X509 CRL", c.DER) }

// Hex is the DER as the az CLI uploads it.
func (c *CRL) Hex() string { return hex.EncodeToString(c.DER) }

// CRL issues a certificate revocation list of c.
func (c *Cert) CRL(o CRLOptions) (*CRL, error) {
	crl, err := c.tryCRL(o)
	if err != nil {
		return nil, fmt.Errorf("issue CRL: %w", err)
	}
	return crl, nil
}

func (c *Cert) tryCRL(o CRLOptions) (*CRL, error) {
	o, err := o.withDefaults(c)
	if err != nil {
		return nil, err
	}
	a, err := signatureAlgorithm(o.Key.Type, o.Hash)
	if err != nil {
		return nil, err
	}
	algorithmDER, err := a.der()
	if err != nil {
		return nil, err
	}
	tbs, err := o.tbs(c, algorithmDER)
	if err != nil {
		return nil, err
	}
	der, err := signed(tbs, algorithmDER, o.Key, o.Hash, o.BadSignature)
	return &CRL{DER: der}, err
}

func (o CRLOptions) withDefaults(ca *Cert) (CRLOptions, error) {
	if o.Now.IsZero() {
		o.Now = ca.now
	}
	if o.ThisUpdate.IsZero() {
		o.ThisUpdate = o.Now.AddDate(0, 0, -1)
	}
	if o.NextUpdate.IsZero() {
		o.NextUpdate = o.Now.AddDate(0, 0, 30)
	}
	if o.RevokedAt.IsZero() {
		o.RevokedAt = o.ThisUpdate
	}
	if o.Number == nil {
		o.Number = big.NewInt(1)
	}
	if o.Version == 0 {
		o.Version = 2
	}
	if o.Version < 1 || o.Version > 2 {
		return o, fmt.Errorf("CRL options: version %d is neither 1 nor 2", o.Version)
	}
	if o.RawIssuer == nil {
		o.RawIssuer = ca.subject
	}
	if o.Key == nil {
		o.Key = ca.Key
	}
	if o.AuthorityKeyID == nil {
		o.AuthorityKeyID = ca.subjectKeyID
	}
	if o.Hash == 0 {
		o.Hash = crypto.SHA256
	}
	return o, nil
}

func (o CRLOptions) tbs(ca *Cert, algorithmDER []byte) ([]byte, error) {
	extensions, err := o.extensions(ca)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if o.Version == 2 {
			b.AddASN1Int64(1)
		}
		b.AddBytes(algorithmDER)
		b.AddBytes(o.RawIssuer)
		addTime(b, o.ThisUpdate)
		if !o.NoNextUpdate {
			addTime(b, o.NextUpdate)
		}
		if len(o.Revoked) > 0 {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, serial := range o.Revoked {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1BigInt(serial)
						addTime(b, o.RevokedAt)
					})
				}
			})
		}
		if len(extensions) > 0 {
			addExtensions(b, 0, extensions)
		}
	})
	return b.Bytes()
}

func (o CRLOptions) extensions(ca *Cert) ([]pkix.Extension, error) {
	if o.Version == 1 {
		return nil, nil
	}
	var out []pkix.Extension
	if !o.NoAuthorityKeyID && (o.AuthorityKeyID != nil || o.AuthoritySerial != nil) {
		var b cryptobyte.Builder
		addAuthority(&b, o.AuthorityKeyID, ca.subject, o.AuthoritySerial)
		value, err := b.Bytes()
		if err != nil {
			return nil, err
		}
		out = append(out, pkix.Extension{Id: extensionID(35), Value: value})
	}
	if !o.NoNumber {
		var b cryptobyte.Builder
		b.AddASN1BigInt(o.Number)
		value, err := b.Bytes()
		if err != nil {
			return nil, err
		}
		out = append(out, pkix.Extension{Id: extensionID(20), Value: value})
	}
	return out, nil
}
