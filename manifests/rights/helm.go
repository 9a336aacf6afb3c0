package rights

import "strings"

// Helm are the roles of a part, and their bindings to its account, as a template of the
// chart: those of guarded namespaces stand once for each of .Values.namespaces, and the
// stores that they name are also those of .Values.config.stores.
func (p Part) Helm() string {
	var b strings.Builder
	for _, scope := range []Scope{Cluster, Stores, Own} {
		namespace, further, begin, end := scope.namespace(), "", "", ""
		if scope == Stores {
			// Inside of range the dot is the namespace.
			namespace, further = "{{ . }}", `{{ include "storewarden.storesBeside" (list $ .) }}`
			begin, end = "{{- range .Values.namespaces }}\n", "{{- end }}\n"
		}
		if roles := p.roles(scope, namespace, further); len(roles) > 0 {
			b.WriteString(begin + "---\n" + strings.Join(roles, "---\n") + end)
		}
	}
	return b.String()
}
