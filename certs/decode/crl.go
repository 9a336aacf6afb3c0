package decode

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"iter"
	"time"

	"github.com/storewarden/storewarden/certs"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// readCRL reads a CRL by its structure, as readCertificate does: version 1
// lists, which crypto/x509 refuses, are one in eight at OPC UA sites.
func readCRL(raw, der []byte) (*certs.CRL, error) {
	var outer, algorithm, body, value cryptobyte.String
	crl := &certs.CRL{Raw: raw, Version: 1}
	s := cryptobyte.String(der)
	var tbs cryptobyte.String
	if !s.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1Element(&tbs, asn1.SEQUENCE) ||
		!readAlgorithm(&outer, &algorithm) || !readBits(&outer, &value) || !outer.Empty() {
		return nil, errOuter
	}
	crl.RawTBS, crl.SignatureValue = tbs, value
	if !tbs.ReadASN1(&body, asn1.SEQUENCE) {
		return nil, errOuter
	}
	if body.PeekASN1Tag(asn1.INTEGER) {
		var version cryptobyte.String
		if !readInteger(&body, &version) {
			return nil, errors.New("its version is no number")
		}
		crl.Version = smallInteger(version) + 1
	}
	var issuer, inner cryptobyte.String
	if !readAlgorithm(&body, &inner) || !body.ReadASN1Element(&issuer, asn1.SEQUENCE) {
		return nil, errInner
	}
	var ok bool
	crl.RawIssuer = issuer
	if crl.Issuer, _, ok = distinguishedName(issuer); !ok {
		return nil, errors.New("the issuer's name is malformed")
	}
	if crl.ThisUpdate, ok = readTime(&body); !ok {
		return nil, errors.New("thisUpdate is missing")
	}
	crl.NextUpdate, _ = readTime(&body)
	if err := crlRest(crl, body); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	crl.SHA256 = hex.EncodeToString(sum[:])
	crl.SignatureAlgorithm, crl.SignatureHash = signatureAlgorithm(algorithm)
	_, err := x509.ParseRevocationList(raw)
	crl.StrictParseError = complaint(err)
	crl.Oddity = oddity(crl.StrictParseError, raw, der)
	return crl, nil
}

// crlRest reads what follows the times. One unreadable entry makes the list
// unreadable: a CRL that silently revokes less than it says would be worse
// than none.
func crlRest(crl *certs.CRL, body cryptobyte.String) error {
	if body.PeekASN1Tag(asn1.SEQUENCE) {
		var entries cryptobyte.String
		if !body.ReadASN1(&entries, asn1.SEQUENCE) {
			return errInner
		}
		crl.Entries = entries
		for !entries.Empty() {
			if _, _, ok := readEntry(&entries); !ok {
				return errors.New("the list of revoked certificates cannot be read")
			}
			crl.Revoked++
		}
	}
	var list cryptobyte.String
	var present bool
	if !body.ReadOptionalASN1(&list, &present, asn1.Tag(0).Constructed().ContextSpecific()) || !body.Empty() {
		return errRest
	}
	if !present {
		return nil
	}
	all, ok := readExtensions(list)
	if !ok {
		return errors.New("its extensions are malformed")
	}
	crl.AuthorityKeyID, crl.AuthoritySerial = authority(all)
	var number cryptobyte.String
	if value, ok := find(all, 20); ok && value.ReadASN1(&number, asn1.INTEGER) {
		crl.Number = serialText(number)
	}
	_, crl.Delta = find(all, 27)
	if value, ok := find(all, 28); ok {
		scope(crl, value)
	}
	return nil
}

// scope reads an issuing distribution point.
func scope(crl *certs.CRL, value cryptobyte.String) {
	var body cryptobyte.String
	if !value.ReadASN1(&body, asn1.SEQUENCE) {
		return
	}
	for !body.Empty() {
		var member cryptobyte.String
		var tag asn1.Tag
		if !body.ReadAnyASN1(&member, &tag) {
			return
		}
		set := len(member) == 1 && member[0] != 0
		switch tag {
		case asn1.Tag(1).ContextSpecific(), asn1.Tag(2).ContextSpecific(), asn1.Tag(5).ContextSpecific(): // of users, CAs, attributes only
			crl.Partial = crl.Partial || set
		case asn1.Tag(3).ContextSpecific(): // some reasons only
			crl.Partial = true
		case asn1.Tag(4).ContextSpecific():
			crl.Indirect = crl.Indirect || set
		}
	}
}

// Entries yields the serial number, as certs.Certificate.RawSerial has it, and
// the date of every certificate that a CRL lists; the date is zero where it
// cannot be read. The reason is left aside, and so is who issued the
// certificate in an indirect CRL: the connector asks about neither.
func Entries(crl *certs.CRL) iter.Seq2[[]byte, time.Time] {
	return func(yield func([]byte, time.Time) bool) {
		entries := cryptobyte.String(crl.Entries)
		for !entries.Empty() {
			serial, at, ok := readEntry(&entries)
			if !ok || !yield(serial, at) {
				return
			}
		}
	}
}

func readEntry(entries *cryptobyte.String) (serial cryptobyte.String, at time.Time, ok bool) {
	var entry, list cryptobyte.String
	if !entries.ReadASN1(&entry, asn1.SEQUENCE) || !readInteger(&entry, &serial) {
		return nil, at, false
	}
	if at, ok = readTime(&entry); !ok {
		return nil, at, false
	}
	if !entry.Empty() {
		if !entry.ReadASN1Element(&list, asn1.SEQUENCE) || !entry.Empty() {
			return nil, at, false
		}
		if _, ok = readExtensions(list); !ok {
			return nil, at, false
		}
	}
	return serial, at, true
}
