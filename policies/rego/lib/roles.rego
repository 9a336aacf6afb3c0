# METADATA
# description: Which stores are alike, and what the words for them are.
package storewarden.lib.roles

# lists hold the certificates of others; a private key never belongs there.
lists := {"opcua-trust", "opcua-issuer", "tls-trust"}

# opcua lists are read file by file, and take one certificate a file.
opcua_lists := {"opcua-trust", "opcua-issuer"}

opcua := {"opcua-trust", "opcua-issuer", "opcua-client"}

# stores are those whose contents are certificates, CRLs and keys in one form.
stores := lists | opcua
