package hand

import (
	"strings"
	"time"

	"github.com/storewarden/storewarden/certs"
)

// Card says what the bytes of an entry, a file or a vault secret are. It holds no private
// byte.
type Card struct {
	Kind         certs.Kind    `json:"kind"`
	Format       certs.Format  `json:"format"`
	Size         int           `json:"size"` // bytes
	Certificates []Certificate `json:"certificates"`
	CRLs         []CRL         `json:"crls"`
	Keys         []Key         `json:"keys"`
	// Oddities is what is unusual and can be read all the same, in words.
	Oddities []string `json:"oddities"`
}

// Certificate is one certificate of a Card.
type Certificate struct {
	Subject    string `json:"subject"`
	Issuer     string `json:"issuer"`
	CommonName string `json:"commonName"`
	Serial     string `json:"serial"`
	// Thumbprint is the SHA-1 in upper-case hex, as devices and Windows show it.
	Thumbprint         string    `json:"thumbprint"`
	SHA256             string    `json:"sha256"` // lower-case hex
	NotBefore          time.Time `json:"notBefore"`
	NotAfter           time.Time `json:"notAfter"`
	Version            int       `json:"version"`
	IsCA               bool      `json:"isCA"`
	SelfSigned         bool      `json:"selfSigned"`
	KeyAlgorithm       string    `json:"keyAlgorithm"`
	KeyBits            int       `json:"keyBits"`
	SignatureAlgorithm string    `json:"signatureAlgorithm"`
	KeyUsage           []string  `json:"keyUsage"`
	ExtKeyUsage        []string  `json:"extKeyUsage"`
	URIs               []string  `json:"uris"`
	DNSNames           []string  `json:"dnsNames"`
	IPAddresses        []string  `json:"ipAddresses"`
}

// CRL is one certificate revocation list of a Card.
type CRL struct {
	Issuer     string    `json:"issuer"`
	Number     string    `json:"number"`
	ThisUpdate time.Time `json:"thisUpdate"`
	NextUpdate time.Time `json:"nextUpdate,omitzero"` // zero when absent
	Revoked    int       `json:"revoked"`
	SHA256     string    `json:"sha256"`
}

// Key is a private or public key of a Card, in words only.
type Key struct {
	Private   bool   `json:"private"`
	Encrypted bool   `json:"encrypted"`
	Algorithm string `json:"algorithm"`
	Bits      int    `json:"bits"`
}

// CardOf tells what a bundle is.
func CardOf(b *certs.Bundle) Card {
	c := Card{Kind: b.Kind, Format: b.Format, Size: b.Size, Certificates: []Certificate{}, CRLs: []CRL{}, Keys: []Key{}, Oddities: []string{}}
	for _, x := range b.Certificates {
		c.Certificates = append(c.Certificates, Certificate{Subject: x.Subject, Issuer: x.Issuer, CommonName: x.CommonName, Serial: x.Serial,
			Thumbprint: strings.ToUpper(x.SHA1), SHA256: x.SHA256, NotBefore: x.NotBefore, NotAfter: x.NotAfter, Version: x.Version,
			IsCA: x.IsCA, SelfSigned: x.SelfSigned(), KeyAlgorithm: x.KeyAlgorithm, KeyBits: x.KeyBits, SignatureAlgorithm: x.SignatureAlgorithm,
			KeyUsage: orEmpty(x.KeyUsage), ExtKeyUsage: orEmpty(x.ExtKeyUsage), URIs: orEmpty(x.URIs), DNSNames: orEmpty(x.DNSNames), IPAddresses: orEmpty(x.IPAddresses)})
	}
	for _, l := range b.CRLs {
		c.CRLs = append(c.CRLs, CRL{Issuer: l.Issuer, Number: l.Number, ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate, Revoked: l.Revoked, SHA256: l.SHA256})
	}
	for _, k := range b.Keys {
		c.Keys = append(c.Keys, Key{Private: k.Private, Encrypted: k.Encrypted, Algorithm: k.Algorithm, Bits: k.Bits})
	}
	for _, p := range b.Problems {
		c.Oddities = append(c.Oddities, p.Message)
	}
	return c
}

// Ends is when the first of what the card shows ends, zero where nothing does.
func (c Card) Ends() time.Time {
	var first time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for _, x := range c.Certificates {
		sooner(x.NotAfter)
	}
	for _, l := range c.CRLs {
		sooner(l.NextUpdate)
	}
	return first
}

// Title is what a person calls it: the subject of the certificate, the issuer of the CRL.
func (c Card) Title() string {
	switch {
	case len(c.Certificates) > 0:
		return c.Certificates[0].Subject
	case len(c.CRLs) > 0:
		return "CRL of " + c.CRLs[0].Issuer
	}
	return string(c.Kind)
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// emptyCard is of what could not be seen.
func emptyCard() Card {
	return Card{Certificates: []Certificate{}, CRLs: []CRL{}, Keys: []Key{}, Oddities: []string{}}
}
