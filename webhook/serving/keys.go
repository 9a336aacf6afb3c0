package serving

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// Pair is a serving certificate, and by what a client trusts it.
type Pair struct {
	Certificate *tls.Certificate
	// CA is PEM; empty where only who registers the webhook knows it.
	CA []byte
}

// newPair checks that the key is the certificate's. No error quotes what was read.
func newPair(certificate, key, ca []byte) (Pair, error) {
	c, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return Pair{}, errors.New("certificate and key do not make a pair, or are not PEM")
	}
	if len(bytes.TrimSpace(ca)) > 0 {
		if block, _ := pem.Decode(ca); block == nil || block.Type != "CERTIFICATE" {
			return Pair{}, errors.New("ca.crt holds no certificate in PEM")
		}
	}
	return Pair{Certificate: &c, CA: ca}, nil
}

// same reports whether both are the same pair.
func (p Pair) same(o Pair) bool {
	return p.Certificate != nil && o.Certificate != nil && bytes.Equal(p.Certificate.Certificate[0], o.Certificate.Certificate[0]) && bytes.Equal(p.CA, o.CA)
}

// Thumbprint is the SHA-256 of the certificate.
func (p Pair) Thumbprint() string {
	return fmt.Sprintf("%x", sha256.Sum256(p.Certificate.Certificate[0]))
}

// Source tells which pair is to be served now.
type Source interface {
	Pair(ctx context.Context) (Pair, error)
}

// Dir is a folder with tls.crt, tls.key and, where it is known, ca.crt, as cert-manager
// writes them and a pod mounts them.
type Dir string

// Pair implements Source.
func (d Dir) Pair(context.Context) (Pair, error) {
	var files [3][]byte
	for i, name := range []string{"tls.crt", "tls.key", "ca.crt"} {
		raw, err := os.ReadFile(filepath.Join(string(d), name))
		if err != nil && (name != "ca.crt" || !errors.Is(err, os.ErrNotExist)) {
			return Pair{}, fmt.Errorf("serving certificate: %w", err)
		}
		files[i] = raw
	}
	p, err := newPair(files[0], files[1], files[2])
	if err != nil {
		return Pair{}, fmt.Errorf("serving certificate in %s: %w", string(d), err)
	}
	return p, nil
}

// Keys holds the pair that is served, and follows its source.
type Keys struct {
	Source Source
	// Trust has the API server trust a pair before it is served; it is called again and
	// again, so that what somebody removed comes back. Nil where others see to it.
	Trust func(ctx context.Context, p Pair) error
	Log   *slog.Logger
	// Every is the time between two looks; 0 is 10 s. Settle is how long the API server
	// may take to see what Trust wrote; 0 is 1 s.
	Every, Settle time.Duration

	served  atomic.Pointer[Pair]
	trusted atomic.Bool
}

// Load gets the first pair.
func (k *Keys) Load(ctx context.Context) error {
	p, err := k.Source.Pair(ctx)
	if err != nil {
		return err
	}
	k.served.Store(&p)
	return nil
}

// Run follows the source and keeps the registration until the context ends. What goes
// wrong is logged, and what is served stays.
func (k *Keys) Run(ctx context.Context) error {
	every, settle := k.Every, k.Settle
	if every == 0 {
		every = 10 * time.Second
	}
	if settle == 0 {
		settle = time.Second
	}
	told := ""
	for {
		err := k.turn(ctx, settle)
		if err != nil && ctx.Err() == nil && err.Error() != told {
			k.Log.Warn("the serving certificate or its registration is not as it should be", "error", err)
		}
		told = ""
		if err != nil {
			told = err.Error()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}

// turn is one look.
func (k *Keys) turn(ctx context.Context, settle time.Duration) error {
	p, err := k.Source.Pair(ctx)
	if err != nil {
		return err
	}
	if k.Trust != nil {
		err := k.Trust(ctx, p)
		// Without an endpoint nothing is registered that could be called, and to be one is
		// what it takes.
		k.trusted.Store(k.trusted.Load() || errors.Is(err, ErrNoEndpoint))
		if err != nil {
			return err
		}
	}
	k.trusted.Store(true)
	if p.same(*k.served.Load()) {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(settle):
	}
	k.served.Store(&p)
	k.Log.Info("a new serving certificate is in use", "sha256", p.Thumbprint(), "notAfter", p.Certificate.Leaf.NotAfter)
	return nil
}

// Trusted reports whether the API server was told of a pair, or need not be yet.
func (k *Keys) Trusted() bool { return k.trusted.Load() }

// NotAfter is when the certificate that is served ends.
func (k *Keys) NotAfter() time.Time {
	if p := k.served.Load(); p != nil {
		return p.Certificate.Leaf.NotAfter
	}
	return time.Time{}
}

func (k *Keys) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if p := k.served.Load(); p != nil {
		return p.Certificate, nil
	}
	return nil, errors.New("no certificate is loaded")
}
