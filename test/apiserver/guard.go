package apiserver

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// guardScript runs a server on behalf of our process and ends it when our process is gone: a test binary that panics,
// times out or is killed never reaches Stop, and would leave 350 MB of servers behind each time.
//
//go:embed guard.sh
var guardScript string

// guard writes the script that stands in for the named binary, and returns its path.
func (s *Server) guard(name string) (string, error) {
	path := filepath.Join(s.dir, name+".sh")
	text := fmt.Sprintf("#!/bin/sh\nbinary=%s\nfolder=%s\n%s", shellQuote(filepath.Join(s.Binaries, name)), shellQuote(s.dir), guardScript)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		return "", fmt.Errorf("write guard of %s: %w", name, err)
	}
	return path, nil
}

// process is the named server, behind its guard.
func (s *Server) process(name string) (*os.Process, error) {
	raw, err := os.ReadFile(filepath.Join(s.dir, name+".sh.pid"))
	if err != nil {
		return nil, fmt.Errorf("find the process of %s: %w", name, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return nil, fmt.Errorf("find the process of %s: %w", name, err)
	}
	return os.FindProcess(pid)
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
