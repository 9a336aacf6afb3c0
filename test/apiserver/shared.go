package apiserver

import (
	"context"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// TB is the part of testing.TB that helpers here use. It keeps the testing package out of the demo's binary.
type TB interface {
	Helper()
	Context() context.Context
	Fatalf(format string, args ...any)
}

// Main gives all tests of a package one server, which takes seconds to start, and returns the exit code. It is the whole
// of a TestMain:
//
//	var srv *apiserver.Server
//
//	func TestMain(m *testing.M) { os.Exit(apiserver.Main(m, &srv, apiserver.Options{CRDs: true})) }
//
// Each test then works in a namespace of its own, from [Server.Namespace].
func Main(m interface{ Run() int }, srv **Server, opts Options) int {
	log.SetLogger(logr.Discard()) // controller-runtime prints a stack trace after 30 s without one
	if opts.Log == nil {
		opts.Log = os.Stderr
	}
	s, err := Start(context.Background(), opts)
	if err != nil {
		fmt.Fprintln(opts.Log, err)
		return 1
	}
	*srv = s
	code := m.Run()
	if err := s.Stop(); err != nil {
		fmt.Fprintln(opts.Log, err)
		return max(code, 1)
	}
	return code
}

// Namespace makes a namespace for one test and returns its name. It is never deleted: that would take a controller.
func (s *Server) Namespace(t TB) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := s.Client.Create(t.Context(), ns); err != nil {
		t.Fatalf("create a namespace: %v", err)
	}
	return ns.Name
}
