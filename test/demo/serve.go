package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/scene"
)

// startWebhook runs the real binary against the API server and the emulator; it
// registers itself once it is ready.
func (s *stage) startWebhook(ctx context.Context) (stop func(), err error) {
	if s.bin, err = s.build(ctx); err != nil {
		return nil, err
	}
	if err := s.startVault(); err != nil {
		return nil, err
	}
	if err := s.writeServingCertificate(); err != nil {
		return nil, err
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	config, err := s.writeConfig("webhook", ports)
	if err != nil {
		return nil, err
	}
	stop, err = s.serve(ctx, "webhook", config, ports[1])
	if err != nil {
		return nil, err
	}
	if err := s.awaitRegistered(ctx); err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// serve runs the real binary as a part, until it is stopped.
func (s *stage) serve(ctx context.Context, part, config string, health int) (stop func(), err error) {
	log, err := os.Create(filepath.Join(s.dir, part+".log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(s.bin, "serve", "--"+part, "--config", config, "--kubeconfig", s.server.Kubeconfig)
	cmd.Stderr = log
	cmd.Env = append(os.Environ(), s.identity()...)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
		}
		_ = log.Close()
	}
	if err := awaitReady(ctx, fmt.Sprintf("http://127.0.0.1:%d/readyz", health), ended); err != nil {
		stop()
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("storewarden serve --%s did not become ready: %w\n%s", part, err, text)
	}
	return stop, nil
}

func (s *stage) writeServingCertificate() error {
	ca, err := certtest.NewCA(certtest.Options{CommonName: "demo webhook CA", Now: time.Now()})
	if err != nil {
		return err
	}
	cert, err := ca.Issue(certtest.Options{CommonName: "storewarden", IPAddresses: []string{"127.0.0.1"}})
	if err != nil {
		return err
	}
	key, err := cert.Key.PEM(certtest.PKCS8)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(s.dir, "tls.crt"), cert.PEM(), 0o600),
		os.WriteFile(filepath.Join(s.dir, "tls.key"), key, 0o600),
		os.WriteFile(filepath.Join(s.dir, "ca.crt"), ca.PEM(), 0o600))
}

func (s *stage) startVault() error {
	endpoint, caPEM, err := s.vault.Start()
	if err != nil {
		return err
	}
	if block, _ := pem.Decode(caPEM); block == nil {
		return errors.New("the emulator gave no CA")
	}
	s.endpoint = endpoint
	return os.WriteFile(s.vaultCA(), caPEM, 0o600)
}

func (s *stage) vaultCA() string { return filepath.Join(s.dir, "vault-ca.pem") }

func (s *stage) writeConfig(part string, ports []int) (string, error) {
	path := filepath.Join(s.dir, part+".yaml")
	text := fmt.Sprintf(`vault:
  kind: azure
  endpoint: %s
  caFile: %s
  refresh: 10s
  allowed:
    azure-iot-operations: [%s]
webhook: {host: 127.0.0.1, port: %d, certDir: %s, health: "127.0.0.1:%d", metrics: "127.0.0.1:%d", register: {url: "https://127.0.0.1:%d"}}
sync: {leaseNamespace: azure-iot-operations}
`, strconv.Quote(s.endpoint), s.vaultCA(), scene.Vault, ports[0], s.dir, ports[1], ports[2], ports[0])
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// awaitRegistered tries what must be refused until it is: the API server takes
// some milliseconds to see a new configuration.
func (s *stage) awaitRegistered(ctx context.Context) error {
	probe := scene.Class("probe", "        - objectName: x\n")
	for {
		res, err := s.server.KubectlInput(ctx, probe, "create", "--dry-run=server", "-f", "-")
		if err != nil || res.Code != 0 {
			return err
		}
	}
}

func awaitReady(ctx context.Context, url string, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if res, err := http.Get(url); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-ended:
			return fmt.Errorf("it ended: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// freePorts asks the system for loopback ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
