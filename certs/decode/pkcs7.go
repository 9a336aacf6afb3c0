package decode

import (
	"github.com/storewarden/storewarden/certs"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// readPKCS7 reads the certificates and CRLs of a SignedData, signed or not. It
// does so by hand, because the PKCS#7 libraries drop all certificates of which
// crypto/x509 refuses one, and rewrite nested values at a quadratic cost.
func (r *reader) readPKCS7(element cryptobyte.String) {
	var info, content, signed cryptobyte.String
	if !element.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.OBJECT_IDENTIFIER) ||
		!info.ReadASN1(&content, asn1.Tag(0).Constructed().ContextSpecific()) ||
		!content.ReadASN1(&signed, asn1.SEQUENCE) || !signed.SkipASN1(asn1.INTEGER) ||
		!signed.SkipASN1(asn1.SET) || !signed.SkipASN1(asn1.SEQUENCE) {
		r.problem(certs.ReasonBadPKCS7, "PKCS#7 could not be read")
		return
	}
	for tag := range uint8(2) {
		var set cryptobyte.String
		var present bool
		if !signed.ReadOptionalASN1(&set, &present, asn1.Tag(tag).Constructed().ContextSpecific()) {
			r.problem(certs.ReasonBadPKCS7, "PKCS#7 could not be read to its end")
			return
		}
		for !set.Empty() && !r.full() {
			var member cryptobyte.String
			var memberTag asn1.Tag
			if !set.ReadAnyASN1Element(&member, &memberTag) {
				r.problem(certs.ReasonBadPKCS7, "PKCS#7 could not be read to its end")
				return
			}
			switch shape(member) {
			case formCertificate:
				r.certificate(member, member)
			case formCRL:
				r.crl(member, member)
			default:
				r.problem(certs.ReasonBadPKCS7, "PKCS#7 holds a member that is neither a certificate nor a CRL")
			}
		}
	}
}
