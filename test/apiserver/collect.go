package apiserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Collect runs the real kube-controller-manager with those of its controllers that take things away: what an owner's end
// ends, and what is in a namespace that goes. It begins within some seconds; stop ends it.
func (s *Server) Collect() (stop func() error, err error) {
	script, err := s.guard("kube-controller-manager")
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(s.outputPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the control plane's log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(script, "--kubeconfig="+s.Kubeconfig, "--controllers=garbage-collector-controller,namespace-controller",
		"--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port=0", "--use-service-account-credentials=false")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start kube-controller-manager: %w", err)
	}
	return func() error {
		err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			return nil // it was told to end
		}
		return err
	}, nil
}
