package keyvault

import (
	"net/http"
	"strings"
)

// call is a request taken apart.
type call struct {
	op      Operation
	name    string // of the secret, as asked
	version string
}

// parseCall recognises the operation; op is "" where Key Vault has none. A
// trailing slash is no segment: the SDK asks for /secrets/name/ when it wants
// the latest version, and an empty name turns a get into a list, as in Azure.
func parseCall(method, path string) call {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	c := call{}
	if len(segments) > 1 {
		c.name = segments[1]
	}
	if len(segments) > 2 {
		c.version = segments[2]
	}
	switch segments[0] {
	case "secrets":
		c.op = secretsOperation(method, len(segments), c.version)
	case "deletedsecrets":
		c.op = deletedOperation(method, len(segments), c.version)
	}
	if c.op == ListVersions || c.op == RecoverSecret {
		c.version = ""
	}
	return c
}

func secretsOperation(method string, segments int, last string) Operation {
	switch {
	case segments > 3:
		return ""
	case method == http.MethodGet && segments == 1:
		return ListSecrets
	case method == http.MethodGet && segments == 3 && last == "versions":
		return ListVersions
	case method == http.MethodGet:
		return GetSecret
	case method == http.MethodPut && segments == 2:
		return SetSecret
	case method == http.MethodPatch && segments >= 2:
		return UpdateSecret
	case method == http.MethodDelete && segments == 2:
		return DeleteSecret
	}
	return ""
}

func deletedOperation(method string, segments int, last string) Operation {
	switch {
	case method == http.MethodGet && segments == 1:
		return ListDeletedSecrets
	case method == http.MethodGet && segments == 2:
		return GetDeletedSecret
	case method == http.MethodDelete && segments == 2:
		return PurgeSecret
	case method == http.MethodPost && segments == 3 && last == "recover":
		return RecoverSecret
	}
	return ""
}
