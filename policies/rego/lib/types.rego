# METADATA
# description: Which types of Secret a sync controller writes.
package storewarden.lib.types

# writable are those that the sync controller's own policy lets it write; none is
# Opaque.
writable := {
	"", "Opaque", "kubernetes.io/basic-auth", "bootstrap.kubernetes.io/token", "kubernetes.io/dockerconfigjson",
	"kubernetes.io/dockercfg", "kubernetes.io/ssh-auth", "kubernetes.io/tls",
}

tls := "kubernetes.io/tls"
