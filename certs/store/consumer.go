package store

import (
	encoding "encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// The kinds that use stores, or that make a connector's own certificate.
const (
	KindDevice            = "Device"
	KindConnectorTemplate = "ConnectorTemplate"
	KindCertificate       = "Certificate"
)

// API groups of those kinds; a ConnectorTemplate was of another one before.
const (
	deviceGroup      = "namespaces.deviceregistry.microsoft.com"
	templateGroup    = "iotoperations.azure.com"
	oldTemplateGroup = "akri.microsoft.com"
	certificateGroup = "cert-manager.io"
)

// ApplicationCertificate is the Secret of the certificate that the connector for
// OPC UA has by default, made by cert-manager.
const ApplicationCertificate = "aio-opc-opcuabroker-default-application-cert"

// Consumer is an object whose connectors use stores: a Device or a
// ConnectorTemplate.
type Consumer struct {
	Endpoints  []Endpoint  // inbound ones of a Device, by name
	References []Reference // in the order of the endpoints
	// Types are those of the endpoints that a ConnectorTemplate serves.
	Types []string
}

// TypesOf are the types of the endpoints that a reference is for.
func (c *Consumer) TypesOf(r Reference) []string {
	for _, e := range c.Endpoints {
		if e.Name == r.Endpoint {
			return []string{e.Type}
		}
	}
	return c.Types
}

// Endpoint is an inbound endpoint of a Device.
type Endpoint struct {
	Name    string
	Field   string
	Type    string // Microsoft.OpcUa
	Address string
	Method  string // Anonymous, UsernamePassword or Certificate
	// AutoAccept is whether any server certificate is accepted. Unreadable is
	// whether additionalConfiguration, which says so, is no JSON object.
	AutoAccept bool
	Unreadable bool
	// SecurityPolicy is named there too, "" where the connector chooses.
	SecurityPolicy string
}

// Host is the host of the endpoint's address, "" if it has none.
func (e Endpoint) Host() string {
	u, err := url.Parse(e.Address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// IsAddress reports whether a host is an IP address.
func IsAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// Use is what a consumer takes from a Secret.
type Use string

// The closed list of uses.
const (
	UseTrustList     Use = "trust list"
	UseCertificate   Use = "certificate"
	UseKey           Use = "private key"
	UseIntermediates Use = "intermediate certificates"
	UseUserName      Use = "user name"
	UsePassword      Use = "password"
	UseSecret        Use = "secret"
)

// Reference is where a consumer names a Secret: all of it for a trust list, else
// one key of it.
type Reference struct {
	Field    string
	Endpoint string // "" of a ConnectorTemplate
	Use      Use
	Text     string // as written
	Secret   string
	Key      string // "" where none is named
}

// WellFormed reports whether the text has the form that its use demands: a name
// for a trust list, name/key for all else.
func (r Reference) WellFormed() bool {
	if r.Use == UseTrustList {
		return r.Secret != "" && !strings.Contains(r.Text, "/")
	}
	return r.Secret != "" && r.Key != "" && strings.Count(r.Text, "/") == 1
}

// Issuance is what a cert-manager Certificate asks for, with what cert-manager
// takes where nothing is said.
type Issuance struct {
	SecretName   string
	CommonName   string
	URIs         []string
	DNSNames     []string
	CA           bool
	Usages       []string // as cert-manager spells them
	KeyAlgorithm string   // RSA, ECDSA or Ed25519
	KeySize      int      // bits
}

// consumerSpec is of a Device and of a ConnectorTemplate.
type consumerSpec struct {
	Endpoints struct {
		Inbound map[string]endpointWire `json:"inbound"`
	} `json:"endpoints"`
	Runtime struct {
		Managed struct {
			Trust struct {
				List string `json:"trustListSecretRef"`
			} `json:"trustSettings"`
			Secrets []struct {
				Secret string `json:"secretRef"`
				Key    string `json:"secretKey"`
			} `json:"secrets"`
		} `json:"managedConfigurationSettings"`
	} `json:"runtimeConfiguration"`
	Types []struct {
		Type string `json:"endpointType"`
	} `json:"deviceInboundEndpointTypes"`
}

type endpointWire struct {
	Type           string `json:"endpointType"`
	Address        string `json:"address"`
	Additional     string `json:"additionalConfiguration"`
	Authentication struct {
		Method string `json:"method"`
		X509   struct {
			Certificate   string `json:"certificateSecretName"`
			Key           string `json:"keySecretName"`
			Intermediates string `json:"intermediateCertificatesSecretName"`
		} `json:"x509Credentials"`
		Login struct {
			UserName string `json:"usernameSecretName"`
			Password string `json:"passwordSecretName"`
		} `json:"usernamePasswordCredentials"`
	} `json:"authentication"`
	Trust struct {
		List string `json:"trustList"`
	} `json:"trustSettings"`
}

const inbound = "spec.endpoints.inbound."

func parseConsumer(w *consumerSpec) *Consumer {
	c := &Consumer{}
	for _, name := range slices.Sorted(maps.Keys(w.Endpoints.Inbound)) {
		e := w.Endpoints.Inbound[name]
		c.addEndpoint(name, &e)
	}
	for _, t := range w.Types {
		c.Types = append(c.Types, t.Type)
	}
	m := w.Runtime.Managed
	const settings = "spec.runtimeConfiguration.managedConfigurationSettings."
	c.refer(settings+"trustSettings.trustListSecretRef", "", UseTrustList, m.Trust.List)
	for i, s := range m.Secrets {
		if s.Secret != "" || s.Key != "" {
			c.References = append(c.References, Reference{Field: fmt.Sprintf("%ssecrets[%d]", settings, i), Use: UseSecret,
				Text: s.Secret + "/" + s.Key, Secret: s.Secret, Key: s.Key})
		}
	}
	return c
}

func (c *Consumer) addEndpoint(name string, w *endpointWire) {
	field := inbound + name
	e := Endpoint{Name: name, Field: field, Type: w.Type, Address: w.Address, Method: w.Authentication.Method}
	if strings.TrimSpace(w.Additional) != "" {
		var settings struct {
			Security struct {
				AutoAccept bool   `json:"autoAcceptUntrustedServerCertificates"`
				Policy     string `json:"securityPolicy"`
			} `json:"security"`
		}
		e.Unreadable = encoding.Unmarshal([]byte(w.Additional), &settings) != nil
		e.AutoAccept, e.SecurityPolicy = settings.Security.AutoAccept, settings.Security.Policy
	}
	c.Endpoints = append(c.Endpoints, e)
	x509, login := w.Authentication.X509, w.Authentication.Login
	const credentials, names = ".authentication.x509Credentials.", ".authentication.usernamePasswordCredentials."
	c.refer(field+credentials+"certificateSecretName", name, UseCertificate, x509.Certificate)
	c.refer(field+credentials+"keySecretName", name, UseKey, x509.Key)
	c.refer(field+credentials+"intermediateCertificatesSecretName", name, UseIntermediates, x509.Intermediates)
	c.refer(field+names+"usernameSecretName", name, UseUserName, login.UserName)
	c.refer(field+names+"passwordSecretName", name, UsePassword, login.Password)
	c.refer(field+".trustSettings.trustList", name, UseTrustList, w.Trust.List)
}

// refer takes a reference unless its field is empty.
func (c *Consumer) refer(field, endpoint string, use Use, text string) {
	if text == "" {
		return
	}
	secret, key, _ := strings.Cut(text, "/")
	c.References = append(c.References, Reference{Field: field, Endpoint: endpoint, Use: use, Text: text, Secret: secret, Key: key})
}

// issuanceSpec is of a cert-manager Certificate.
type issuanceSpec struct {
	SecretName string   `json:"secretName"`
	CommonName string   `json:"commonName"`
	URIs       []string `json:"uris"`
	DNSNames   []string `json:"dnsNames"`
	CA         bool     `json:"isCA"`
	Usages     []string `json:"usages"`
	Key        struct {
		Algorithm string `json:"algorithm"`
		Size      int    `json:"size"`
	} `json:"privateKey"`
}

// parseIssuance fills in what cert-manager takes where nothing is said: an RSA
// key of 2048 bits or an ECDSA key of 256, for signatures and key encipherment.
func parseIssuance(s *issuanceSpec) *Issuance {
	out := &Issuance{SecretName: s.SecretName, CommonName: s.CommonName, URIs: s.URIs, DNSNames: s.DNSNames, CA: s.CA,
		Usages: s.Usages, KeyAlgorithm: s.Key.Algorithm, KeySize: s.Key.Size}
	if len(out.Usages) == 0 {
		out.Usages = []string{"digital signature", "key encipherment"}
	}
	if out.KeyAlgorithm == "" {
		out.KeyAlgorithm = "RSA"
	}
	if out.KeySize == 0 {
		out.KeySize = map[string]int{"RSA": 2048, "ECDSA": 256}[out.KeyAlgorithm]
	}
	return out
}

// OwnCertificates are the Secrets of a namespace in which a connector for OPC UA
// finds the certificate that it shows to servers.
func (v Inventory) OwnCertificates(namespace string) []string {
	var names []string
	if v.Guards(namespace) {
		names = append(names, ApplicationCertificate, v.NameOf(namespace, RoleClient))
	}
	for _, s := range v.Stores {
		if s.Namespace == namespace && s.Role == RoleClient {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
