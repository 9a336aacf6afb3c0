package keyvault

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// serving is the listening half of a Server.
type serving struct {
	mu          sync.Mutex
	http        *http.Server
	done        chan struct{}
	address     string // kept across Stop, so that Start returns to it
	certificate tls.Certificate
	caPEM       []byte
}

// Start serves over TLS, on a loopback port of the system's choice, and returns
// the URL template for the client's endpoint and the CA it should trust. After
// Stop it serves again at the same address with the same certificate.
func (s *Server) Start() (endpoint string, caPEM []byte, err error) {
	s.serving.mu.Lock()
	defer s.serving.mu.Unlock()
	g := &s.serving
	if g.http != nil {
		return "", nil, errors.New("keyvault: already started")
	}
	if g.caPEM == nil {
		if g.certificate, g.caPEM, err = issue(s.options.Suffix); err != nil {
			return "", nil, fmt.Errorf("keyvault: issue serving certificate: %w", err)
		}
		if g.address = s.options.Listen; g.address == "" {
			g.address = "127.0.0.1:0"
		}
	}
	listener, err := net.Listen("tcp", g.address)
	if err != nil {
		return "", nil, fmt.Errorf("keyvault: listen: %w", err)
	}
	g.address = listener.Addr().String()
	g.http = &http.Server{
		Handler:           s,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{g.certificate}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // refused handshakes are part of the play
	}
	g.done = make(chan struct{})
	go func(server *http.Server, done chan struct{}) {
		defer close(done)
		_ = server.ServeTLS(listener, "", "") // always an error, ErrServerClosed after Stop
	}(g.http, g.done)
	return "https://" + g.address + "/{vault}", g.caPEM, nil
}

// Address is the host and port Start listens on, "" before.
func (s *Server) Address() string {
	s.serving.mu.Lock()
	defer s.serving.mu.Unlock()
	return s.serving.address
}

// Authority is the base URL of the token endpoint, for AZURE_AUTHORITY_HOST.
func (s *Server) Authority() string { return "https://" + s.Address() + "/" }

// Stop closes the port and every connection, as an outage does: the next
// connection is refused. The vaults keep their secrets.
func (s *Server) Stop() {
	s.serving.mu.Lock()
	defer s.serving.mu.Unlock()
	if s.serving.http == nil {
		return
	}
	_ = s.serving.http.Close()
	<-s.serving.done
	s.serving.http = nil
}

// Close is Stop, for good.
func (s *Server) Close() { s.Stop() }

// issue makes a CA and a serving certificate for loopback, for the Key Vault
// domain and for .localhost names.
func issue(suffix string) (tls.Certificate, []byte, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	// The machine's clock and not the emulator's: TLS is checked against it.
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Key Vault emulator CA"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Key Vault emulator"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames:    []string{"localhost", "*.vault.localhost", "*." + suffix},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage:    x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	caPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, caPEM, nil
}

// StaticToken is a credential that hands out itself.
type StaticToken string

// GetToken implements azcore.TokenCredential.
func (t StaticToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(t), ExpiresOn: time.Now().Add(time.Hour)}, nil
}
