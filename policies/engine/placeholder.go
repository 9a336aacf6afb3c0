package engine

import "regexp"

var placeholder = regexp.MustCompile(`\{([a-z_0-9]+)\}`)

// Fill puts values into a wording; ok is false, and the placeholder named, when
// one has no value.
func Fill(text string, value func(name string) (string, bool)) (filled, missing string) {
	filled = placeholder.ReplaceAllStringFunc(text, func(m string) string {
		v, ok := value(m[1 : len(m)-1])
		if !ok && missing == "" {
			missing = m
		}
		return v
	})
	return filled, missing
}

// Placeholders lists the names that words may hold beside a rule's own args, by
// what the result must name: "" for nothing, "entry", "certificate" or "crl".
func Placeholders() map[string][]string {
	return map[string][]string{
		"": {"kind", "namespace", "object", "objects_message", "provider", "role", "spc", "store", "store_namespace", "vault"},
		"entry": {"alias", "content_type", "encoding", "entry", "ext", "file_encoding", "history", "key", "output", "problem",
			"problem_message", "ref", "secret", "source", "stem", "suggestion", "trouble_message", "type", "upload_type",
			"vault", "version", "what"},
		"certificate": {"issuer", "key_algorithm", "key_bits", "not_after", "not_before", "signature_hash", "subject", "thumbprint"},
		"crl":         {"ca", "crl_issuer", "next_update", "this_update"},
	}
}
