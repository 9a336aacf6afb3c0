package main

import (
	"io"
	"log/slog"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// logTo makes the log of a server: JSON, one line an event, with the keys of
// manifests/observability/LOGS.md. What libraries say goes there too, their own keys
// under "library", so that no line on the stream is of another form.
func logTo(w io.Writer) *slog.Logger {
	handler := slog.NewJSONHandler(w, nil)
	log := slog.New(handler)
	theirs := logr.FromSlogHandler(handler.WithGroup("library"))
	klog.SetLogger(theirs)
	ctrllog.SetLogger(theirs)
	slog.SetDefault(log) // and with it package log's, which net/http writes to
	return log
}
