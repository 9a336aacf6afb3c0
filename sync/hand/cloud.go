package hand

import (
	"fmt"
	"strings"

	"github.com/storewarden/storewarden/certs/store"
)

// cloud warns where Azure keeps an object that the plan changes, and will write it anew;
// the az CLI does the same there, by the verb and its further flags.
func (p *Plan) cloud(s *seen, how, verb, flags string, changed ...*store.Object) {
	for _, o := range changed {
		if o == nil || !o.Projected {
			continue
		}
		remedy := fmt.Sprintf("Do it there: az iot ops secretsync secret %s --help", map[string]string{"add": "set", "remove": "remove"}[verb])
		if word, ok := strings.CutPrefix(string(s.role), "opcua-"); ok {
			remedy = fmt.Sprintf("Do it there: az iot ops connector opcua %s %s --instance INSTANCE --resource-group GROUP %s", word, verb, flags)
		}
		p.warn("SPC-41", o.ID.String(), "Azure keeps this object, and will write it anew "+how, remedy)
	}
}

// settings tells that the connector looks for a certificate of its own only where its
// settings, which Azure keeps, name it; the az CLI sets them as its last step.
func (p *Plan) settings(s *seen) {
	for _, it := range p.Items {
		if s.role != store.RoleClient || len(it.Card.Certificates) == 0 {
			continue
		}
		x := it.Card.Certificates[0]
		config := "connectors.values.securityPki.applicationCert=" + s.name + " connectors.values.securityPki.subjectName=" + quoted(x.CommonName)
		if len(x.URIs) > 0 {
			config += " connectors.values.securityPki.applicationUri=" + quoted(x.URIs[0])
		}
		p.warn("CL-06", it.Key, "the connector uses this certificate only when its settings in Azure name it",
			"az k8s-extension update --resource-group GROUP --cluster-name CLUSTER --cluster-type connectedClusters --name EXTENSION --config "+config)
		return
	}
}

// quoted is a word of a shell, whatever a certificate says.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
