package certtest

import (
	"crypto/sha1" //nolint:gosec // key identifiers are SHA-1 by RFC 5280, 4.2.1.2
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// issue builds, signs and returns a certificate; issuer nil is self-signed.
func issue(issuer *Cert, o Options, ca bool) (*Cert, error) {
	c, err := tryIssue(issuer, o, ca)
	if err != nil {
		return nil, fmt.Errorf("issue certificate %q: %w", o.CommonName, err)
	}
	return c, nil
}

func tryIssue(issuer *Cert, o Options, ca bool) (*Cert, error) {
	o, err := o.withDefaults(issuer, ca)
	if err != nil {
		return nil, err
	}
	key, err := NewKey(o.Key, o.KeyName)
	if err != nil {
		return nil, err
	}
	c := &Cert{Key: key, Issuer: issuer, now: o.Now, Serial: o.Serial, subject: o.RawSubject}
	if c.subject == nil {
		if c.subject, err = Name(o.CommonName, o.Organization); err != nil {
			return nil, err
		}
	}
	if o.Version == 3 && !o.NoSubjectKeyID {
		c.subjectKeyID = o.SubjectKeyID
		if c.subjectKeyID == nil {
			c.subjectKeyID = keyID(key)
		}
	}
	by := issuer
	if by == nil {
		by = c
	}
	if c.Serial == nil {
		c.Serial = deriveSerial(by, c, o)
	}
	algorithmDER, err := o.algorithm(by.Key)
	if err != nil {
		return nil, err
	}
	tbs, err := o.tbs(c, by, algorithmDER)
	if err != nil {
		return nil, err
	}
	c.DER, err = signed(tbs, algorithmDER, by.Key, o.Hash, o.BadSignature)
	return c, err
}

func (o Options) algorithm(key *Key) ([]byte, error) {
	if o.RawSignatureAlgorithm != nil {
		return o.RawSignatureAlgorithm, nil
	}
	a, err := signatureAlgorithm(key.Type, o.Hash)
	if err != nil {
		return nil, err
	}
	return a.der()
}

// Name is the DER of a distinguished name; empty parts are left out.
func Name(commonName, organization string) ([]byte, error) {
	n := pkix.Name{CommonName: commonName}
	if organization != "" {
		n.Organization = []string{organization}
	}
	return asn1.Marshal(n.ToRDNSequence())
}

func keyID(k *Key) []byte {
	var spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(k.spki, &spki); err != nil {
		return nil // cannot be: NewKey marshalled it
	}
	sum := sha1.Sum(spki.Key.Bytes) //nolint:gosec // see the import
	return sum[:]
}

// deriveSerial gives each certificate of an issuer its own positive serial.
func deriveSerial(by, c *Cert, o Options) *big.Int {
	h := sha256.New()
	for _, part := range [][]byte{
		by.Key.spki, c.Key.spki, c.subject,
		[]byte(o.NotBefore.UTC().Format(time.RFC3339)), []byte(o.NotAfter.UTC().Format(time.RFC3339)),
	} {
		h.Write(part)
	}
	sum := h.Sum(nil)[:16]
	sum[0] = sum[0]&0x7f | 0x40 // positive, and 16 bytes long
	return new(big.Int).SetBytes(sum)
}

func (o Options) tbs(c, by *Cert, algorithmDER []byte) ([]byte, error) {
	issuerName := by.subject
	if o.RawIssuer != nil {
		issuerName = o.RawIssuer
	}
	spki := c.Key.spki
	if o.RawPublicKey != nil {
		spki = o.RawPublicKey
	}
	extensions, err := o.extensions(c, by)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if o.Version > 1 {
			b.AddASN1(cbasn1.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
				b.AddASN1Int64(int64(o.Version - 1))
			})
		}
		b.AddASN1BigInt(c.Serial)
		b.AddBytes(algorithmDER)
		b.AddBytes(issuerName)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addTime(b, o.NotBefore)
			addTime(b, o.NotAfter)
		})
		b.AddBytes(c.subject)
		b.AddBytes(spki)
		if o.Version == 3 && len(extensions) > 0 {
			addExtensions(b, 3, extensions)
		}
	})
	return b.Bytes()
}

// addTime follows RFC 5280: UTCTime until 2049, GeneralizedTime after.
func addTime(b *cryptobyte.Builder, t time.Time) {
	t = t.UTC().Truncate(time.Second)
	if t.Year() >= 1950 && t.Year() < 2050 {
		b.AddASN1UTCTime(t)
		return
	}
	b.AddASN1GeneralizedTime(t)
}

func addExtensions(b *cryptobyte.Builder, tag uint8, extensions []pkix.Extension) {
	b.AddASN1(cbasn1.Tag(tag).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, e := range extensions {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(e.Id)
					if e.Critical {
						b.AddASN1Boolean(true)
					}
					b.AddASN1OctetString(e.Value)
				})
			}
		})
	})
}

func extensionID(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 29, n} }

func (o Options) extensions(c, by *Cert) ([]pkix.Extension, error) {
	var out []pkix.Extension
	var failed error
	add := func(id int, critical bool, build func(*cryptobyte.Builder)) {
		var b cryptobyte.Builder
		build(&b)
		value, err := b.Bytes()
		if err != nil && failed == nil {
			failed = fmt.Errorf("extension 2.5.29.%d: %w", id, err)
		}
		out = append(out, pkix.Extension{Id: extensionID(id), Critical: critical, Value: value})
	}
	if o.Constraints != NoConstraints {
		add(19, true, o.addConstraints)
	}
	if !o.NoKeyUsage {
		add(15, true, func(b *cryptobyte.Builder) { addKeyUsage(b, o.KeyUsage) })
	}
	if !o.NoExtKeyUsage && len(o.ExtKeyUsage) > 0 {
		add(37, false, o.addExtKeyUsage)
	}
	if c.subjectKeyID != nil {
		add(14, false, func(b *cryptobyte.Builder) { b.AddASN1OctetString(c.subjectKeyID) })
	}
	keyID := o.AuthorityKeyID
	if keyID == nil {
		keyID = by.subjectKeyID
	}
	if !o.NoAuthorityKeyID && (keyID != nil || o.AuthoritySerial != nil) {
		add(35, false, func(b *cryptobyte.Builder) { addAuthority(b, keyID, by.subject, o.AuthoritySerial) })
	}
	if len(o.URIs)+len(o.DNSNames)+len(o.IPAddresses) > 0 {
		if i := slices.IndexFunc(o.IPAddresses, func(s string) bool { return net.ParseIP(s) == nil }); i >= 0 {
			return nil, fmt.Errorf("%q is no IP address", o.IPAddresses[i])
		}
		add(17, len(c.subject) == 2, o.addAlternativeNames)
	}
	return append(out, o.Extensions...), failed
}

func (o Options) addConstraints(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if o.Constraints == CATrue {
			b.AddASN1Boolean(true)
		}
		if o.PathLen != nil {
			b.AddASN1Int64(int64(*o.PathLen))
		}
	})
}

func addKeyUsage(b *cryptobyte.Builder, usage x509.KeyUsage) {
	var bits asn1.BitString
	bits.Bytes = make([]byte, 2)
	for i := range 9 {
		if usage&(1<<i) != 0 {
			bits.Bytes[i/8] |= 0x80 >> (i % 8)
			bits.BitLength = i + 1
		}
	}
	bits.Bytes = bits.Bytes[:(bits.BitLength+7)/8]
	der, err := asn1.Marshal(bits)
	if err != nil {
		b.SetError(err)
		return
	}
	b.AddBytes(der)
}

func (o Options) addExtKeyUsage(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, usage := range o.ExtKeyUsage {
			content, err := usage.OID().MarshalBinary()
			if err != nil {
				b.SetError(err)
				return
			}
			b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(content) })
		}
	})
}

func addAuthority(b *cryptobyte.Builder, keyID, issuer []byte, serial *big.Int) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if keyID != nil {
			b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(keyID) })
		}
		if serial == nil {
			return
		}
		b.AddASN1(cbasn1.Tag(1).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.Tag(4).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(issuer) })
		})
		var n cryptobyte.Builder
		n.AddASN1BigInt(serial)
		der, err := n.Bytes()
		if err != nil {
			b.SetError(err)
			return
		}
		der[0] = byte(cbasn1.Tag(2).ContextSpecific()) // implicit
		b.AddBytes(der)
	})
}

func (o Options) addAlternativeNames(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		add := func(tag uint8, value []byte) {
			b.AddASN1(cbasn1.Tag(tag).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(value) })
		}
		for _, uri := range o.URIs {
			add(6, []byte(uri))
		}
		for _, name := range o.DNSNames {
			add(2, []byte(name))
		}
		for _, address := range o.IPAddresses {
			ip := net.ParseIP(address)
			if v4 := ip.To4(); v4 != nil {
				ip = v4
			}
			add(7, ip)
		}
	})
}
