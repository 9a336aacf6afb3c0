package decode

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the thumbprint that OPC UA tools show
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/netip"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain/signature"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

var (
	errOuter = errors.New("it is no signed structure")
	errInner = errors.New("a required member is missing or malformed")
)

// fields are the raw members of a certificate.
type fields struct {
	tbs, issuer, subject, spki, algorithm cryptobyte.String
	serial, signature                     cryptobyte.String
	validity                              cryptobyte.String
	version                               int
	extensions                            []extension
}

// readCertificate reads a certificate by its structure, and lets crypto/x509
// read it too. So there is one reading of every fact, which does not depend
// on whether the strict parser agrees; it keeps der.
func readCertificate(der []byte) (*certs.Certificate, error) {
	f, err := split(der)
	if err != nil {
		return nil, err
	}
	c := &certs.Certificate{Raw: der, Version: f.version, RawSubject: f.subject, RawIssuer: f.issuer}
	var okSubject, okIssuer bool
	c.Subject, c.CommonName, okSubject = distinguishedName(f.subject)
	c.Issuer, _, okIssuer = distinguishedName(f.issuer)
	if !okSubject || !okIssuer {
		return nil, errors.New("a distinguished name is malformed")
	}
	c.Serial = serialText(f.serial)
	sum1, sum256, key256 := sha1.Sum(der), sha256.Sum256(der), sha256.Sum256(f.spki) //nolint:gosec // see the import
	c.SHA1, c.SHA256, c.PublicKeyID = hex.EncodeToString(sum1[:]), hex.EncodeToString(sum256[:]), hex.EncodeToString(key256[:])
	c.NotBefore, _ = readTime(&f.validity)
	c.NotAfter, _ = readTime(&f.validity)
	c.KeyAlgorithm, c.KeyBits = publicKeyFacts(f.spki)

	var algorithm x509.SignatureAlgorithm
	algorithm, c.SignatureHash = signatureAlgorithm(f.algorithm)
	strict, err := x509.ParseCertificate(der)
	if err != nil {
		c.StrictParseError = complaint(err)
	} else {
		c.X509 = strict
		algorithm = strict.SignatureAlgorithm
	}
	c.SignatureAlgorithm = algorithmName(algorithm)
	extend(c, f.extensions)
	c.SelfIssued = bytes.Equal(f.subject, f.issuer)
	if c.SelfIssued {
		c.SelfSigned, _ = signature.Check(algorithm, publicKey(c.X509, f.spki), f.tbs, f.signature)
	}
	return c, nil
}

// publicKey is the key as a Go value, nil where Go has none.
func publicKey(strict *x509.Certificate, spki []byte) any {
	if strict != nil {
		return strict.PublicKey
	}
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil
	}
	return key
}

// split finds the members of a certificate.
func split(der cryptobyte.String) (fields, error) {
	var f fields
	var outer, body, signature, version cryptobyte.String
	var unused uint8
	if !der.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1Element(&f.tbs, asn1.SEQUENCE) ||
		!outer.ReadASN1Element(&f.algorithm, asn1.SEQUENCE) || !outer.ReadASN1(&signature, asn1.BIT_STRING) ||
		!signature.ReadUint8(&unused) {
		return f, errOuter
	}
	f.signature = signature
	tbs := f.tbs
	versionTag := asn1.Tag(0).Constructed().ContextSpecific()
	var versioned bool
	if !tbs.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadOptionalASN1(&version, &versioned, versionTag) {
		return f, errInner
	}
	f.version = 1
	if versioned {
		var n cryptobyte.String
		if !version.ReadASN1(&n, asn1.INTEGER) || len(n) != 1 || n[0] > 2 {
			return f, errors.New("its version is none of 1, 2, 3")
		}
		f.version = int(n[0]) + 1
	}
	if !body.ReadASN1(&f.serial, asn1.INTEGER) || !body.SkipASN1(asn1.SEQUENCE) ||
		!body.ReadASN1Element(&f.issuer, asn1.SEQUENCE) || !body.ReadASN1(&f.validity, asn1.SEQUENCE) ||
		!body.ReadASN1Element(&f.subject, asn1.SEQUENCE) || !body.ReadASN1Element(&f.spki, asn1.SEQUENCE) {
		return f, errInner
	}
	var extensions cryptobyte.String
	var present bool
	if body.SkipOptionalASN1(asn1.Tag(1).ContextSpecific()) && body.SkipOptionalASN1(asn1.Tag(2).ContextSpecific()) &&
		body.ReadOptionalASN1(&extensions, &present, asn1.Tag(3).Constructed().ContextSpecific()) && present {
		f.extensions = readExtensions(extensions)
	}
	return f, nil
}

// extend fills what extensions say. A malformed one says nothing, as one that
// is absent: what X509 or StrictParseError are for.
func extend(c *certs.Certificate, all []extension) {
	var body cryptobyte.String
	if value, ok := find(all, 19); ok {
		c.HasBasicConstraint = true
		var ca bool
		c.IsCA = value.ReadASN1(&body, asn1.SEQUENCE) && body.ReadASN1Boolean(&ca) && ca
	}
	if value, ok := find(all, 15); ok {
		c.KeyUsage = keyUsage(value)
	}
	if value, ok := find(all, 37); ok && value.ReadASN1(&body, asn1.SEQUENCE) {
		for !body.Empty() {
			var oid cryptobyte.String
			if !body.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
				break
			}
			c.ExtKeyUsage = append(c.ExtKeyUsage, extKeyUsage(oid))
		}
	}
	if value, ok := find(all, 14); ok && value.ReadASN1(&body, asn1.OCTET_STRING) {
		c.SubjectKeyID = hex.EncodeToString(body)
	}
	c.AuthorityKeyID, c.AuthoritySerial = authority(all)
	if value, ok := find(all, 17); ok && value.ReadASN1(&body, asn1.SEQUENCE) {
		alternativeNames(c, body)
	}
}

// alternativeNames keeps names as they are written: the connector compares
// the ApplicationUri byte for byte, and net/url would rewrite a blank in it.
func alternativeNames(c *certs.Certificate, names cryptobyte.String) {
	for !names.Empty() {
		var name cryptobyte.String
		var tag asn1.Tag
		if !names.ReadAnyASN1(&name, &tag) {
			return
		}
		switch tag {
		case asn1.Tag(6).ContextSpecific():
			c.URIs = append(c.URIs, lenientText(name))
		case asn1.Tag(2).ContextSpecific():
			c.DNSNames = append(c.DNSNames, lenientText(name))
		case asn1.Tag(7).ContextSpecific():
			address := "#" + hex.EncodeToString(name)
			if ip, ok := netip.AddrFromSlice(name); ok {
				address = ip.String()
			}
			c.IPAddresses = append(c.IPAddresses, address)
		}
	}
}

// keyUsage names the bits as RFC 5280 does, with nonRepudiation for the second
// as OPC UA does.
func keyUsage(value cryptobyte.String) []string {
	var bits cryptobyte.String
	var unused uint8
	if !value.ReadASN1(&bits, asn1.BIT_STRING) || !bits.ReadUint8(&unused) {
		return nil
	}
	out := []string{}
	for i, name := range [...]string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
		"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"} {
		if i/8 < len(bits) && bits[i/8]&(0x80>>(i%8)) != 0 {
			out = append(out, name)
		}
	}
	return out
}

func extKeyUsage(oid []byte) string {
	const arc = "\x2b\x06\x01\x05\x05\x07\x03"
	switch string(oid) {
	case arc + "\x01":
		return "serverAuth"
	case arc + "\x02":
		return "clientAuth"
	case arc + "\x03":
		return "codeSigning"
	case arc + "\x04":
		return "emailProtection"
	case arc + "\x08":
		return "timeStamping"
	case arc + "\x09":
		return "OCSPSigning"
	case "\x55\x1d\x25\x00":
		return "anyExtendedKeyUsage"
	}
	return dotted(oid)
}
