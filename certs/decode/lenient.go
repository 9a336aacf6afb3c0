package decode

import (
	"crypto/sha256"
	"crypto/x509/pkix"
	encodingasn1 "encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/storewarden/storewarden/certs"
)

// lenientCertificate reads the outline of a certificate that crypto/x509
// refuses: names, serial, validity, version and what extensions say plainly. It
// returns nil when the outline is not a certificate's.
func lenientCertificate(der []byte) *certs.Certificate {
	tbs, algorithm, ok := signed(der)
	if !ok {
		return nil
	}
	c := &certs.Certificate{Version: 1, KeyAlgorithm: unknown, SignatureAlgorithm: unknown}
	var version cryptobyte.String
	var hasVersion bool
	if !tbs.ReadOptionalASN1(&version, &hasVersion, asn1.Tag(0).ContextSpecific().Constructed()) {
		return nil
	}
	if hasVersion {
		var v int
		if !version.ReadASN1Integer(&v) {
			return nil
		}
		c.Version = v + 1
	}
	var number, issuer, validity, subject, spki cryptobyte.String
	if !tbs.ReadASN1(&number, asn1.INTEGER) || !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.ReadASN1Element(&issuer, asn1.SEQUENCE) ||
		!tbs.ReadASN1(&validity, asn1.SEQUENCE) || !tbs.ReadASN1Element(&subject, asn1.SEQUENCE) || !tbs.ReadASN1Element(&spki, asn1.SEQUENCE) {
		return nil
	}
	var okFrom, okTo bool
	c.NotBefore, okFrom = readTime(&validity)
	c.NotAfter, okTo = readTime(&validity)
	if !okFrom || !okTo {
		return nil
	}
	c.Serial = serial(signedInt(number))
	c.RawIssuer, c.RawSubject = issuer, subject
	c.Issuer, _ = nameText(issuer)
	c.Subject, c.CommonName = nameText(subject)
	c.SelfIssued = string(issuer) == string(subject)
	c.SignatureAlgorithm, c.SignatureHash = algorithmText(algorithm)
	sum := sha256.Sum256(spki)
	c.PublicKeyID = hexOf(sum[:])
	if k := publicKey(spki, certs.FormatDER); k.Algorithm != unknown {
		c.KeyAlgorithm, c.KeyBits = k.Algorithm, k.Bits
	}
	readExtensions(c, tbs)
	return c
}

// signed takes apart SEQUENCE{tbs, algorithm, signature}, the outline that
// certificates and CRLs share.
func signed(der []byte) (tbs, algorithm cryptobyte.String, ok bool) {
	s := cryptobyte.String(der)
	var outer cryptobyte.String
	ok = s.ReadASN1(&outer, asn1.SEQUENCE) && outer.ReadASN1(&tbs, asn1.SEQUENCE) &&
		outer.ReadASN1(&algorithm, asn1.SEQUENCE) && outer.SkipASN1(asn1.BIT_STRING)
	return tbs, algorithm, ok
}

// lenientCRL reads a CRL that crypto/x509 refuses: X.509 v1, as one in eight of
// those that OPC UA servers use. It returns nil when the outline is not a CRL's.
func lenientCRL(der []byte) *certs.CRL {
	tbs, _, ok := signed(der)
	if !ok {
		return nil
	}
	l := &certs.CRL{Version: 1, RevokedAt: map[string]time.Time{}}
	if tbs.PeekASN1Tag(asn1.INTEGER) {
		if !tbs.SkipASN1(asn1.INTEGER) {
			return nil
		}
		l.Version = 2
	}
	var issuer cryptobyte.String
	if !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.ReadASN1Element(&issuer, asn1.SEQUENCE) {
		return nil
	}
	if l.ThisUpdate, ok = readTime(&tbs); !ok {
		return nil
	}
	if tbs.PeekASN1Tag(asn1.UTCTime) || tbs.PeekASN1Tag(asn1.GeneralizedTime) {
		if l.NextUpdate, ok = readTime(&tbs); !ok {
			return nil
		}
	}
	l.RawIssuer = issuer
	l.Issuer, _ = nameText(issuer)
	var revoked cryptobyte.String
	if tbs.PeekASN1Tag(asn1.SEQUENCE) && tbs.ReadASN1(&revoked, asn1.SEQUENCE) {
		for !revoked.Empty() {
			var entry, number cryptobyte.String
			if !revoked.ReadASN1(&entry, asn1.SEQUENCE) || !entry.ReadASN1(&number, asn1.INTEGER) {
				break
			}
			l.Revoked++
			at, _ := readTime(&entry)
			l.RevokedAt[serial(signedInt(number))] = at
		}
	}
	return l
}

// signedInt reads an INTEGER's two's complement; negative serial numbers exist.
func signedInt(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}

func readTime(s *cryptobyte.String) (time.Time, bool) {
	var t time.Time
	switch {
	case s.PeekASN1Tag(asn1.UTCTime):
		var raw cryptobyte.String
		if !s.ReadASN1(&raw, asn1.UTCTime) {
			return t, false
		}
		return parseTime(string(raw), "060102150405Z0700", "0601021504Z0700")
	case s.PeekASN1Tag(asn1.GeneralizedTime):
		var raw cryptobyte.String
		if !s.ReadASN1(&raw, asn1.GeneralizedTime) {
			return t, false
		}
		return parseTime(string(raw), "20060102150405Z0700", "20060102150405.999Z0700", "20060102150405")
	}
	return t, false
}

func parseTime(text string, layouts ...string) (time.Time, bool) {
	for _, layout := range layouts {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if len(layout) < len("20060102150405") || layout[0] == '0' {
			if t.Year() >= 2050 { // a UTCTime's two digits are of 1950 to 2049
				t = t.AddDate(-100, 0, 0)
			}
		}
		return t.UTC(), true
	}
	return time.Time{}, false
}

// nameText writes a distinguished name; one that encoding/asn1 refuses is shown
// as such rather than as empty.
func nameText(raw []byte) (text, commonName string) {
	var rdns pkix.RDNSequence
	if rest, err := encodingasn1.Unmarshal(raw, &rdns); err != nil || len(rest) > 0 {
		return "(a name in an unusual encoding)", ""
	}
	var name pkix.Name
	name.FillFromRDNSequence(&rdns)
	return name.String(), name.CommonName
}

// algorithmText names a signature algorithm by its identifier where it is one
// of the usual ones.
func algorithmText(algorithm cryptobyte.String) (name, hash string) {
	oid, ok := readOID(algorithm)
	if !ok {
		return unknown, ""
	}
	if h, ok := map[string]string{"1.2.840.113549.1.1.4": "MD5", "1.2.840.113549.1.1.5": "SHA1", "1.2.840.10045.4.1": "SHA1",
		"1.2.840.113549.1.1.11": "SHA256", "1.2.840.113549.1.1.12": "SHA384", "1.2.840.113549.1.1.13": "SHA512",
		"1.2.840.10045.4.3.2": "SHA256", "1.2.840.10045.4.3.3": "SHA384", "1.2.840.10045.4.3.4": "SHA512"}[oid]; ok {
		return oid, h
	}
	return oid, ""
}

func readOID(s cryptobyte.String) (string, bool) {
	var oid encodingasn1.ObjectIdentifier
	if !s.ReadASN1ObjectIdentifier(&oid) {
		return "", false
	}
	return oid.String(), true
}

// readExtensions reads the extensions that rules ask about; one that cannot be
// read is passed over, since another reader may take it.
func readExtensions(c *certs.Certificate, tbs cryptobyte.String) {
	var wrapper, list cryptobyte.String
	for !tbs.Empty() && !tbs.PeekASN1Tag(asn1.Tag(3).ContextSpecific().Constructed()) {
		var skipped cryptobyte.String
		var tag asn1.Tag
		if !tbs.ReadAnyASN1(&skipped, &tag) {
			return
		}
	}
	if !tbs.ReadASN1(&wrapper, asn1.Tag(3).ContextSpecific().Constructed()) || !wrapper.ReadASN1(&list, asn1.SEQUENCE) {
		return
	}
	for !list.Empty() {
		var ext, value cryptobyte.String
		if !list.ReadASN1(&ext, asn1.SEQUENCE) {
			return
		}
		var oid encodingasn1.ObjectIdentifier
		if !ext.ReadASN1ObjectIdentifier(&oid) {
			continue
		}
		if ext.PeekASN1Tag(asn1.BOOLEAN) && !ext.SkipASN1(asn1.BOOLEAN) {
			continue
		}
		if ext.ReadASN1(&value, asn1.OCTET_STRING) {
			readExtension(c, oid.String(), value)
		}
	}
}

func readExtension(c *certs.Certificate, oid string, value cryptobyte.String) {
	switch oid {
	case "2.5.29.19": // basicConstraints
		var seq cryptobyte.String
		if value.ReadASN1(&seq, asn1.SEQUENCE) {
			c.HasBasicConstraint = true
			_ = seq.ReadOptionalASN1Boolean(&c.IsCA, asn1.BOOLEAN, false)
		}
	case "2.5.29.15": // keyUsage
		var bits encodingasn1.BitString
		if value.ReadASN1BitString(&bits) {
			for i, name := range keyUsageNames {
				if bits.At(i) != 0 {
					c.KeyUsage = append(c.KeyUsage, name)
				}
			}
		}
	case "2.5.29.17": // subjectAltName
		var seq cryptobyte.String
		if !value.ReadASN1(&seq, asn1.SEQUENCE) {
			return
		}
		for !seq.Empty() {
			var name cryptobyte.String
			var tag asn1.Tag
			if !seq.ReadAnyASN1(&name, &tag) {
				return
			}
			switch tag {
			case asn1.Tag(6).ContextSpecific():
				c.URIs = append(c.URIs, string(name))
			case asn1.Tag(2).ContextSpecific():
				c.DNSNames = append(c.DNSNames, string(name))
			}
		}
	}
}
