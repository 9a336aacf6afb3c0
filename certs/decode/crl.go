package decode

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"time"

	"github.com/storewarden/storewarden/certs"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// readCRL reads a CRL by its structure, as readCertificate does: version 1
// lists, which crypto/x509 refuses, are one in eight at OPC UA sites. It keeps
// der.
func readCRL(der []byte) (*certs.CRL, error) {
	var outer, tbs, algorithm, body cryptobyte.String
	s := cryptobyte.String(der)
	if !s.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!outer.ReadASN1Element(&algorithm, asn1.SEQUENCE) {
		return nil, errOuter
	}
	body = tbs
	crl := &certs.CRL{Raw: der, Version: 1}
	if body.PeekASN1Tag(asn1.INTEGER) {
		var version cryptobyte.String
		if !body.ReadASN1(&version, asn1.INTEGER) || len(version) != 1 || version[0] > 1 {
			return nil, errors.New("its version is neither 1 nor 2")
		}
		crl.Version = int(version[0]) + 1
	}
	var issuer cryptobyte.String
	if !body.SkipASN1(asn1.SEQUENCE) || !body.ReadASN1Element(&issuer, asn1.SEQUENCE) {
		return nil, errInner
	}
	var ok bool
	crl.RawIssuer = issuer
	if crl.Issuer, _, ok = distinguishedName(issuer); !ok {
		return nil, errors.New("the issuer's name is malformed")
	}
	if crl.ThisUpdate, ok = readTime(&body); !ok || crl.ThisUpdate.IsZero() {
		return nil, errors.New("thisUpdate cannot be read")
	}
	if crl.NextUpdate, ok = readTime(&body); ok && crl.NextUpdate.IsZero() {
		return nil, errors.New("nextUpdate cannot be read")
	}
	if !revoked(crl, &body) {
		return nil, errors.New("the list of revoked certificates cannot be read")
	}
	var list cryptobyte.String
	var present bool
	if body.ReadOptionalASN1(&list, &present, asn1.Tag(0).Constructed().ContextSpecific()) && present {
		all := readExtensions(list)
		crl.AuthorityKeyID, crl.AuthoritySerial = authority(all)
		var number cryptobyte.String
		if value, ok := find(all, 20); ok && value.ReadASN1(&number, asn1.INTEGER) {
			crl.Number = serialText(number)
		}
	}
	sum := sha256.Sum256(der)
	crl.SHA256 = hex.EncodeToString(sum[:])
	var name x509.SignatureAlgorithm
	name, crl.SignatureHash = signatureAlgorithm(algorithm)
	strict, err := x509.ParseRevocationList(der)
	if err != nil {
		crl.StrictParseError = complaint(err)
	} else {
		crl.X509 = strict
		name = strict.SignatureAlgorithm
	}
	crl.SignatureAlgorithm = algorithmName(name)
	return crl, nil
}

// revoked reads the entries. Of a certificate that is listed twice the first
// date stays. One unreadable entry makes the list unreadable: a CRL that
// silently revokes less than it says would be worse than none.
func revoked(crl *certs.CRL, body *cryptobyte.String) bool {
	if !body.PeekASN1Tag(asn1.SEQUENCE) {
		return true
	}
	var entries cryptobyte.String
	if !body.ReadASN1(&entries, asn1.SEQUENCE) {
		return false
	}
	crl.RevokedAt = map[string]time.Time{}
	for !entries.Empty() {
		var entry, serial cryptobyte.String
		if !entries.ReadASN1(&entry, asn1.SEQUENCE) || !entry.ReadASN1(&serial, asn1.INTEGER) {
			return false
		}
		at, ok := readTime(&entry)
		if !ok {
			return false
		}
		crl.Revoked++
		if _, twice := crl.RevokedAt[serialText(serial)]; !twice {
			crl.RevokedAt[serialText(serial)] = at
		}
	}
	return true
}
