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
	errRest  = errors.New("it has members that do not belong")
)

// fields are the raw members of a certificate.
type fields struct {
	tbs, issuer, subject, spki, algorithm cryptobyte.String
	serial, signature                     cryptobyte.String
	validity                              cryptobyte.String
	version                               int
	extensions                            []extension
}

// readCertificate reads a certificate by its structure, and asks crypto/x509
// what it thinks of it. So there is one reading of every fact, which does not
// depend on whether the strict parser agrees. It takes the element as it is
// written and in DER, which are most often the same, and keeps both.
func readCertificate(raw, der []byte) (*certs.Certificate, error) {
	f, err := split(der)
	if err != nil {
		return nil, err
	}
	c := &certs.Certificate{Raw: raw, RawTBS: f.tbs, RawSerial: f.serial, RawIssuer: f.issuer, RawSubject: f.subject,
		SignatureValue: f.signature, Version: f.version, MaxPathLen: -1}
	var okSubject, okIssuer bool
	c.Subject, c.CommonName, okSubject = distinguishedName(f.subject)
	c.Issuer, _, okIssuer = distinguishedName(f.issuer)
	if !okSubject || !okIssuer {
		return nil, errors.New("a distinguished name is malformed")
	}
	c.Serial = serialText(f.serial)
	sum1, sum256, key256 := sha1.Sum(raw), sha256.Sum256(raw), sha256.Sum256(f.spki) //nolint:gosec // see the import
	c.SHA1, c.SHA256, c.PublicKeyID = hex.EncodeToString(sum1[:]), hex.EncodeToString(sum256[:]), hex.EncodeToString(key256[:])
	c.NotBefore, _ = readTime(&f.validity)
	c.NotAfter, _ = readTime(&f.validity)
	c.KeyAlgorithm, c.KeyBits, c.KeyCurve = publicKeyFacts(f.spki)
	c.PublicKey = publicKey(c.KeyAlgorithm, f.spki)
	c.SignatureAlgorithm, c.SignatureHash = signatureAlgorithm(f.algorithm)
	_, err = x509.ParseCertificate(raw)
	c.StrictParseError = complaint(err)
	c.Oddity = oddity(c.StrictParseError, raw, der)
	extend(c, f.extensions)
	c.SelfIssued = bytes.Equal(f.subject, f.issuer)
	if c.SelfIssued {
		c.SelfSignature = signature.Check(c.SignatureAlgorithm, c.PublicKey, f.tbs, f.signature)
	}
	return c, nil
}

// split finds the members of a certificate. It asks for what OpenSSL asks for
// and no more: the structure down to extensions, but not what they hold.
func split(der cryptobyte.String) (fields, error) {
	var f fields
	var outer, body, version cryptobyte.String
	if !der.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1Element(&f.tbs, asn1.SEQUENCE) ||
		!readAlgorithm(&outer, &f.algorithm) || !readBits(&outer, &f.signature) || !outer.Empty() {
		return f, errOuter
	}
	tbs := f.tbs
	versionTag := asn1.Tag(0).Constructed().ContextSpecific()
	var versioned bool
	if !tbs.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadOptionalASN1(&version, &versioned, versionTag) {
		return f, errInner
	}
	f.version = 1
	if versioned {
		var n cryptobyte.String
		if !readInteger(&version, &n) || !version.Empty() {
			return f, errors.New("its version is no number")
		}
		f.version = smallInteger(n) + 1
	}
	var inner, bits cryptobyte.String
	if !readInteger(&body, &f.serial) || !readAlgorithm(&body, &inner) ||
		!body.ReadASN1Element(&f.issuer, asn1.SEQUENCE) || !body.ReadASN1(&f.validity, asn1.SEQUENCE) ||
		!body.ReadASN1Element(&f.subject, asn1.SEQUENCE) || !body.ReadASN1Element(&f.spki, asn1.SEQUENCE) {
		return f, errInner
	}
	key, times := f.spki, f.validity
	if !key.ReadASN1(&inner, asn1.SEQUENCE) || !readAlgorithm(&inner, &bits) || !readBits(&inner, &bits) || !inner.Empty() {
		return f, errors.New("its public key is malformed")
	}
	if !skipTime(&times) || !skipTime(&times) || !times.Empty() {
		return f, errors.New("its validity is malformed")
	}
	return f, rest(&f, body)
}

// rest reads what may follow the public key.
func rest(f *fields, body cryptobyte.String) error {
	var list cryptobyte.String
	var present, ok bool
	if !body.SkipOptionalASN1(asn1.Tag(1).ContextSpecific()) || !body.SkipOptionalASN1(asn1.Tag(2).ContextSpecific()) ||
		!body.ReadOptionalASN1(&list, &present, asn1.Tag(3).Constructed().ContextSpecific()) || !body.Empty() {
		return errRest
	}
	if present {
		if f.extensions, ok = readExtensions(list); !ok {
			return errors.New("its extensions are malformed")
		}
	}
	return nil
}

// extend fills what extensions say. A malformed one says nothing, as one that
// is absent: what StrictParseError is for.
func extend(c *certs.Certificate, all []extension) {
	var body cryptobyte.String
	if value, ok := find(all, 19); ok {
		c.HasBasicConstraint = true
		var ca bool
		c.IsCA = value.ReadASN1(&body, asn1.SEQUENCE) && readBool(&body, &ca) && ca
		var length cryptobyte.String
		if body.ReadASN1(&length, asn1.INTEGER) {
			c.MaxPathLen = smallInteger(length)
		}
	}
	_, c.NameConstraints = find(all, 30)
	if value, ok := find(all, 15); ok {
		c.HasKeyUsage, c.KeyUsage = true, keyUsage(value)
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
