package remedy

import (
	"fmt"
	"path"
	"strings"
)

// owned are the files that a person has of what a case is about, by stem: the
// right ones, and new ones where the case's are spent.
var owned = map[string]string{
	"my-server": "server", "my-server-ca": "ca", "ca": "ca", "my-client": "client", "leaf": "leaf-2",
	"cert": "server", "web-key": "server", "my-cert": "server", "my-server-0": "server", "tls": "server",
	"press-1": "press-1",
}

// forms are what a file's extension says of it.
var forms = map[string]string{".der": ".der", ".crt": ".pem", ".cer": ".der", ".crl": ".crl", ".pem": "-key.pem"}

// file is what stands in a file, in the words of a case: written by a command
// before, or the person's own.
func (w *World) file(name string) (string, error) {
	name = strings.Trim(strings.TrimPrefix(name, "./"), "'\"")
	if x, ok := w.files[name]; ok {
		return x, nil
	}
	if base, _, _ := strings.Cut(name, "."); base == "FILE" {
		s, ok := w.held()
		if !ok {
			return "server.der", nil // a Secret by hand: the file that was meant
		}
		return s.Content, nil
	}
	if s, ok := strings.CutSuffix(name, ".crl.pem"); ok {
		return owned[s] + ".crl.pem", nil
	}
	ext := path.Ext(name)
	of, ok := owned[strings.TrimSuffix(name, ext)]
	form, known := forms[strings.ToLower(ext)]
	if name == "cert.pem" {
		return "server.pem", nil
	}
	if !ok || !known {
		return "", fmt.Errorf("%w: which file %s is, only a person knows", ErrWords, name)
	}
	return of + form, nil
}

// write keeps the output of a command.
func (w *World) write(name, expression string) { w.files[strings.TrimPrefix(name, "./")] = expression }

// certificateIn is the certificate of what a file holds, in the format.
func certificateIn(expression, format string) (string, error) {
	for part := range strings.SplitSeq(expression, "+") {
		for _, end := range []string{"-key.pem", "-key.der", "-encrypted.pem", ".crl.pem", ".crl", ".csr"} {
			if strings.HasSuffix(part, end) {
				part = ""
			}
		}
		of := strings.TrimSuffix(part, "-locked.pfx")
		for _, end := range []string{".der", ".pem", ".pfx", ".p7b"} {
			of = strings.TrimSuffix(of, end)
		}
		if part != "" && of != "trailing" && of != part {
			return of + "." + format, nil
		}
	}
	return "", fmt.Errorf("%s holds no certificate", expression)
}
