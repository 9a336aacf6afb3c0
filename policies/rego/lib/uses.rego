# METADATA
# description: What Devices and ConnectorTemplates take from Secrets.
package storewarden.lib.uses

# key is the key that a reference names, else the one that is usual for its use.
key(r) := r.key if r.key != ""

key(r) := usual[r.use] if r.key == ""

usual := {
	"trust list": "ca.crt",
	"certificate": "certificate",
	"private key": "privateKey",
	"intermediate certificates": "intermediateCerts",
	"user name": "username",
	"password": "password",
	"secret": "KEY",
}

# cameras are the endpoints of the connectors for ONVIF and for media.
cameras := {"Microsoft.Onvif", "Microsoft.Media"}
