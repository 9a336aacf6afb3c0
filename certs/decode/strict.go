package decode

import (
	"bytes"
	"strings"
)

// oddities name the categories of what crypto/x509 refuses though OpenSSL, and
// so the connector, reads it. Each follows "has". The key is a part of
// crypto/x509's complaint; the first that fits is taken.
var oddities = []struct{ part, words string }{
	{"negative serial", "a negative serial number"},
	{"serial", "an unusual serial number"},
	{"elliptic curve", "a key on a curve outside of the usual four"},
	{"ECDSA parameters", "an elliptic curve that is spelt out instead of named"},
	{"NULL parameters", "an RSA key without its NULL parameters"},
	{"RSA", "an unusual RSA key"},
	{"DSA", "an unusual DSA key"},
	{"25519", "an unusual Ed25519 or X25519 key"},
	{"public key", "an unusual public key"},
	{"PublicKey", "an unusual public key"},
	{"spki", "an unusual public key"},
	{"inner and outer", "two different names of its signature algorithm"},
	{"algorithm identifier", "an unusual signature algorithm"},
	{"duplicate extension", "the same extension twice"},
	{"URI constraint", "unusual name constraints"},
	{"constraint value", "unusual name constraints"},
	{"onstraints extension", "unusual name or policy constraints"},
	{"IP constraint", "unusual name constraints"},
	{"Name constraint", "unusual name constraints"},
	{"dnsName constraint", "unusual name constraints"},
	{"dNSName", "a DNS name with characters outside of ASCII"},
	{"SAN ", "an alternative name with characters outside of ASCII"},
	{"URI", "an application URI that is no URI by the letter"},
	{"IP address", "an IP address of an odd length"},
	{"alternative name", "unusual alternative names"},
	{"basic constraints", "unusual basic constraints"},
	{"key usage", "an unusual key usage"},
	{"distribution point", "an unusual CRL distribution point"},
	{"polic", "unusual policies"},
	{"authority info access", "an unusual authority information access"},
	{"key identifier", "an unusual key identifier"},
	{"RDNSequence", "a name with characters its string type does not allow"},
	{"Subject", "an unusual name"},
	{"issuer", "an unusual name"},
	{"IA5String", "a name with characters its string type does not allow"},
	{"GeneralizedTime", "an unusual form of time"},
	{"UTCTime", "an unusual form of time"},
	{"time", "an unusual form of time"},
	{"validity", "an unusual form of time"},
	{"unsupported crl version", "version 1"},
	{"version", "an unusual version number"},
	{"crl number", "an unusual CRL number"},
	{"CRL number", "an unusual CRL number"},
	{"extension", "an unusual extension"},
	{"UniqueID", "an unusual unique identifier"},
	{"signature", "an unusual signature"},
}

// otherOddity is for what has no category.
const otherOddity = "an unusual structure"

// oddity is the category of a complaint, in words.
func oddity(complaint string, raw, der []byte) string {
	switch {
	case complaint == "":
		return ""
	case !bytes.Equal(raw, der):
		return berOddity
	}
	for _, o := range oddities {
		if strings.Contains(complaint, o.part) {
			return o.words
		}
	}
	return otherOddity
}

// complaint makes the text of an error of crypto/x509 fit for a message: it
// may quote the certificate. It is "" for no error.
func complaint(err error) string {
	if err == nil {
		return ""
	}
	const limit = 200
	text := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(err.Error(), "?"))
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

// berOddity is what a value has that is not written in DER: crypto/x509's own
// complaint would tell nothing.
const berOddity = "lengths that are written in BER instead of DER"
