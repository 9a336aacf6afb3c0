package main

import (
	"log/slog"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/webhook"
	"github.com/storewarden/storewarden/webhook/serving"
)

// registration is what the webhook registers of itself.
func registration(c config.Config) webhook.Registration {
	r := webhook.Registration{Inventory: c.Inventory(), Profiles: c.Actors, Timeout: c.Webhook.Timeout, FailOpen: c.Webhook.Register.FailOpen,
		Autofix: c.Webhook.Autofix}
	if url := c.Webhook.Register.URL; url != "" {
		r.Client.URL = &url
	}
	if namespace, name, ok := strings.Cut(c.Webhook.Register.Service, "/"); ok {
		r.Client.Service = &admissionregistrationv1.ServiceReference{Namespace: namespace, Name: name}
	}
	return r
}

// newKeys is where the serving certificate comes from, and who is told to trust it.
func newKeys(c config.Config, cl client.Client, log *slog.Logger) *serving.Keys {
	reg := registration(c)
	k := &serving.Keys{Source: serving.Dir(c.Webhook.CertDir), Log: log}
	if namespace, name, ok := strings.Cut(c.Webhook.SelfSigned, "/"); ok {
		service := reg.Client.Service.Name + "." + reg.Client.Service.Namespace + ".svc"
		k.Source = serving.SelfSigned{Client: cl, Namespace: namespace, Name: name, DNSNames: []string{service, service + ".cluster.local"}, Now: time.Now}
	}
	if reg.Client.Service != nil || reg.Client.URL != nil {
		r := &serving.Registrar{Client: cl, Of: reg, Owner: c.Webhook.Register.Owner, Now: time.Now}
		k.Trust = r.Trust
	}
	return k
}
