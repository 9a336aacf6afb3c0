package decode

import (
	"bytes"
	"crypto/x509"

	"github.com/storewarden/storewarden/certs"
	"golang.org/x/crypto/cryptobyte"
)

// der reads a blob that begins with a DER value of a known form, and reports
// whether it does.
func (r *reader) der(b []byte) bool {
	element, f := first(b)
	if f == formNone {
		return r.indefinite(b)
	}
	r.full()
	r.read(f, element)
	r.after(b[len(element):])
	return true
}

// indefinite names the BER that old tools write for PKCS#7 and PKCS#12. It is
// not read: DER is what every list needs, and neither belongs into one.
func (r *reader) indefinite(b []byte) bool {
	if !bytes.HasPrefix(b, []byte{0x30, 0x80}) {
		return false
	}
	switch rest := b[2:]; {
	case bytes.HasPrefix(rest, []byte("\x06\x09"+oidSignedData)):
		r.pkcs7++
		r.problem(certs.ReasonBadPKCS7, "PKCS#7 in BER with indefinite lengths was not read")
	case bytes.HasPrefix(rest, []byte("\x02\x01\x03\x30")):
		r.pkcs12++
		r.problem(certs.ReasonBadPKCS12, "PKCS#12 in BER with indefinite lengths was not read")
	default:
		return false
	}
	return true
}

// after reads what follows the first DER value: most often nothing, or the
// rest of a chain that was written as one blob.
func (r *reader) after(rest []byte) {
	if len(rest) == 0 {
		return
	}
	r.out.Trailing += len(rest)
	total, more := len(rest), 0
	for len(rest) > 0 {
		element, f := first(rest)
		if f == formNone || r.full() {
			break
		}
		r.read(f, element)
		rest = rest[len(element):]
		more++
	}
	r.problem(certs.ReasonTrailingData, "%d bytes follow the first DER value, with %d more values among them", total, more)
	if bytes.Contains(rest, []byte(pemBegin)) {
		r.pem(rest)
	}
}

// read reads one value of the form. It copies what it keeps.
func (r *reader) read(f form, element cryptobyte.String) {
	switch f {
	case formCertificate:
		if r.certificate(element) {
			r.direct++
		}
	case formCRL:
		r.crl(element)
	case formCSR:
		r.csr++
		if _, err := x509.ParseCertificateRequest(element); err != nil {
			r.problem(certs.ReasonBadCSR, "the certificate request could not be read")
		}
	case formPKCS7:
		r.pkcs7++
		r.readPKCS7(element)
	case formPKCS12:
		r.pkcs12++
		r.readPKCS12(element)
	case formPublic, formPublicPKCS1:
		r.public++
		r.publicKey(f, element)
	case formPKCS8, formEncryptedPKCS8, formPKCS1, formEC, formDSA:
		r.privateKey(f, element)
	case formNone:
	}
}

// certificate reads a certificate and reports whether it could.
func (r *reader) certificate(element []byte) bool {
	c, err := readCertificate(bytes.Clone(element))
	if err != nil {
		r.problem(certs.ReasonBadCertificate, "the certificate could not be read: %v", err)
		return false
	}
	if c.NotAfter.IsZero() || c.NotBefore.IsZero() {
		r.problem(certs.ReasonBadCertificate, "the certificate's validity could not be read")
	}
	r.out.Certificates = append(r.out.Certificates, c)
	return true
}

func (r *reader) crl(element []byte) {
	crl, err := readCRL(bytes.Clone(element))
	if err != nil {
		r.problem(certs.ReasonBadCRL, "the CRL could not be read: %v", err)
		return
	}
	r.out.CRLs = append(r.out.CRLs, crl)
}
