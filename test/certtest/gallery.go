package certtest

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Exhibit is one unusual or defective certificate or CRL, and what two parsers
// make of it.
type Exhibit struct {
	Name     string // unique, such as "serial-negative"
	Category string // in words
	CRL      bool   // a CRL, else a certificate
	DER      []byte
	// OpenSSL is whether OpenSSL 3, the parser of the connector, reads it: what
	// "openssl x509" or "openssl crl" with -inform DER exits with. Go is whether
	// crypto/x509 does.
	OpenSSL, Go bool
}

// Gallery is every exhibit. The certificates are self-signed by a P-256 key and
// the CRLs by the CA of that key, over the bytes as they are, unless the
// exhibit is about the signature.
func Gallery() ([]Exhibit, error) {
	var out []Exhibit
	for _, e := range slices.Concat(oddStructures, oddNames, oddKeys, oddExtensions, oddCRLs) {
		der, err := e.make()
		if err != nil {
			return nil, fmt.Errorf("exhibit %s: %w", e.name, err)
		}
		out = append(out, Exhibit{Name: e.name, Category: e.category, CRL: e.crl != nil, DER: der,
			OpenSSL: strings.Contains(e.read, "o"), Go: strings.Contains(e.read, "g")})
	}
	return out, nil
}

// exhibit tells how one is made: from options, whose DER is then edited and
// signed again, or as bytes.
type exhibit struct {
	name, category string
	read           string // o: OpenSSL reads it, g: crypto/x509 does
	of             Options
	crl            *CRLOptions
	edit           func(tbs *node)   // before it is signed
	after          func(whole *node) // after it is signed
	bytes          func(der []byte) []byte
}

const galleryKey = "gallery"

func (e exhibit) make() ([]byte, error) {
	o := e.of
	if o.CommonName == "" {
		o.CommonName = "Exhibit"
	}
	o.KeyName = galleryKey
	key, err := NewKey(P256, galleryKey)
	if err != nil {
		return nil, err
	}
	var der []byte
	if e.crl != nil {
		ca, err := NewCA(o)
		if err != nil {
			return nil, err
		}
		list, err := ca.CRL(*e.crl)
		if err != nil {
			return nil, err
		}
		der = list.DER
	} else {
		c, err := SelfSigned(o)
		if err != nil {
			return nil, err
		}
		der = c.DER
	}
	if e.edit != nil || e.after != nil {
		whole := parseNode(der)
		if e.edit != nil {
			e.edit(whole.kids[0])
			tbs := whole.kids[0].der()
			signature, err := key.sign(tbs, crypto.SHA256)
			if err != nil {
				return nil, err
			}
			whole.kids[2].content = append([]byte{0}, signature...)
		}
		if e.after != nil {
			e.after(whole)
		}
		der = whole.der()
	}
	if e.bytes != nil {
		der = e.bytes(der)
	}
	return der, nil
}

// node is a DER value that can be edited.
type node struct {
	tag     byte
	content []byte  // of a primitive value
	kids    []*node // of a constructed one
	raw     []byte  // written as it is, instead of all that
}

// parseNode reads DER of our own making; anything else is a mistake in the
// gallery itself.
func parseNode(der []byte) *node {
	n, rest := readNode(der)
	if len(rest) > 0 {
		panic("certtest: the gallery edits what is no single DER value")
	}
	return n
}

func readNode(der []byte) (*node, []byte) {
	n := &node{tag: der[0]}
	length, at := int(der[1]), 2
	if length >= 0x80 {
		size := length & 0x7f
		length = 0
		for _, c := range der[2 : 2+size] {
			length = length<<8 | int(c)
		}
		at += size
	}
	n.content = bytes.Clone(der[at : at+length])
	if n.tag&0x20 != 0 {
		for rest := n.content; len(rest) > 0; {
			var kid *node
			kid, rest = readNode(rest)
			n.kids = append(n.kids, kid)
		}
	}
	return n, der[at+length:]
}

func (n *node) der() []byte {
	if n.raw != nil {
		return n.raw
	}
	content := n.content
	if n.tag&0x20 != 0 {
		content = nil
		for _, kid := range n.kids {
			content = append(content, kid.der()...)
		}
	}
	return tlv(n.tag, content)
}

// tlv writes a value with a minimal length.
func tlv(tag byte, content []byte) []byte {
	out := []byte{tag}
	switch n := len(content); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, content...)
}

// raw is a value given in hex; blanks are for the reader's eye.
func raw(digits string) *node {
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		panic("certtest: " + err.Error()) // a mistake in the gallery itself
	}
	return &node{raw: b}
}

// The members of a version 3 certificate.
const (
	memberVersion = iota
	memberSerial
	memberAlgorithm
	memberIssuer
	memberValidity
	memberSubject
	memberKey
	memberExtensions
)

// put replaces a member with a value in hex.
func put(member int, digits string) func(*node) {
	return func(tbs *node) { tbs.kids[member] = raw(digits) }
}

// drop takes members away, from the given one up to the last given.
func drop(from, to int) func(*node) {
	return func(tbs *node) { tbs.kids = append(tbs.kids[:from:from], tbs.kids[to+1:]...) }
}

// extend appends an extension, given as the hex of its SEQUENCE.
func extend(digits string) func(*node) {
	return func(tbs *node) {
		list := tbs.kids[len(tbs.kids)-1].kids[0]
		list.kids = append(list.kids, raw(digits))
	}
}

// ext is the hex of an extension id-ce n with a value in hex; critical is put
// between, as the hex of a BOOLEAN or nothing.
func ext(n byte, critical, value string) string {
	inner := hex.EncodeToString(tlv(0x04, raw(value).raw))
	body := raw("0603551d" + hex.EncodeToString([]byte{n}) + critical + inner).raw
	return hex.EncodeToString(tlv(0x30, body))
}

// without takes the extension id-ce n away.
func without(n byte) func(*node) {
	return func(tbs *node) {
		list := tbs.kids[len(tbs.kids)-1].kids[0]
		var kept []*node
		for _, kid := range list.kids {
			if kid.raw == nil && bytes.Equal(kid.kids[0].content, []byte{0x55, 0x1d, n}) {
				continue
			}
			kept = append(kept, kid)
		}
		list.kids = kept
	}
}

// both edits one after the other.
func both(edits ...func(*node)) func(*node) {
	return func(n *node) {
		for _, edit := range edits {
			edit(n)
		}
	}
}

// name is the hex of a Name of one common name, given as the hex of its value.
func commonName(value string) string {
	attribute := tlv(0x30, raw("0603550403"+value).raw)
	return hex.EncodeToString(tlv(0x30, tlv(0x31, attribute)))
}

// validity is the hex of a validity of two times, each with its tag.
func validity(tags string, from, to string) string {
	return hex.EncodeToString(tlv(0x30, append(tlv(raw(tags[:2]).raw[0], []byte(from)), tlv(raw(tags[2:]).raw[0], []byte(to))...)))
}

// spki is the hex of a SubjectPublicKeyInfo from the hex of an algorithm's
// members and of the key's bytes.
func spki(algorithm, key string) string {
	body := append(tlv(0x30, raw(algorithm).raw), tlv(0x03, append([]byte{0}, raw(key).raw...))...)
	return hex.EncodeToString(tlv(0x30, body))
}

// rsaKey is the hex of an RSAPublicKey from those of its two numbers' contents.
func rsaKey(modulus, exponent string) string {
	return hex.EncodeToString(tlv(0x30, append(tlv(0x02, raw(modulus).raw), tlv(0x02, raw(exponent).raw)...)))
}

// behind appends bytes, given in hex, to the DER.
func behind(digits string) func([]byte) []byte {
	return func(der []byte) []byte { return append(der, raw(digits).raw...) }
}

// headerSize is the number of bytes before the content of a value.
func headerSize(der []byte) int {
	if der[1] < 0x80 {
		return 2
	}
	return 2 + int(der[1]&0x7f)
}

// serials are the numbers from a million on.
func serials(n int64) []*big.Int {
	var out []*big.Int
	for i := range n {
		out = append(out, big.NewInt(1_000_000+i))
	}
	return out
}

// explicitCurve is P-256 with its parameters spelt out, as old Java wrote it.
const explicitCurve = "3082014b3082010306072a8648ce3d02013081f7020101302c06072a8648ce3d0101022100ffffffff00000001000000" +
	"000000000000000000ffffffffffffffffffffffff305b0420ffffffff00000001000000000000000000000000ffffff" +
	"fffffffffffffffffc04205ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b031500c49d" +
	"360886e704936a6678e1139d26b7819f7e900441046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a139" +
	"45d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5022100ffffffff00000000" +
	"ffffffffffffffffbce6faada7179e84f3b9cac2fc6325510201010342000484ed924401f75d63930ce42a83588ed9b6" +
	"b9cfd6144a53fd5a5342b28b7adf38e56129042ea90aed3332cd2b23698e4fa5262448d521412f204d2cfbb39980ce"
