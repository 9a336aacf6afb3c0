package main

import (
	"io"
	"log/slog"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// logTo makes the log of a server: JSON, one line an event, with the keys of
// manifests/observability/LOGS.md. What libraries say goes there too, marked as such and
// with their own keys under "library", so that no line on the stream is of another form.
func logTo(w io.Writer) *slog.Logger {
	handler := slog.NewJSONHandler(w, nil)
	log := slog.New(handler)
	marked := handler.WithAttrs([]slog.Attr{slog.String("from", "library")})
	theirs := logr.FromSlogHandler(marked.WithGroup("library"))
	klog.SetLogger(theirs)
	ctrllog.SetLogger(theirs)
	slog.SetDefault(slog.New(marked)) // and with it package log's, which net/http writes to
	return log
}

// warned logs what the API server warns of, such as what the webhook says of our own
// writes; client-go would print it.
type warned struct{ Log *slog.Logger }

// HandleWarningHeader implements rest.WarningHandler.
func (w warned) HandleWarningHeader(_ int, _, text string) {
	w.Log.Warn("the API server warns", "warning", text)
}
