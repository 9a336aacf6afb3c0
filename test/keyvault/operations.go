package keyvault

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// Azure's limits.
const (
	maxValue       = 25600 // bytes of a value
	maxContentType = 255
	maxTags        = 15
	maxBody        = 1 << 20 // ours, to bound a read
)

var validName = regexp.MustCompile(`^[0-9a-zA-Z-]{1,127}$`)

// serve answers a call that passed authentication.
func (v *Vault) serve(w http.ResponseWriter, r *http.Request, c call) {
	if c.name != "" && !validName.MatchString(c.name) {
		badParameter("The request URI contains an invalid name: " + c.name).write(w)
		return
	}
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	switch c.op {
	case GetSecret:
		v.serveGet(w, c)
	case SetSecret:
		v.serveSet(w, r, c)
	case UpdateSecret:
		v.serveUpdate(w, r, c)
	case DeleteSecret:
		v.serveDelete(w, c)
	case GetDeletedSecret:
		v.serveGetDeleted(w, c)
	case RecoverSecret:
		v.serveRecover(w, c)
	case PurgeSecret:
		v.servePurge(w, c)
	case ListSecrets, ListVersions, ListDeletedSecrets:
		v.serveList(w, r, c)
	default:
		failure{status: http.StatusMethodNotAllowed, code: "MethodNotAllowed",
			message: fmt.Sprintf("The HTTP method %s is not allowed here", r.Method)}.write(w)
	}
}

// alive returns a secret that is not deleted, or nil.
func (v *Vault) alive(name string) *item {
	if it := v.items[strings.ToLower(name)]; it != nil && it.deleted.IsZero() {
		return it
	}
	return nil
}

// gone returns a soft-deleted secret, or nil.
func (v *Vault) gone(name string) *item {
	if it := v.items[strings.ToLower(name)]; it != nil && !it.deleted.IsZero() {
		return it
	}
	return nil
}

func (v *Vault) serveGet(w http.ResponseWriter, c call) {
	s := v.find(c.name, c.version)
	switch {
	case s == nil && c.version != "":
		notFound(c.name + "/" + c.version).write(w)
	case s == nil:
		notFound(c.name).write(w)
	case s.Disabled:
		disabled().write(w)
	default:
		writeJSON(w, http.StatusOK, v.bundle(v.alive(c.name), s, true))
	}
}

func (v *Vault) serveSet(w http.ResponseWriter, r *http.Request, c call) {
	if v.gone(c.name) != nil {
		recoverable(c.name).write(w)
		return
	}
	var p azsecrets.SetSecretParameters
	if !readJSON(w, r, &p) {
		return
	}
	if p.Value == nil {
		badParameter("The parameter value is required.").write(w)
		return
	}
	s := Secret{Value: *p.Value}
	if !s.apply(w, p.ContentType, p.SecretAttributes, p.Tags) {
		return
	}
	written := v.set(c.name, s)
	writeJSON(w, http.StatusOK, v.bundle(v.alive(c.name), written, true))
}

func (v *Vault) serveUpdate(w http.ResponseWriter, r *http.Request, c call) {
	s := v.find(c.name, c.version)
	if s == nil {
		notFound(c.name).write(w)
		return
	}
	var p azsecrets.UpdateSecretPropertiesParameters
	if !readJSON(w, r, &p) {
		return
	}
	if !s.apply(w, p.ContentType, p.SecretAttributes, p.Tags) {
		return
	}
	s.Updated = v.server.options.Now().UTC().Truncate(time.Second)
	writeJSON(w, http.StatusOK, v.bundle(v.alive(c.name), s, false))
}

// apply takes over what a client may write; it answers and reports false when
// a limit is broken.
func (s *Secret) apply(w http.ResponseWriter, contentType *string, a *azsecrets.SecretAttributes, tags map[string]*string) bool {
	switch {
	case len(s.Value) > maxValue:
		badParameter(fmt.Sprintf("The value specified exceeds the maximum length of %d.", maxValue)).write(w)
		return false
	case contentType != nil && len(*contentType) > maxContentType:
		badParameter(fmt.Sprintf("The content type specified exceeds the maximum length of %d.", maxContentType)).write(w)
		return false
	case len(tags) > maxTags:
		badParameter(fmt.Sprintf("Too many tags. The maximum is %d.", maxTags)).write(w)
		return false
	}
	if contentType != nil {
		s.ContentType = *contentType
	}
	if tags != nil {
		s.Tags = map[string]string{}
		for k, t := range tags {
			if t != nil {
				s.Tags[k] = *t
			}
		}
	}
	if a != nil {
		if a.Enabled != nil {
			s.Disabled = !*a.Enabled
		}
		if a.Expires != nil {
			s.Exp = a.Expires.UTC()
		}
		if a.NotBefore != nil {
			s.Nbf = a.NotBefore.UTC()
		}
	}
	return true
}

func (v *Vault) serveDelete(w http.ResponseWriter, c call) {
	it := v.alive(c.name)
	if it == nil {
		notFound(c.name).write(w)
		return
	}
	it.deleted = v.server.options.Now().UTC().Truncate(time.Second)
	writeJSON(w, http.StatusOK, v.deletedBundle(it))
}

func (v *Vault) serveGetDeleted(w http.ResponseWriter, c call) {
	it := v.gone(c.name)
	if it == nil {
		deletedNotFound(c.name).write(w)
		return
	}
	writeJSON(w, http.StatusOK, v.deletedBundle(it))
}

func (v *Vault) serveRecover(w http.ResponseWriter, c call) {
	it := v.gone(c.name)
	if it == nil {
		deletedNotFound(c.name).write(w)
		return
	}
	it.deleted = time.Time{}
	writeJSON(w, http.StatusOK, v.bundle(it, it.latest(), false))
}

func (v *Vault) servePurge(w http.ResponseWriter, c call) {
	if v.gone(c.name) == nil {
		deletedNotFound(c.name).write(w)
		return
	}
	delete(v.items, strings.ToLower(c.name))
	w.WriteHeader(http.StatusNoContent)
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		badParameter("The request body is not valid JSON.").write(w)
		return false
	}
	return true
}
