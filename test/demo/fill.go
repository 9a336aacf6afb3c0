package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
)

func (s *stage) startSync(ctx context.Context) (stop func(), err error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	config, err := s.writeConfig("sync", ports)
	if err != nil {
		return nil, err
	}
	return s.serve(ctx, "sync", config, ports[1])
}

// stores do what the SecretSyncs say, since no sync controller runs here.
const stores = `
apiVersion: storewarden.io/v1alpha1
kind: ConnectorStore
metadata: {name: trust, namespace: azure-iot-operations}
spec:
  role: opcua-trust
  secretName: aio-opc-ua-broker-trust-list
  sources:
  - {name: sync, secretSync: {name: aio-opc-ua-broker-trust-list}}
---
apiVersion: storewarden.io/v1alpha1
kind: ConnectorStore
metadata: {name: issuers, namespace: azure-iot-operations}
spec:
  role: opcua-issuer
  secretName: aio-opc-ua-broker-issuer-list
  sources:
  - {name: sync, secretSync: {name: aio-opc-ua-broker-issuer-list}}
`

// fill is the second act: lists that fill themselves, a rotation, and a certificate
// that does not get in.
func (s *stage) fill(ctx context.Context) error {
	s.say("\n=== Lists that fill themselves ===")
	if code, err := s.apply(ctx, stores); err != nil || code != 0 {
		return fmt.Errorf("the stores were not admitted (exit %d): %w", code, err)
	}
	if err := s.await(ctx, "both lists are filled, each CRL beside its CA", func() bool {
		return s.holds(ctx, "aio-opc-ua-broker-trust-list", "press-1.der", "plant-root.der", "plant-root.crl") &&
			s.holds(ctx, "aio-opc-ua-broker-issuer-list", "plant-ca.der", "plant-ca.crl")
	}); err != nil {
		return err
	}
	if err := s.show(ctx); err != nil {
		return err
	}

	s.say("\n=== press-1 gets a new certificate in the vault ===")
	renewed, err := certtest.SelfSigned(certtest.Options{CommonName: "press-1", KeyName: "renewed", Key: certtest.RSA2048, Now: time.Now(), URIs: []string{"urn:plant:press-1"}})
	if err != nil {
		return err
	}
	s.put("press-1-der", renewed)
	if err := s.await(ctx, "it arrived in the trust list", func() bool { return s.value(ctx, "press-1.der") == string(renewed.DER) }); err != nil {
		return err
	}

	s.say("\n=== Somebody uploads one that has expired ===")
	old, err := certtest.SelfSigned(certtest.Options{CommonName: "press-1", KeyName: "old", Key: certtest.RSA2048, Now: time.Now(), URIs: []string{"urn:plant:press-1"},
		NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(0, 0, -1)})
	if err != nil {
		return err
	}
	s.put("press-1-der", old)
	if err := s.await(ctx, "it is held back", func() bool { return strings.Contains(s.ready(ctx), "held back: press-1.der") }); err != nil {
		return err
	}
	if s.value(ctx, "press-1.der") != string(renewed.DER) {
		return fmt.Errorf("the good certificate is lost")
	}
	s.say(s.ready(ctx))
	return s.show(ctx)
}

func (s *stage) put(name string, c *certtest.Cert) {
	s.vault.Vault(scene.Vault).Set(name, keyvault.Secret{Value: c.Hex(), ContentType: "application/pkix-cert", Tags: map[string]string{"file-encoding": "hex"}})
}

func (s *stage) show(ctx context.Context) error {
	s.say("$ kubectl get connectorstores")
	res, err := s.server.Kubectl(ctx, "-n", apiserver.StoreNamespace, "get", "connectorstores")
	fmt.Fprint(s.out, res.Stdout)
	return err
}

// await looks until something is so; the sync loop looks at the vault every ten
// seconds here.
func (s *stage) await(ctx context.Context, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	started, told := time.Now(), false
	for !ok() {
		if !told && time.Since(started) > 2*time.Second {
			s.say("(waiting for the next look at the vault) …")
			told = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within 90 seconds: %s; Ready: %s", what, s.ready(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
	s.say("After " + time.Since(started).Round(time.Second).String() + ": " + what)
	return nil
}

func (s *stage) secret(ctx context.Context, name string) *corev1.Secret {
	o := &corev1.Secret{}
	if s.server.Client.Get(ctx, client.ObjectKey{Namespace: apiserver.StoreNamespace, Name: name}, o) != nil {
		return &corev1.Secret{} // not there yet
	}
	return o
}

func (s *stage) holds(ctx context.Context, name string, keys ...string) bool {
	data := s.secret(ctx, name).Data
	for _, k := range keys {
		if len(data[k]) == 0 {
			return false
		}
	}
	return true
}

func (s *stage) value(ctx context.Context, key string) string {
	return string(s.secret(ctx, "aio-opc-ua-broker-trust-list").Data[key])
}

// ready is the message of the trust list's condition.
func (s *stage) ready(ctx context.Context) string {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(store.ConnectorStoreAPI)
	u.SetKind(store.KindConnectorStore)
	if s.server.Client.Get(context.WithoutCancel(ctx), client.ObjectKey{Namespace: apiserver.StoreNamespace, Name: "trust"}, u) != nil {
		return ""
	}
	all, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range all {
		if m, ok := c.(map[string]any); ok && m["type"] == "Ready" {
			return fmt.Sprint(m["message"])
		}
	}
	return ""
}
