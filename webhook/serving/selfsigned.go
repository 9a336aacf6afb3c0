package serving

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// none is the version of an object that is not there: to apply it makes the object, but
// conflicts with one that somebody made meanwhile.
const none = "1"

// Manager is the field manager of what the webhook writes about itself.
const Manager = "storewarden-webhook"

// SelfSigned is a Secret of type kubernetes.io/tls that the replicas share and renew: a
// CA made for one certificate, whose key nobody keeps. It is read and applied by name.
type SelfSigned struct {
	Client          client.Client
	Namespace, Name string
	DNSNames        []string
	// Lifetime of a certificate; it is renewed when a third of it is left. 0 is 90 days.
	Lifetime time.Duration
	Now      func() time.Time
}

// Pair implements Source. Of replicas that renew at the same time one wins; the others
// see its pair with their next look, since the write is bound to what they saw.
func (s SelfSigned) Pair(ctx context.Context) (Pair, error) {
	lifetime := s.Lifetime
	if lifetime == 0 {
		lifetime = 90 * 24 * time.Hour
	}
	found := &corev1.Secret{}
	err := s.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: s.Name}, found)
	if client.IgnoreNotFound(err) != nil {
		return Pair{}, fmt.Errorf("serving certificate: %w", err)
	}
	if err == nil {
		p, err := newPair(found.Data["tls.crt"], found.Data["tls.key"], found.Data["ca.crt"])
		if err == nil && s.Now().Before(p.Certificate.Leaf.NotAfter.Add(-lifetime/3)) && covers(p.Certificate.Leaf, s.DNSNames) {
			return p, nil
		}
	}
	crt, key, ca, err := s.issue(lifetime)
	if err != nil {
		return Pair{}, fmt.Errorf("make a serving certificate: %w", err)
	}
	want := corev1ac.Secret(s.Name, s.Namespace).WithType(corev1.SecretTypeTLS).
		WithData(map[string][]byte{"tls.crt": crt, "tls.key": key, "ca.crt": ca})
	want.ObjectMetaApplyConfiguration = (&metav1ac.ObjectMetaApplyConfiguration{}).WithName(s.Name).WithNamespace(s.Namespace).
		WithResourceVersion(cmp.Or(found.ResourceVersion, none))
	if found.UID != "" {
		want.ObjectMetaApplyConfiguration = want.WithUID(found.UID).ObjectMetaApplyConfiguration
	}
	err = s.Client.Apply(ctx, want, client.FieldOwner(Manager), client.ForceOwnership)
	if apierrors.IsConflict(err) {
		return Pair{}, fmt.Errorf("serving certificate: another replica renews it: %w", err)
	}
	if err != nil {
		return Pair{}, fmt.Errorf("keep the serving certificate: %w", err)
	}
	return newPair(crt, key, ca)
}

func covers(c *x509.Certificate, names []string) bool {
	for _, n := range names {
		if c.VerifyHostname(n) != nil {
			return false
		}
	}
	return true
}

// issue makes a CA, and the one certificate that it ever signs.
func (s SelfSigned) issue(lifetime time.Duration) (crt, key, ca []byte, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, nil, err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, nil, err
	}
	from, to := s.Now().Add(-time.Hour), s.Now().Add(lifetime)
	root := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: "storewarden webhook CA"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: s.DNSNames[0]}, DNSNames: s.DNSNames, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	caDER, err := x509.CreateCertificate(rand.Reader, root, root, caKey.Public(), caKey)
	if err != nil {
		return nil, nil, nil, err
	}
	parsed, err := x509.ParseCertificate(caDER)
	if err != nil {
		return nil, nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, parsed, leafKey.Public(), caKey)
	if err != nil {
		return nil, nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		return nil, nil, nil, err
	}
	encode := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", keyDER), encode("CERTIFICATE", caDER), nil
}

func serial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b[:])
}
