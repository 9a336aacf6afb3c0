package console

import (
	"context"
	"errors"
	"net/http"
)

// trouble is an error with a page of its own: what is so, and what to do.
type trouble struct {
	status int
	Text   string
	Next   string
}

func (t *trouble) Error() string { return t.Text }

// fail shows an error. A part of a page that htmx asked for is replaced by the whole page,
// which then says it in full.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, s *session, err error) {
	var t *trouble
	switch {
	case errors.As(err, &t):
	case errors.Is(err, context.DeadlineExceeded):
		t = &trouble{http.StatusGatewayTimeout, "The cluster or the vault did not answer in time.", "Try it again. Nothing was written."}
	case errors.Is(err, context.Canceled):
		t = &trouble{http.StatusServiceUnavailable, "The request was given up.", "Load the page anew."}
	default:
		t = &trouble{http.StatusBadGateway, err.Error(), "Nothing was written. When the cause is removed, load the page anew."}
	}
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Refresh", "true")
	}
	w.Header().Del("Refresh")
	c.renderStatus(w, r, s, t.status, "trouble", view{Title: "Trouble", Body: t})
}

func badRequest(text, next string) error { return &trouble{http.StatusBadRequest, text, next} }
