package decode

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"strings"
	"time"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain"
)

const unknown = "unknown"

// certificateIn reads one certificate and tells how many bytes it took; nil when
// there is none. What the strict parser refuses is read leniently: the connector
// reads certificates with OpenSSL, which refuses less.
func certificateIn(b []byte) (c *certs.Certificate, n int) {
	n = elementLength(b)
	if n == 0 {
		return nil, 0
	}
	der := append([]byte(nil), b[:n]...) // the caller's buffer may hold a private key beside it
	x, err := x509.ParseCertificate(der)
	if err != nil {
		c = lenientCertificate(der)
		if c == nil {
			return nil, 0
		}
		c.StrictParseError = strings.TrimPrefix(err.Error(), "x509: ")
	} else {
		c = certificateOf(x)
	}
	c.Raw = der
	c.SHA1, c.SHA256 = thumbprints(der)
	c.SelfSigned = c.SelfIssued && c.X509 != nil && chain.Verify(c.X509, c.X509.RawTBSCertificate, c.X509.Signature, c.X509.SignatureAlgorithm) == chain.Valid
	return c, n
}

func thumbprints(der []byte) (one, two string) {
	a, b := sha1.Sum(der), sha256.Sum256(der)
	return hexOf(a[:]), hexOf(b[:])
}

func certificateOf(x *x509.Certificate) *certs.Certificate {
	c := &certs.Certificate{
		Subject: x.Subject.String(), Issuer: x.Issuer.String(), CommonName: x.Subject.CommonName,
		RawSubject: x.RawSubject, RawIssuer: x.RawIssuer,
		Serial: serial(x.SerialNumber), NotBefore: x.NotBefore.UTC(), NotAfter: x.NotAfter.UTC(), Version: x.Version,
		HasBasicConstraint: x.BasicConstraintsValid, IsCA: x.BasicConstraintsValid && x.IsCA,
		SelfIssued:         string(x.RawSubject) == string(x.RawIssuer),
		SignatureAlgorithm: x.SignatureAlgorithm.String(), SignatureHash: hashOf(x.SignatureAlgorithm),
		KeyUsage: keyUsages(x.KeyUsage), ExtKeyUsage: extKeyUsages(x), DNSNames: x.DNSNames, X509: x,
	}
	c.KeyAlgorithm, c.KeyBits = strength(x.PublicKey)
	if c.KeyAlgorithm == unknown && x.PublicKeyAlgorithm != x509.UnknownPublicKeyAlgorithm {
		c.KeyAlgorithm = x.PublicKeyAlgorithm.String()
	}
	if c.SignatureHash == "" && x.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		c.SignatureAlgorithm = unknown
	}
	for _, u := range x.URIs {
		c.URIs = append(c.URIs, u.String())
	}
	for _, ip := range x.IPAddresses {
		c.IPAddresses = append(c.IPAddresses, ip.String())
	}
	spki := sha256.Sum256(x.RawSubjectPublicKeyInfo)
	c.PublicKeyID = hexOf(spki[:])
	return c
}

func serial(n *big.Int) string {
	if n == nil {
		return ""
	}
	return n.Text(16)
}

// crlOf reads one CRL, nil when it is none. X.509 v1 CRLs, which the strict
// parser refuses, are read leniently.
func crlOf(b []byte) *certs.CRL {
	n := elementLength(b)
	if n == 0 {
		return nil
	}
	der := append([]byte(nil), b[:n]...)
	sum := sha256.Sum256(der)
	l, err := x509.ParseRevocationList(der)
	if err != nil {
		out := lenientCRL(der)
		if out != nil {
			out.Raw, out.SHA256 = der, hexOf(sum[:])
			out.StrictParseError = strings.TrimPrefix(err.Error(), "x509: ")
		}
		return out
	}
	out := &certs.CRL{Issuer: l.Issuer.String(), RawIssuer: l.RawIssuer, ThisUpdate: l.ThisUpdate.UTC(), Revoked: len(l.RevokedCertificateEntries),
		SHA256: hexOf(sum[:]), Raw: der, X509: l, Version: 2, RevokedAt: make(map[string]time.Time, len(l.RevokedCertificateEntries)),
		SignatureAlgorithm: l.SignatureAlgorithm.String(), SignatureHash: hashOf(l.SignatureAlgorithm)}
	for _, e := range l.RevokedCertificateEntries {
		if e.ReasonCode != removeFromCRL {
			out.RevokedAt[serial(e.SerialNumber)] = e.RevocationTime
		}
	}
	if !l.NextUpdate.IsZero() {
		out.NextUpdate = l.NextUpdate.UTC()
	}
	if l.Number != nil {
		out.Number = l.Number.Text(16)
	}
	return out
}

// removeFromCRL is the reason code that takes a hold back, RFC 5280 5.3.1.
const removeFromCRL = 8

func hashOf(a x509.SignatureAlgorithm) string {
	switch a {
	case x509.MD2WithRSA:
		return "MD2"
	case x509.MD5WithRSA:
		return "MD5"
	case x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return "SHA1"
	case x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.ECDSAWithSHA256, x509.DSAWithSHA256:
		return "SHA256"
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		return "SHA384"
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512, x509.PureEd25519:
		return "SHA512"
	}
	return ""
}

var keyUsageNames = []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
	"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}

func keyUsages(u x509.KeyUsage) []string {
	var out []string
	for i, name := range keyUsageNames {
		if u&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

var extKeyUsageNames = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageAny: "any", x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageClientAuth: "clientAuth",
	x509.ExtKeyUsageCodeSigning: "codeSigning", x509.ExtKeyUsageEmailProtection: "emailProtection",
	x509.ExtKeyUsageTimeStamping: "timeStamping", x509.ExtKeyUsageOCSPSigning: "OCSPSigning",
}

func extKeyUsages(x *x509.Certificate) []string {
	var out []string
	for _, u := range x.ExtKeyUsage {
		if name, ok := extKeyUsageNames[u]; ok {
			out = append(out, name)
		} else {
			out = append(out, "other")
		}
	}
	for _, oid := range x.UnknownExtKeyUsage {
		out = append(out, oid.String())
	}
	return out
}
