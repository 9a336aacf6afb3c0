// Package apiserver runs a real kube-apiserver and etcd on the loopback interface, for tests and for the demo: with the
// custom resources that Storewarden guards, a namespace per test, users with their own client certificates, and the real
// kubectl. The binaries are built from Go modules once per machine; see [Binaries]. No controllers run unless [Server.Collect]
// is called: nothing is garbage collected, and a deleted namespace stays Terminating.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// StoreNamespace is where Azure IoT Operations keeps its connector stores; it exists from the start.
const StoreNamespace = "azure-iot-operations"

// patience is how long each of the two servers may take to start, and to stop: a second or two, and tens of seconds on a
// machine that compiles beside it.
const patience = time.Minute

// Options says what a server shall have. The zero value is a bare API server.
type Options struct {
	// CRDs installs SecretProviderClass, SecretSync and ConnectorStore.
	CRDs bool
	// AuditLog is the file that receives the API server's audit log, one JSON event a line, metadata only: users, verbs,
	// objects and annotations, never a body. Each line is written before its request is answered. Empty means no log.
	AuditLog string
	// Log receives progress, chiefly of the first build. Nil discards it.
	Log io.Writer
}

// Server is a running API server. Its methods may be called by many goroutines.
type Server struct {
	// Config is the administrator's (group system:masters), with client-go's own throttling switched off.
	Config *rest.Config
	// Client uses Config and knows the built-in types; everything else goes through it as unstructured objects.
	Client client.Client
	// Kubeconfig is the path of a file that holds what Config holds.
	Kubeconfig string
	// Binaries is the folder of the kubectl, kube-apiserver and etcd in use.
	Binaries string

	dir   string // everything this server writes: certificates, etcd's data, logs, kubectl's home
	users sync.Mutex
	env   *envtest.Environment
}

// Start builds the binaries if need be, starts etcd and the API server, and returns when custom resources can be created
// without delay. The caller must call Stop; should its process die without that, both servers end by themselves.
func Start(ctx context.Context, opts Options) (*Server, error) {
	if opts.Log == nil {
		opts.Log = io.Discard
	}
	bin, err := Binaries(ctx, opts.Log)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "storewarden-apiserver-")
	if err != nil {
		return nil, fmt.Errorf("make the API server's folder: %w", err)
	}
	s := &Server{Binaries: bin, dir: dir, Kubeconfig: filepath.Join(dir, "kubeconfig")}
	if err := s.start(ctx, opts); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, opts Options) error {
	if err := s.configure(opts); err != nil {
		return err
	}
	logs, err := s.captureOutput()
	if err != nil {
		return err
	}
	defer logs.Close() // the processes hold descriptors of their own
	cfg, err := s.env.Start()
	if err != nil {
		return fmt.Errorf("start the control plane: %w\n%s", err, s.outputTail())
	}
	s.Config = rest.CopyConfig(cfg)
	s.Config.QPS = -1
	if err := os.WriteFile(s.Kubeconfig, s.env.KubeConfig, 0o600); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	if s.Client, err = client.New(s.Config, client.Options{}); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: StoreNamespace}}
	if err := s.Client.Create(ctx, ns); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s: %w", StoreNamespace, err)
	}
	if opts.CRDs {
		return s.warmUp(ctx)
	}
	return nil
}

// configure lays out the server's folder and the environment that Start will run.
func (s *Server) configure(opts Options) error {
	existing := false // else a variable in the user's shell could aim the tests at a real cluster
	s.env = &envtest.Environment{UseExistingCluster: &existing, ControlPlaneStartTimeout: patience, ControlPlaneStopTimeout: patience}
	plane := &s.env.ControlPlane
	plane.KubectlPath = filepath.Join(s.Binaries, "kubectl")
	api := plane.GetAPIServer()
	api.CertDir = filepath.Join(s.dir, "certs")
	plane.Etcd = &envtest.Etcd{DataDir: filepath.Join(s.dir, "etcd")}
	for _, d := range []string{api.CertDir, plane.Etcd.DataDir, s.kubectlHome()} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return fmt.Errorf("make the API server's folder: %w", err)
		}
	}
	var err error
	if api.Path, err = s.guard("kube-apiserver"); err != nil {
		return err
	}
	if plane.Etcd.Path, err = s.guard("etcd"); err != nil {
		return err
	}
	// Without these two the API server looks for a default route, and gives up on a machine with no network.
	api.Configure().Set("advertise-address", "127.0.0.1").Set("endpoint-reconciler-type", "none")
	// A watch is ended when the server stops. Without this the server waits for whoever watches to leave, for up to a minute.
	api.Configure().Set("shutdown-watch-termination-grace-period", "1s")
	if opts.AuditLog != "" {
		policy := filepath.Join(s.dir, "audit-policy.yaml")
		if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
			return fmt.Errorf("write audit policy: %w", err)
		}
		api.Configure().Set("audit-policy-file", policy).Set("audit-log-path", opts.AuditLog).Set("audit-log-mode", "blocking")
	}
	if opts.CRDs {
		if s.env.CRDs, err = crds(); err != nil {
			return err
		}
	}
	return nil
}

// auditPolicy leaves out bodies: the log of a test over Secrets must not hold their values.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

// captureOutput sends what both servers print to one file. Files and not buffers: a process that writes to anything else
// keeps a goroutine and a pipe in ours for as long as it lives.
func (s *Server) captureOutput() (io.Closer, error) {
	f, err := os.OpenFile(s.outputPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the control plane's log: %w", err)
	}
	api, etcd := s.env.ControlPlane.GetAPIServer(), s.env.ControlPlane.Etcd
	api.Out, api.Err, etcd.Out, etcd.Err = f, f, f, f
	return f, nil
}

func (s *Server) outputPath() string { return filepath.Join(s.dir, "output.log") }

func (s *Server) outputTail() string {
	b, err := os.ReadFile(s.outputPath())
	if err != nil {
		return err.Error()
	}
	return tail(b)
}

// warmUp sits out the two seconds for which the API server delays every create of a newly established custom resource,
// so that no test and no measurement pays for them.
func (s *Server) warmUp(ctx context.Context) error {
	samples, err := sampleObjects()
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, o := range samples {
		g.Go(func() error {
			if err := s.Client.Create(ctx, o, client.DryRunAll); err != nil {
				return fmt.Errorf("create a first %s: %w", o.GetKind(), err)
			}
			return nil
		})
	}
	return g.Wait()
}

// Stop ends both servers and removes what they wrote.
func (s *Server) Stop() error {
	var err error
	if s.env != nil && s.env.ControlPlane.Etcd != nil {
		if err = s.env.Stop(); err != nil {
			err = fmt.Errorf("stop the control plane: %w", err)
		}
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// Restart stops the API server and etcd, calls down while neither runs, and starts both again at their old addresses with
// what they held. All connections and watches end.
func (s *Server) Restart(down func()) error {
	api, etcd := s.env.ControlPlane.GetAPIServer(), s.env.ControlPlane.Etcd
	if err := errors.Join(api.Stop(), etcd.Stop()); err != nil {
		return fmt.Errorf("stop the control plane: %w", err)
	}
	down()
	logs, err := s.captureOutput()
	if err != nil {
		return err
	}
	defer logs.Close()
	if err := etcd.Start(); err != nil {
		return fmt.Errorf("start etcd again: %w\n%s", err, s.outputTail())
	}
	if err := api.Start(); err != nil {
		return fmt.Errorf("start the API server again: %w\n%s", err, s.outputTail())
	}
	return nil
}

// PauseEtcd stops etcd's process in its tracks; resume lets it go on. Until then the API server waits for it with every
// write, and with every read that its cache does not answer.
func (s *Server) PauseEtcd() (resume func() error, err error) {
	p, err := s.process("etcd")
	if err != nil {
		return nil, err
	}
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return nil, fmt.Errorf("pause etcd: %w", err)
	}
	return func() error { return p.Signal(syscall.SIGCONT) }, nil
}

// User returns the configuration of a user who authenticates with a client certificate of its own and has no rights but
// those of its groups. The group system:authenticated comes by itself.
func (s *Server) User(name string, groups ...string) (*rest.Config, error) {
	s.users.Lock() // the certificate authority counts serial numbers without a lock
	defer s.users.Unlock()
	u, err := s.env.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: -1})
	if err != nil {
		return nil, fmt.Errorf("add user %s: %w", name, err)
	}
	return u.Config(), nil
}
