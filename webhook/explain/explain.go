// Package explain answers what the judge says of a live object now, for a person who
// wants to know why: /debug/verdict?kind=Secret&namespace=N&name=N. It tells nobody more
// than the API server would: a caller needs a token that the API server knows, the right
// to get /debug/verdict, and the right to get the object. It must be served over TLS,
// since the token is the caller's own.
package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/kubernetes"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Path is where it is served, and the name of the right.
const Path = "/debug/verdict"

// Judge is who judges.
type Judge interface {
	Review(ctx context.Context, req review.Request) (verdict.Verdict, error)
}

// Handler explains. All of its fields are required.
type Handler struct {
	// Client asks the API server who a caller is and what they may.
	Client    kubernetes.Interface
	Judge     Judge
	Inventory store.Inventory
	// Live reads the object now, Peers what it is judged with.
	Live, Peers review.Peers
	Now         func() time.Time
	Log         *slog.Logger
}

// deadline is of one answer: a judgement may wait for a vault.
const deadline = 10 * time.Second

// right is a resource as RBAC names it.
type right struct{ group, resource string }

// rights are what a caller must be allowed to get for a kind. A ConnectorTemplate may be
// of either of two groups, and the right to both is wanted: to ask first which one it is
// would tell whether it exists.
func rights(kind string) []right {
	switch kind {
	case store.KindSecret:
		return []right{{"", "secrets"}}
	case store.KindSecretSync:
		return []right{{"secret-sync.x-k8s.io", "secretsyncs"}}
	case store.KindSecretProviderClass:
		return []right{{"secrets-store.csi.x-k8s.io", "secretproviderclasses"}}
	case store.KindConnectorStore:
		return []right{{"storewarden.io", "connectorstores"}}
	case store.KindDevice:
		return []right{{"namespaces.deviceregistry.microsoft.com", "devices"}}
	case store.KindConnectorTemplate:
		return []right{{"iotoperations.azure.com", "connectortemplates"}, {"akri.microsoft.com", "connectortemplates"}}
	}
	return nil
}

// Answer is what is told.
type Answer struct {
	verdict.Verdict
	// Held are the entries that the webhook keeps back.
	Held []string `json:"held"`
	// VaultAge is how old the oldest of the vault's answers is, in seconds; absent where
	// the verdict rests on none.
	VaultAge float64   `json:"vaultAgeSeconds,omitempty"`
	Now      time.Time `json:"now"`
}

// refusal is an answer that is none.
type refusal struct {
	code int
	say  string
}

func (r refusal) Error() string { return r.say }

// ServeHTTP answers 401 to a caller whom the API server does not know, 403 to one who may
// not, and only then looks for the object.
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), deadline)
	defer cancel()
	answer, err := h.answer(ctx, r)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	var no refusal
	switch {
	case errors.As(err, &no):
		if no.code == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		http.Error(w, no.say, no.code)
		return
	case err != nil:
		h.Log.Error("a verdict could not be explained", "error", err)
		http.Error(w, "no answer could be got now; see Storewarden's log", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	_ = out.Encode(answer) // who does not take it has gone
}

func (h Handler) answer(ctx context.Context, r *http.Request) (Answer, error) {
	if r.TLS == nil {
		return Answer{}, refusal{http.StatusForbidden, "this is answered over TLS only: a token must not be sent in the clear"}
	}
	who, err := h.caller(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	if r.Method != http.MethodGet {
		return Answer{}, refusal{http.StatusMethodNotAllowed, "only GET is answered"}
	}
	may := authorizationv1.SubjectAccessReviewSpec{NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: Path, Verb: "get"}}
	if err := h.allowed(ctx, who, may, "get "+Path); err != nil {
		return Answer{}, err
	}
	q := r.URL.Query()
	kind, namespace, name := q.Get("kind"), q.Get("namespace"), q.Get("name")
	if len(rights(kind)) == 0 || len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0 {
		return Answer{}, refusal{http.StatusBadRequest, "kind, namespace and name of a Secret, SecretSync, SecretProviderClass, ConnectorStore, Device or ConnectorTemplate are needed"}
	}
	for _, right := range rights(kind) {
		may := authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "get",
			Group: right.group, Resource: right.resource, Namespace: namespace, Name: name}}
		if err := h.allowed(ctx, who, may, fmt.Sprintf("get %s %s/%s", right.resource, namespace, name)); err != nil {
			return Answer{}, err
		}
	}
	return h.explain(ctx, kind, namespace, name)
}

// caller asks the API server whose the token is.
func (h Handler) caller(ctx context.Context, r *http.Request) (authenticationv1.UserInfo, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return authenticationv1.UserInfo{}, refusal{http.StatusUnauthorized, "a bearer token is needed: kubectl create token ACCOUNT"}
	}
	review, err := h.Client.AuthenticationV1().TokenReviews().Create(ctx,
		&authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}, metav1.CreateOptions{})
	switch {
	case err != nil:
		return authenticationv1.UserInfo{}, errors.New("ask the API server whose a token is: it did not answer, or does not let Storewarden create tokenreviews") // the error may quote the token
	case !review.Status.Authenticated:
		return authenticationv1.UserInfo{}, refusal{http.StatusUnauthorized, "the API server does not know the token"}
	}
	return review.Status.User, nil
}

// allowed asks the API server whether a caller may.
func (h Handler) allowed(ctx context.Context, who authenticationv1.UserInfo, may authorizationv1.SubjectAccessReviewSpec, what string) error {
	may.User, may.UID, may.Groups = who.Username, who.UID, who.Groups
	may.Extra = map[string]authorizationv1.ExtraValue{}
	for key, value := range who.Extra {
		may.Extra[key] = authorizationv1.ExtraValue(value)
	}
	review, err := h.Client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: may}, metav1.CreateOptions{})
	switch {
	case err != nil:
		return fmt.Errorf("ask the API server what a caller may: %w", err)
	case !review.Status.Allowed:
		return refusal{http.StatusForbidden, "you may not " + what}
	}
	return nil
}

func (h Handler) explain(ctx context.Context, kind, namespace, name string) (Answer, error) {
	o, err := h.Live.Get(ctx, kind, namespace, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Answer{}, refusal{http.StatusNotFound, fmt.Sprintf("there is no %s %s/%s", kind, namespace, name)}
	case err != nil:
		return Answer{}, fmt.Errorf("read %s %s/%s: %w", kind, namespace, name, err)
	case !h.Inventory.Guarded(o):
		return Answer{}, refusal{http.StatusNotFound, fmt.Sprintf("%s %s/%s is not guarded: it is no store, or in no namespace of the configuration", kind, namespace, name)}
	}
	now := h.Now()
	v, err := h.Judge.Review(ctx, review.Request{Operation: review.Audit, Subject: o, Peers: h.Peers, Now: now})
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Verdict: v, Held: append([]string{}, o.Held...), Now: now.UTC()}
	if !v.VaultSeen.IsZero() {
		a.VaultAge = now.Sub(v.VaultSeen).Seconds()
	}
	return a, nil
}
