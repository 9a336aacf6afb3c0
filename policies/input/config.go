package input

// Config is data.config: what an operator may set and a rule may read.
type Config struct {
	// ExpiryWarningDays is how long before its end a certificate is warned of.
	ExpiryWarningDays int `json:"expiry_warning_days"`
	// The next six mirror the settings of the connector for OPC UA.
	MinimumCertificateKeySize     int  `json:"minimum_certificate_key_size"`
	RejectSHA1SignedCertificates  bool `json:"reject_sha1_signed_certificates"`
	RejectUnknownRevocationStatus bool `json:"reject_unknown_revocation_status"`
	// SendCertificateChain is whether the connector sends its issuers with its own
	// certificate. SubjectName and ApplicationURI are what it says of itself, ""
	// where that is not known: az iot ops connector opcua client add sets both.
	SendCertificateChain bool   `json:"send_certificate_chain"`
	SubjectName          string `json:"subject_name"`
	ApplicationURI       string `json:"application_uri"`
	// External lists the peers that live where Storewarden does not look, each as
	// Kind/name with * as a wildcard.
	External []string `json:"external"`
}

// DefaultConfig holds the connector's defaults and ours.
func DefaultConfig() Config {
	return Config{
		ExpiryWarningDays:            30,
		MinimumCertificateKeySize:    2048,
		RejectSHA1SignedCertificates: true,
		SendCertificateChain:         true,
		External:                     []string{"ServiceAccount/*", "SecretProviderClass/spc-ops-*"},
	}
}

// ConfigSchema is the JSON schema of data.config.
func ConfigSchema() map[string]any {
	s := schemaFor[Config]()
	s["title"] = "The settings that a Storewarden rule may read"
	return s
}
