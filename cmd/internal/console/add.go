package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/sync/hand"
)

// The limits of an upload: a store Secret may hold 1 MiB in all, so a file that is larger
// than four can be no certificate, and a form has few fields beside its files.
const (
	maxUpload = 4 << 20
	maxFields = 64 << 10
	// drained is how much of an upload that is too large is read on, so that the
	// browser sees the answer and not a broken connection.
	drained = 64 << 20
)

// readForm reads a form of either kind into memory: a file on a disk would outlive us.
func readForm(w http.ResponseWriter, r *http.Request) error {
	body := r.Body
	r.Body = http.MaxBytesReader(w, body, maxUpload+maxFields)
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(maxUpload + maxFields)
	} else {
		err = r.ParseForm()
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		_, _ = io.CopyN(io.Discard, body, drained)
		return &trouble{http.StatusRequestEntityTooLarge, fmt.Sprintf("These files are larger than %d MiB together.", maxUpload>>20),
			"A certificate is a few KiB. Choose the certificate itself (.der, .cer, .crt, .pem or .crl), and not an archive."}
	case err != nil:
		return badRequest("The form cannot be read.", "Load the page anew and send it again.")
	}
	return nil
}

// addPage is the body of the pages that add.
type addPage struct {
	Stores     []hand.Store
	At         string
	Candidates []hand.Candidate
	Role       store.Role
	Vault      string
}

// KindOf is what a candidate is, in a few words.
func (addPage) KindOf(c hand.Candidate) string {
	if c.Card.Format == "" || c.Card.Format == certs.FormatNone {
		return string(c.Card.Kind)
	}
	return string(c.Card.Kind) + ", " + string(c.Card.Format)
}

func (c *Console) showAdd(w http.ResponseWriter, r *http.Request, s *session) error {
	all, seen, err := c.seen.read(r.Context(), c.opt.Stores)
	if err != nil {
		return err
	}
	c.render(w, r, s, "add", view{Title: "Add certificates", Nav: "/add", Seen: seen, Body: addPage{Stores: all, At: r.URL.Query().Get("at")}})
	return nil
}

func (c *Console) planUpload(w http.ResponseWriter, r *http.Request, s *session) error {
	st, _, err := c.storeAt(r.Context(), r.PostForm.Get("at"))
	if err != nil {
		return err
	}
	req := hand.AddRequest{Namespace: st.Namespace, Store: st.Name, ProviderClass: strings.TrimSpace(r.PostForm.Get("class")), Overwrite: r.PostForm.Get("overwrite") != ""}
	if r.MultipartForm != nil {
		for _, h := range r.MultipartForm.File["file"] {
			if h.Filename == "" {
				continue
			}
			f, err := h.Open()
			if err != nil {
				return fmt.Errorf("read the upload: %w", err)
			}
			data, err := io.ReadAll(f)
			_ = f.Close()
			if err != nil {
				return fmt.Errorf("read the upload: %w", err)
			}
			req.Items = append(req.Items, hand.Item{File: path.Base(strings.ReplaceAll(h.Filename, `\`, "/")), Data: data})
		}
	}
	if len(req.Items) == 0 {
		return badRequest("No file was chosen.", "Go back and choose the certificate or CRL.")
	}
	if len(req.Items) == 1 {
		req.Items[0].Secret = strings.TrimSpace(r.PostForm.Get("secret"))
		req.Items[0].Key = strings.TrimSpace(r.PostForm.Get("key"))
	}
	return c.keepAddition(w, r, s, req)
}

func (c *Console) keepAddition(w http.ResponseWriter, r *http.Request, s *session, req hand.AddRequest) error {
	return c.keepPlan(w, r, s, func(ctx context.Context) (*hand.Plan, error) { return c.opt.Stores.PlanAdd(ctx, req) }, nil)
}

func (c *Console) showVault(w http.ResponseWriter, r *http.Request, s *session) error {
	all, seen, err := c.seen.read(r.Context(), c.opt.Stores)
	if err != nil {
		return err
	}
	body := addPage{Stores: all, At: r.URL.Query().Get("at")}
	if body.At != "" {
		st, _, err := c.storeAt(r.Context(), body.At)
		if err != nil {
			return err
		}
		body.Role, body.Vault = st.Role, st.Vault
		if body.Candidates, err = c.opt.Stores.Candidates(r.Context(), st.Namespace, st.Name); err != nil {
			return err
		}
	}
	c.render(w, r, s, "vault", view{Title: "Add from Key Vault", Nav: "/add", Seen: seen, Body: body})
	return nil
}

func (c *Console) planVault(w http.ResponseWriter, r *http.Request, s *session) error {
	st, _, err := c.storeAt(r.Context(), r.PostForm.Get("at"))
	if err != nil {
		return err
	}
	req := hand.AddRequest{Namespace: st.Namespace, Store: st.Name}
	for _, name := range r.PostForm["secret"] {
		req.Items = append(req.Items, hand.Item{Secret: name})
	}
	if len(req.Items) == 0 {
		return badRequest("No secret was chosen.", "Go back and choose the secrets to add.")
	}
	return c.keepAddition(w, r, s, req)
}

// removePage is the body of the page that removes.
type removePage struct {
	Store hand.Store
	Keys  []string // that are chosen
}

// Chosen tells whether a key is chosen.
func (p removePage) Chosen(key string) bool { return slices.Contains(p.Keys, key) }

func (c *Console) showRemove(w http.ResponseWriter, r *http.Request, s *session) error {
	st, seen, err := c.storeAt(r.Context(), r.URL.Query().Get("at"))
	if err != nil {
		return err
	}
	c.render(w, r, s, "remove", view{Title: "Remove from " + st.Name, Nav: "/", Seen: seen, Body: removePage{Store: st, Keys: r.URL.Query()["key"]}})
	return nil
}

func (c *Console) planRemove(w http.ResponseWriter, r *http.Request, s *session) error {
	st, _, err := c.storeAt(r.Context(), r.PostForm.Get("at"))
	if err != nil {
		return err
	}
	req := hand.RemoveRequest{Namespace: st.Namespace, Store: st.Name, Keys: r.PostForm["key"], Purge: r.PostForm.Get("purge") != ""}
	if len(req.Keys) == 0 {
		return badRequest("No key was chosen.", "Go back and choose what to remove.")
	}
	return c.keepRemoval(w, r, s, req)
}

func (c *Console) keepRemoval(w http.ResponseWriter, r *http.Request, s *session, req hand.RemoveRequest) error {
	return c.keepPlan(w, r, s, func(ctx context.Context) (*hand.Plan, error) { return c.opt.Stores.PlanRemove(ctx, req) }, &req)
}
