package apiserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Output is what one run of kubectl left: its streams, unaltered, and its exit code.
type Output struct {
	Stdout, Stderr string
	Code           int
}

// Kubectl runs the real kubectl as the administrator; --as and --as-group make it another user. It sees no file and no
// variable of the person who runs the test. A non-zero exit code is an Output, not an error.
func (s *Server) Kubectl(ctx context.Context, args ...string) (Output, error) {
	return s.KubectlInput(ctx, "", args...)
}

// KubectlInput is Kubectl with a standard input, for apply -f -.
func (s *Server) KubectlInput(ctx context.Context, stdin string, args ...string) (Output, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(s.Binaries, "kubectl"), args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	cmd.Dir = s.kubectlHome()
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), // kubectl diff calls diff
		"HOME=" + s.kubectlHome(),
		"KUBECACHEDIR=" + filepath.Join(s.kubectlHome(), "cache"),
		"KUBECONFIG=" + s.Kubeconfig,
		"LC_ALL=C",
	}
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && (ctx.Err() != nil || !errors.As(err, &exit)) {
		return Output{}, fmt.Errorf("run kubectl: %w", errors.Join(ctx.Err(), err))
	}
	return Output{Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}, nil
}

func (s *Server) kubectlHome() string { return filepath.Join(s.dir, "home") }
