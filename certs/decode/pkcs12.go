package decode

import (
	"github.com/storewarden/storewarden/certs"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// explicit0 is the tag that wraps contents in PKCS#7 and PKCS#12.
const explicit0 = asn1.Tag(0 | 0x80 | 0x20)

// readPKCS12 reads what a PFX shows without a password, which is how Key Vault
// exports a certificate resource. It does so by hand: a library decrypts with
// as many rounds of key derivation as the file asks for, and a file that asks
// for two thousand million would stop an admission webhook. Private keys are
// counted and never decrypted; the MAC is not checked, since nothing is built
// on the content.
func (r *reader) readPKCS12(element cryptobyte.String) {
	var pfx, info, oid, content, octets, safe cryptobyte.String
	if !element.ReadASN1(&pfx, asn1.SEQUENCE) || !pfx.SkipASN1(asn1.INTEGER) || !pfx.ReadASN1(&info, asn1.SEQUENCE) ||
		!info.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || string(oid) != oidData || !info.ReadASN1(&content, explicit0) ||
		!content.ReadASN1(&octets, asn1.OCTET_STRING) || !octets.ReadASN1(&safe, asn1.SEQUENCE) {
		r.problem(certs.ReasonBadPKCS12, "PKCS#12 could not be read")
		return
	}
	before := len(r.out.Certificates)
	locked := false
	for !safe.Empty() && !r.full() {
		if !safe.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !info.ReadASN1(&content, explicit0) {
			r.problem(certs.ReasonBadPKCS12, "PKCS#12 could not be read to its end")
			break
		}
		switch string(oid) {
		case oidData:
			if !content.ReadASN1(&octets, asn1.OCTET_STRING) || !r.bags(octets, 0) {
				r.problem(certs.ReasonBadPKCS12, "a part of the PKCS#12 could not be read")
			}
		case oidEncrypted:
			locked = !r.encryptedBags(content) || locked
		default:
			r.problem(certs.ReasonBadPKCS12, "a part of the PKCS#12 is of a kind that is not read")
		}
	}
	switch {
	case locked && len(r.out.Certificates) == before:
		r.problem(certs.ReasonPasswordProtected, "PKCS#12 with a password: what is inside cannot be seen")
	case locked:
		r.problem(certs.ReasonBadPKCS12, "a part of the PKCS#12 has a password and cannot be seen")
	}
}

// encryptedBags reads an EncryptedData and reports false when it has a
// password.
func (r *reader) encryptedBags(content cryptobyte.String) bool {
	var data, info, identifier, sealed cryptobyte.String
	if !content.ReadASN1(&data, asn1.SEQUENCE) || !data.SkipASN1(asn1.INTEGER) || !data.ReadASN1(&info, asn1.SEQUENCE) ||
		!info.SkipASN1(asn1.OBJECT_IDENTIFIER) || !info.ReadASN1(&identifier, asn1.SEQUENCE) || !readSealed(&info, &sealed) {
		r.problem(certs.ReasonBadPKCS12, "a part of the PKCS#12 could not be read")
		return true
	}
	scheme, why := parseScheme(identifier)
	if why == "" && !r.afford(scheme.rounds) {
		why = "asks for more rounds of key derivation than are spent on one blob"
	}
	if why != "" {
		r.problem(certs.ReasonBadPKCS12, "an encrypted part of the PKCS#12 was not read: it %s", why)
		return true
	}
	for _, key := range scheme.keys() {
		plain := open(key, sealed)
		// A wrong key gives a wrong padding, and once in 256 times noise.
		if element, ok := wholeSequence(plain); ok {
			if !r.bags(element, 0) {
				r.problem(certs.ReasonBadPKCS12, "an encrypted part of the PKCS#12 could not be read")
			}
			clear(plain)
			return true
		}
		clear(plain)
	}
	return false
}

// readSealed reads encryptedContent, which BER may have in pieces.
func readSealed(info, sealed *cryptobyte.String) bool {
	if whole := asn1.Tag(0).ContextSpecific(); info.PeekASN1Tag(whole) {
		return info.ReadASN1(sealed, whole)
	}
	var pieces cryptobyte.String
	if !info.ReadASN1(&pieces, explicit0) {
		return false
	}
	joined, ok := joinPieces(pieces)
	*sealed = joined
	return ok
}

// maxRounds bounds key derivation per blob. Writers use 2,000 to 10,000; this
// takes about a tenth of a second.
const maxRounds = 100_000

func (r *reader) afford(rounds int) bool {
	if rounds > maxRounds-r.rounds {
		return false
	}
	r.rounds += rounds
	return true
}

func wholeSequence(b []byte) (cryptobyte.String, bool) {
	s := cryptobyte.String(b)
	var element cryptobyte.String
	ok := s.ReadASN1Element(&element, asn1.SEQUENCE) && s.Empty()
	return element, ok
}

// bags reads SafeContents; a bag may hold bags.
func (r *reader) bags(contents cryptobyte.String, depth int) bool {
	var list cryptobyte.String
	if depth > maxDepth || !contents.ReadASN1(&list, asn1.SEQUENCE) {
		return false
	}
	for !list.Empty() && !r.full() {
		var bag, oid, value cryptobyte.String
		if !list.ReadASN1(&bag, asn1.SEQUENCE) || !bag.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !bag.ReadASN1(&value, explicit0) {
			return false
		}
		switch string(oid) {
		case oidBag + "\x01":
			r.privateKey(formPKCS8, value)
		case oidBag + "\x02":
			r.privateKey(formEncryptedPKCS8, value)
		case oidBag + "\x03", oidBag + "\x04":
			var pair, octets cryptobyte.String
			if !value.ReadASN1(&pair, asn1.SEQUENCE) || !pair.SkipASN1(asn1.OBJECT_IDENTIFIER) ||
				!pair.ReadASN1(&value, explicit0) || !value.ReadASN1(&octets, asn1.OCTET_STRING) {
				return false
			}
			if oid[len(oid)-1] == 3 {
				r.certificate(octets, octets)
			} else {
				r.crl(octets, octets)
			}
		case oidBag + "\x06":
			if !r.bags(value, depth+1) {
				return false
			}
		}
	}
	return true
}
