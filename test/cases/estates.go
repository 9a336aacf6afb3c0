package cases

import (
	"crypto/x509"

	"github.com/storewarden/storewarden/test/certtest"
)

// The usages that OPC 10000-6, 6.2.2 asks of an application's RSA certificate; a
// self-signed one signs itself.
const (
	applicationUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment
	selfSignedUsage  = applicationUsage | x509.KeyUsageCertSign
)

// estate makes the certificates of the healthy estates, compliant in all that is
// known to be judged: press-1 and press-2 sign themselves, mill-1 and mill-2 are
// issued by the issuing CA below the root CA, gateway is a TLS server's CA and
// device a client certificate of it, own is the connector's own.
func estate(name string) (*certtest.Cert, error) {
	o := certtest.Options{CommonName: name, Organization: "Contoso", Key: certtest.RSA2048, KeyName: name,
		KeyUsage: applicationUsage, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	switch name {
	case "press-1", "press-2":
		o.KeyName, o.KeyUsage = map[string]string{"press-1": "server", "press-2": "press-2"}[name], selfSignedUsage
		return certtest.SelfSigned(served(o))
	case "mill-1", "mill-2":
		o.KeyName = map[string]string{"mill-1": "server", "mill-2": "press-2"}[name]
		return issued("issuing", served(o))
	case "own":
		o.CommonName, o.KeyName, o.URIs = "aio-opc-opcuabroker", "client", clientURI
		return issued("issuing", o)
	case "device":
		o.KeyName, o.KeyUsage, o.ExtKeyUsage = "client", x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		return issued("gateway", o)
	case "root", "gateway":
		return certtest.NewCA(certtest.Options{CommonName: "Contoso " + name + " CA", Organization: "Contoso", Key: certtest.RSA2048, KeyName: "ca"})
	case "issuing":
		ca, err := estate("root")
		if err != nil {
			return nil, err
		}
		return ca.IssueCA(certtest.Options{CommonName: "Contoso issuing CA", Organization: "Contoso", Key: certtest.RSA2048, KeyName: "issuing"})
	}
	return nil, nil
}

// served adds the names of a server: its application URI and its host.
func served(o certtest.Options) certtest.Options {
	o.URIs = []string{"urn:" + o.CommonName + ".plant.contoso.com:Contoso:UA"}
	o.DNSNames, o.IPAddresses = []string{o.CommonName + ".plant.contoso.com"}, []string{"192.0.2.17"}
	return o
}

func issued(by string, o certtest.Options) (*certtest.Cert, error) {
	ca, err := estate(by)
	if err != nil {
		return nil, err
	}
	return ca.Issue(o)
}
