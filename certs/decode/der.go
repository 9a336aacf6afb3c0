package decode

import (
	"bytes"
	"crypto/x509"

	"github.com/storewarden/storewarden/certs"
	"golang.org/x/crypto/cryptobyte"
)

// der reads a blob that begins with a DER or BER value of a known form, and
// reports whether it does.
func (r *reader) der(b []byte) bool {
	raw, element, f := leadingValue(b)
	if f == formNone {
		return false
	}
	r.full()
	r.read(f, raw, element)
	r.after(b[len(raw):])
	return true
}

// leadingValue is the first value of b as it is written and in DER, and its
// form.
func leadingValue(b []byte) (raw []byte, element cryptobyte.String, f form) {
	if element, f = first(b); f != formNone {
		return element, element, f
	}
	if len(b) == 0 || b[0] != 0x30 {
		return nil, nil, formNone
	}
	der, used, ok := toDER(b)
	if !ok || bytes.Equal(der, b[:used]) {
		return nil, nil, formNone
	}
	element, f = first(der)
	return b[:used], element, f
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
		raw, element, f := leadingValue(rest)
		if f == formNone || r.full() {
			break
		}
		r.read(f, raw, element)
		rest = rest[len(raw):]
		more++
	}
	r.problem(certs.ReasonTrailingData, "%d bytes follow the first DER value, with %d more values among them", total, more)
	if bytes.Contains(rest, []byte(pemBegin)) {
		r.pem(rest)
	}
}

// read reads one value of the form. It copies what it keeps.
func (r *reader) read(f form, raw []byte, element cryptobyte.String) {
	switch f {
	case formCertificate:
		if r.certificate(raw, element) {
			r.direct++
		}
	case formCRL:
		r.crl(raw, element)
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
func (r *reader) certificate(raw, element []byte) bool {
	c, err := read(readCertificate, raw, element)
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

func (r *reader) crl(raw, element []byte) {
	crl, err := read(readCRL, raw, element)
	if err != nil {
		r.problem(certs.ReasonBadCRL, "the CRL could not be read: %v", err)
		return
	}
	r.out.CRLs = append(r.out.CRLs, crl)
}

// read reads copies, since what is read keeps them. Parts deep inside may be in
// BER where the whole looked like DER: it tries the value in DER then.
func read[T any](parse func(raw, der []byte) (T, error), raw, element []byte) (T, error) {
	raw, element = bytes.Clone(raw), bytes.Clone(element)
	out, err := parse(raw, element)
	if err == nil {
		return out, nil
	}
	der, _, ok := toDER(element)
	if !ok || bytes.Equal(der, element) {
		return out, err
	}
	return parse(raw, der)
}
