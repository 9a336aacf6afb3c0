package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/webhook/explain"
	"github.com/storewarden/storewarden/webhook/serving"
)

// serveExplain serves /debug/verdict until the context ends, where it is configured.
func serveExplain(ctx context.Context, c config.Config, cs kubernetes.Interface, by judge, live, peers review.Peers, keys *serving.Keys, log *slog.Logger) error {
	if c.Webhook.Debug == "0" {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Webhook.Debug)
	if err != nil {
		return fmt.Errorf("listen: webhook.debug: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle(explain.Path, explain.Handler{Client: cs, Judge: by, Inventory: c.Inventory(), Live: live, Peers: peers, Now: time.Now, Log: log})
	server := &serving.Server{Listener: listener, Handler: mux, Keys: keys, Grace: time.Second, Log: log}
	return server.Run(ctx)
}
