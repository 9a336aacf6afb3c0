package main

// argued are mutants that no test can kill, with the reason, by code, change and
// text. All are conditions that a later one implies; each stands where it does
// because it is cheap and mostly false.
var argued = map[string]string{
	`KV-09 removed neq(fit, e.vault.content_type)`:                                       "compared again once it is in lower case and without parameters",
	`KV-11 removed neq(e.vault.file_encoding, e.object.encoding)`:                        "compared again once both are folded",
	`KV-22 removed gt(e.content.size, harmless)`:                                         "what is over the limit in an encoding is over half of it",
	`SPC-18 removed equal(e.state, "malformed")`:                                         "a name that no vault takes makes an entry malformed",
	`SPC-25 removed equal(e.state, "malformed")`:                                         "an encoding that is unknown makes an entry malformed",
	`SPC-26 removed neq(e.object.type, "secret")`:                                        "neither cert nor key is secret",
	`SPC-27 removed neq(e.object.format, "")`:                                            "no format is not pfx",
	`KV-08 removed equal(e.state, "decoded")`:                                            "what suits is decoded",
	`KV-10 removed equal(e.state, "decoded")`:                                            "what suits is decoded",
	`SPC-29 removed neq(e.object.alias, "")`:                                             "no alias does not escape",
	`SPC-35 removed gt(count(on), 1)`:                                                    "the result reads on[1]",
	`SPC-39 removed gte(e.object.history, 2)`:                                            "an output that goes is offered by no entry but under another path",
	`SPC-39 removed equal(e.state, "malformed")`:                                         "a name that no vault takes makes an entry malformed",
	`SPC-42 removed gt(count(unused), 0)`:                                                "the result reads min(unused)",
	`SS-14 removed internal.member_2(input.store.role, {"opcua-issuer", "opcua-trust"})`: "the result reads the command of the role",
	`SS-14 removed equal(lower(e.ext), ".crl")`:                                          "every other entry is among others itself",
	`X-25 removed neq(c.key_curve, "")`:                                                  "no curve has no hash that belongs to it",
	`X-26 removed internal.member_2(c.key_algorithm, {"ECDSA", "RSA", "RSA-PSS"})`:       "no other algorithm has usages that are wanted",
	`X-02 removed gt(c.not_before, input.now)`:                                           "more than a day ahead is ahead",
}
