// Package console is a local web console over the stores of a cluster: what they hold,
// what ends when, what is wrong and how to put it right; adding and removing with a plan
// first. It serves one person on loopback, with that person's rights, and has none of its
// own. Pages are rendered on the server and work without script; htmx makes searching and
// progress live.
//
// What listens on loopback can be reached by every page that the person's browser shows,
// and by every process of the machine. So whoever has no session sees nothing: a link that
// works once is exchanged for a cookie; a foreign name or origin is turned away before
// that; and every form carries a word that only pages of the same session know. No page
// ever holds a secret value: what is uploaded stays in redacting types on the server.
package console

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/storewarden/storewarden/sync/hand"
)

// Stores is what the console shows and changes: *hand.Hand.
type Stores interface {
	Stores(ctx context.Context) ([]hand.Store, error)
	Candidates(ctx context.Context, namespace, nameOrRole string) ([]hand.Candidate, error)
	PlanAdd(ctx context.Context, req hand.AddRequest) (*hand.Plan, error)
	PlanRemove(ctx context.Context, req hand.RemoveRequest) (*hand.Plan, error)
	Apply(ctx context.Context, p *hand.Plan, told func(hand.Progress)) error
}

// Options are what New needs; Cluster, Server and Version may be empty, all else is required.
type Options struct {
	Stores Stores
	// Cluster names the cluster that the person is about to change, as they call it, and
	// Server is its address.
	Cluster, Server string
	Version         string
	// Soon is how long before its end something counts as ending soon.
	Soon time.Duration
	// Log gets what went wrong with the console itself, and no word of what it shows.
	Log *slog.Logger
	Now func() time.Time
}

// Console serves the pages. It is safe for concurrent use.
type Console struct {
	opt      Options
	pages    map[string]*template.Template
	assets   map[string]asset
	sessions sessions
	seen     seen
	// applying are the plans that are being applied: they outlive the request.
	applying sync.WaitGroup
}

// The limits of a server for one person. A page may have to read a whole vault before its
// first byte, so an answer gets minutes; a request does not.
const (
	headerTime  = 5 * time.Second
	requestTime = time.Minute
	answerTime  = 4 * time.Minute
	idleTime    = 2 * time.Minute
	stopTime    = 10 * time.Second
	headerBytes = 64 << 10
)

// New prepares the pages; it makes no call.
func New(opt Options) (*Console, error) {
	if opt.Stores == nil || opt.Log == nil || opt.Now == nil {
		return nil, errors.New("console: Stores, Log and Now are required")
	}
	c := &Console{opt: opt}
	c.sessions.now, c.seen.now = opt.Now, opt.Now
	var err error
	if c.assets, err = readAssets(); err != nil {
		return nil, err
	}
	c.pages, err = parsePages()
	return c, err
}

// Link makes an address that opens the console at a base such as http://127.0.0.1:8321,
// once.
func (c *Console) Link(base string) string { return base + "/open?token=" + c.sessions.link() }

// Serve answers on l, which must be a port of loopback, until the context ends. A step
// that is being applied then is ended; what it leaves can be planned again.
func (c *Console) Serve(ctx context.Context, l net.Listener) error {
	at, ok := l.Addr().(*net.TCPAddr)
	if !ok || !at.IP.IsLoopback() {
		return fmt.Errorf("console: %s is not a port of loopback: only this machine may reach it", l.Addr())
	}
	server := &http.Server{
		Handler:           c.Handler(ctx, at.Port),
		ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: headerBytes,
		ErrorLog:       slog.NewLogLogger(c.opt.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := server.Shutdown(stopping)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	c.applying.Wait() // their context has ended too
	return err
}

// Handler answers requests to a port of loopback. What is applied ends with the context.
func (c *Console) Handler(ctx context.Context, port int) http.Handler {
	mux := http.NewServeMux()
	page := func(pattern string, h handler) { mux.Handle(pattern, c.withSession(h)) }
	page("GET /{$}", c.showStores)
	page("GET /store", c.showStore)
	page("GET /entry", c.showEntry)
	page("GET /expiry", c.showExpiry)
	page("GET /findings", c.showFindings)
	page("GET /chains", c.showChains)
	page("POST /refresh", c.refresh)
	page("GET /add", c.showAdd)
	page("POST /add", c.planUpload)
	page("GET /vault", c.showVault)
	page("POST /vault", c.planVault)
	page("GET /remove", c.showRemove)
	page("POST /remove", c.planRemove)
	page("GET /plan/{plan}", c.showPlan)
	page("GET /plan/{plan}/progress", c.showProgress)
	page("POST /plan/{plan}/again", c.planAgain)
	page("POST /plan/{plan}/apply", func(w http.ResponseWriter, r *http.Request, s *session) error { return c.apply(ctx, w, r, s) })
	page("/", func(http.ResponseWriter, *http.Request, *session) error {
		return &trouble{http.StatusNotFound, "There is no such page.", "Go to Stores and find your way from there."}
	})
	mux.HandleFunc("GET /open", c.open)
	mux.HandleFunc("GET /assets/{name}", c.asset)
	return c.guard(mux, port)
}
