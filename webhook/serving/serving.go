// Package serving is how the webhook is reached: a TLS server that stops without losing
// a call, the certificate it serves, kept in files or in a Secret of its own, and the
// registration at the API server that trusts that certificate. A new certificate is
// served only after the API server was told to trust it, and what was trusted before
// stays trusted until it ends, so that there is no moment without a valid pair.
package serving

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Server answers over TLS. Its fields must be set before Run.
type Server struct {
	Listener net.Listener
	Handler  http.Handler
	Keys     *Keys
	// Lame is how long it goes on after it is told to stop: longer than it takes until
	// all know that it is no endpoint any more. In the second half it asks for each
	// connection to be closed. Zero stops at once.
	Lame time.Duration
	// Grace is how long calls may take that are under way at the end of that.
	Grace time.Duration
	Log   *slog.Logger

	stopping, closing atomic.Bool
}

// Stopping reports whether Run was told to stop: the server is not ready any more.
func (s *Server) Stopping() bool { return s.stopping.Load() }

// Run serves until the context ends and all calls are answered.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s.closing.Load() {
				w.Header().Set("Connection", "close")
			}
			s.Handler.ServeHTTP(w, r)
		}),
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.Keys.certificate},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       5 * time.Minute,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug), // a port scan is no news
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(s.Listener, "", "") }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	for _, half := range []func(){func() {}, func() { s.closing.Store(true) }} {
		half()
		select {
		case err := <-ended:
			return fmt.Errorf("serve: %w", err)
		case <-time.After(s.Lame / 2):
		}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Grace)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		return errors.Join(fmt.Errorf("stop serving: %w", err), server.Close())
	}
	return nil
}
