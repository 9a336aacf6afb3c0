# METADATA
# description: Which names Key Vault and Kubernetes take.
package storewarden.lib.names

# legal_path is what the SecretSync CRD takes for a sourcePath or a targetKey.
legal_path(s) if {
	count(s) <= 253
	regex.match(`^[A-Za-z0-9.]([-A-Za-z0-9]+([-._a-zA-Z0-9]?[A-Za-z0-9])*)?(/([0-9]+))*$`, s)
}

# part_of is the object of which a sourcePath names the certificate or the key, a
# form that some versions of the secret store extension know.
part_of(s) := regex.find_all_string_submatch_n(`^([^/]+)/tls[.](?:crt|key)$`, s, 1)[0][1]

legal_secret(s) if regex.match(`^[0-9a-zA-Z-]{1,127}$`, s)

# as_secret is the name that the az CLI would give the vault secret of a file.
as_secret(s) := trim(regex.replace(s, `[^0-9A-Za-z]+`, "-"), "-")

# as_key is what becomes of a file name without the characters that are refused.
as_key(s) := trim(regex.replace(regex.replace(s, `[^0-9A-Za-z.]+`, "-"), `-*[.][-.]*`, "."), "-.")
