package cases

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/storewarden/storewarden/test/certtest"
)

const day = 24 * time.Hour

// The application URIs of the plant's server and of the connector itself, which
// OPC UA wants in a certificate.
var (
	serverURI = []string{"urn:plant:server"}
	clientURI = []string{"urn:microsoft.com:aio:opc:ua:broker"}
)

// authority makes the certificate authorities of the cases. Those of one key
// name share a key, so that a defect is the only difference.
func authority(name string) (*certtest.Cert, error) {
	o := certtest.Options{CommonName: "Plant CA", Organization: "Contoso", Key: certtest.RSA2048, KeyName: "ca"}
	now := certtest.Epoch()
	switch name {
	case "ca":
	case "ca-other":
		o.CommonName, o.Key, o.KeyName = "Other CA", certtest.P256, "ca-other"
	case "ca-rekeyed": // the same name, another key
		o.Key, o.KeyName = certtest.P256, "ca-rekeyed"
	case "ca-expired":
		o.NotBefore, o.NotAfter = now.Add(-800*day), now.Add(-10*day)
	case "ca-v1":
		o.Version = 1
	case "ca-sha1":
		o.Hash = crypto.SHA1
	case "ca-signs-no-crl":
		o.KeyUsage = x509.KeyUsageCertSign
	case "ca-quickstart":
		o.CommonName = "Azure IoT Operations Quickstart Root CA - Not for Production"
	case "ca-limited": // no CA may stand below it
		o.PathLen = new(int)
	case "ca-of-names": // it may vouch for hosts of plant.example only
		value := append([]byte{0x30, 0x13, 0xa0, 0x11, 0x30, 0x0f, 0x82, 0x0d}, "plant.example"...)
		o.Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 30}, Critical: true, Value: value}}
	case "ca-line": // below the plant's CA
		o.CommonName, o.Key, o.KeyName = "Line CA", certtest.P256, "ca-line"
		return below("ca", o)
	case "ca-line-limited": // where none may be
		o.CommonName, o.Key, o.KeyName = "Line CA", certtest.P256, "ca-line"
		return below("ca-limited", o)
	case "ca-small":
		o.Key, o.KeyName = certtest.RSA1024, "ca-small"
	default:
		return nil, nil
	}
	return certtest.NewCA(o)
}

func below(name string, o certtest.Options) (*certtest.Cert, error) {
	ca, err := authority(name)
	if err != nil {
		return nil, err
	}
	return ca.IssueCA(o)
}

// leaf makes the certificates of applications: self-signed, as most OPC UA
// servers have one, but for those that the plant's CA issued.
func leaf(name string) (*certtest.Cert, error) {
	o := certtest.Options{CommonName: "Server", Organization: "Contoso", Key: certtest.RSA2048, KeyName: "server", URIs: serverURI, DNSNames: []string{"server.plant"}}
	now := certtest.Epoch()
	switch name {
	case "server":
	case "server-2":
		o.CommonName, o.Key, o.KeyName = "Second server", certtest.P256, "server-2"
	case "server-expired":
		o.NotBefore, o.NotAfter = now.Add(-800*day), now.Add(-10*day)
	case "server-expiring":
		o.NotBefore, o.NotAfter = now.Add(-300*day), now.Add(10*day)
	case "server-tomorrow": // within what a wrong clock may explain
		o.NotBefore, o.NotAfter = now.Add(6*time.Hour), now.Add(365*day)
	case "server-next-week":
		o.NotBefore, o.NotAfter = now.Add(7*day), now.Add(365*day)
	case "ed25519":
		o.CommonName, o.Key, o.KeyName = "Edwards", certtest.Ed25519, "ed25519"
	case "server-small":
		o.Key, o.KeyName = certtest.RSA1024, "server-small"
	case "server-sha1":
		o.Hash = crypto.SHA1
	case "server-sign-only":
		o.KeyUsage = x509.KeyUsageDigitalSignature
	case "server-for-clients":
		o.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case "server-no-uri":
		o.URIs = nil
	case "server-claims-ca":
		o.Constraints = certtest.CATrue
	case "server-nameless":
		o.CommonName, o.Organization = "", ""
	case "server-p384": // signed with SHA-256
		o.Key, o.KeyName, o.Hash = certtest.P384, "server-p384", crypto.SHA256
	case "server-rsa-2560":
		public, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2559, 1), E: 65537})
		if err != nil {
			return nil, err
		}
		o.RawPublicKey = public
	case "client-no-uri":
		o.CommonName, o.KeyName, o.URIs, o.DNSNames = "aio-opc-opcuabroker", "client", nil, nil
	case "server-negative":
		o.Serial = big.NewInt(-5)
	case "client":
		o.CommonName, o.KeyName, o.URIs, o.DNSNames = "aio-opc-opcuabroker", "client", clientURI, nil
	case "server-40-years":
		o.NotAfter = now.Add(40 * 366 * day)
	case "client-ecc":
		o.CommonName, o.Key, o.KeyName, o.URIs, o.DNSNames = "aio-opc-opcuabroker", certtest.P256, "client", clientURI, nil
	case "leaf", "leaf-2", "leaf-3", "leaf-forged", "leaf-of-names", "client-issued":
		o.CommonName, o.Key, o.KeyName, o.BadSignature = "Issued "+name, certtest.P256, name, name == "leaf-forged"
		if name == "client-issued" {
			o.CommonName, o.Key, o.KeyName, o.URIs, o.DNSNames = "aio-opc-opcuabroker", certtest.RSA2048, "client", clientURI, nil
		}
		ca, err := authority(map[string]string{"leaf-of-names": "ca-of-names"}[name])
		if ca == nil && err == nil {
			ca, err = authority("ca")
		}
		if err != nil {
			return nil, err
		}
		return ca.Issue(o)
	default:
		return nil, nil
	}
	return certtest.SelfSigned(o)
}

func certificate(name string) (*certtest.Cert, error) {
	for _, make := range []func(string) (*certtest.Cert, error){authority, leaf, estate} {
		if c, err := make(name); c != nil || err != nil {
			return c, err
		}
	}
	return nil, fmt.Errorf("there is no certificate %q", name)
}

// crl makes a list of the plant's CA, or of the CA that the name says.
func crl(name string) (*certtest.CRL, error) {
	issuer, o := "ca", certtest.CRLOptions{}
	now := certtest.Epoch()
	switch name {
	case "revoking-leaf":
		l, err := leaf("leaf")
		if err != nil {
			return nil, err
		}
		o.Revoked = []*big.Int{l.Serial}
	case "long", "longer": // nearly 12.5 KB, the most that a vault takes as hex, and more
		for i := range map[string]int64{"long": 330, "longer": 500}[name] {
			o.Revoked = append(o.Revoked, new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 126), big.NewInt(i)))
		}
	case "expired":
		o.ThisUpdate, o.NextUpdate = now.Add(-60*day), now.Add(-10*day)
	case "version-1":
		o.Version = 1
	case "future":
		o.ThisUpdate, o.NextUpdate = now.Add(2*day), now.Add(30*day)
	default:
		issuer = name
	}
	ca, err := certificate(issuer)
	if err != nil {
		return nil, err
	}
	return ca.CRL(o)
}

// texts are contents that are no certificates.
var texts = map[string]string{
	"password": "correct horse battery staple",
	"username": "operator",
	"json":     `{"user": "operator"}`,
	"empty":    "",
	"trailing": "\x00\x00\x00\x00",
	"long":     strings.Repeat("0123456789", 2500), // what one vault secret can hold
}

// forms are what can be made of a certificate, by the end of a material's name.
// A longer end stands before a shorter one.
var forms = []struct {
	end  string
	make func(*certtest.Cert) ([]byte, error)
}{
	{"-key.pem", func(c *certtest.Cert) ([]byte, error) { return c.Key.PEM(certtest.PKCS8) }},
	{"-key.der", func(c *certtest.Cert) ([]byte, error) { return c.Key.DER(certtest.PKCS8) }},
	{"-encrypted.pem", func(c *certtest.Cert) ([]byte, error) { return c.Key.PEM(certtest.EncryptedPKCS8) }},
	{"-public.pem", func(c *certtest.Cert) ([]byte, error) { return c.Key.PEM(certtest.Public) }},
	{".der", func(c *certtest.Cert) ([]byte, error) { return c.DER, nil }},
	{".pem", func(c *certtest.Cert) ([]byte, error) { return c.PEM(), nil }},
	{"-locked.pfx", func(c *certtest.Cert) ([]byte, error) { return certtest.PKCS12("secret", c) }},
	{".pfx", func(c *certtest.Cert) ([]byte, error) { return certtest.PKCS12("", c) }},
	{".p7b", func(c *certtest.Cert) ([]byte, error) { return certtest.PKCS7(c) }},
	{".csr", func(c *certtest.Cert) ([]byte, error) { return certtest.CSR(c.Key, "Server") }},
}

// material makes one named content: server.der, server-key.pem, ca.crl,
// ca.crl.pem, password.
func material(name string) ([]byte, error) {
	if t, ok := texts[name]; ok {
		return []byte(t), nil
	}
	if issuer, ok := strings.CutSuffix(name, ".crl"); ok {
		l, err := crl(issuer)
		if err != nil {
			return nil, err
		}
		return l.DER, nil
	}
	if issuer, ok := strings.CutSuffix(name, ".crl.pem"); ok {
		l, err := crl(issuer)
		if err != nil {
			return nil, err
		}
		return l.PEM(), nil
	}
	for _, f := range forms {
		if of, ok := strings.CutSuffix(name, f.end); ok {
			c, err := certificate(of)
			if err != nil {
				return nil, err
			}
			return f.make(c)
		}
	}
	return nil, fmt.Errorf("there is no material %q", name)
}
