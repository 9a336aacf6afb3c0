package engine_test

import (
	"strings"
	"testing"

	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
)

// A body is asked where the document may have a result for it, and its result is
// then the same as that of the rule as it was written. Every form of condition
// that is read before the rules are asked stands here with a document that meets
// it and one that misses it by that condition alone.
func TestBodiesAreAskedWhenNeeded(t *testing.T) {
	t.Parallel()
	certificate := func(c input.Certificate) *input.Document {
		return &input.Document{Now: 100, Subject: input.Subject{Kind: "Secret"}, Operation: "audit", Certificates: []input.Certificate{{Role: "other"}, c}}
	}
	for body, docs := range map[string]struct{ meets, misses *input.Document }{
		`some c in input.certificates; c.ca`:                                     {certificate(input.Certificate{CA: true}), certificate(input.Certificate{})},
		`some c in input.certificates; c.role != "other"; not c.ca`:              {certificate(input.Certificate{}), certificate(input.Certificate{CA: true})},
		`some _, c in input.certificates; c.ca`:                                  {certificate(input.Certificate{CA: true}), certificate(input.Certificate{})},
		`some c in input.certificates; c.role == "x"`:                            {certificate(input.Certificate{Role: "x"}), certificate(input.Certificate{Role: "y"})},
		`some c in input.certificates; "x" == c.role`:                            {certificate(input.Certificate{Role: "x"}), certificate(input.Certificate{Role: "y"})},
		`some c in input.certificates; lower(c.role) == "x"`:                     {certificate(input.Certificate{Role: "X"}), certificate(input.Certificate{Role: "y"})},
		`some c in input.certificates; c.role in {"x", "z"}`:                     {certificate(input.Certificate{Role: "z"}), certificate(input.Certificate{Role: "y"})},
		`some c in input.certificates; c.role in letters`:                        {certificate(input.Certificate{Role: "z"}), certificate(input.Certificate{Role: "y"})},
		`some c in input.certificates; not c.role in {"other", "x"}`:             {certificate(input.Certificate{Role: "y"}), certificate(input.Certificate{Role: "x"})},
		`some c in input.certificates; c.key_bits in {3, 5}`:                     {certificate(input.Certificate{KeyBits: 5}), certificate(input.Certificate{KeyBits: 4})},
		`some c in input.certificates; c.key_bits > 2`:                           {certificate(input.Certificate{KeyBits: 3}), certificate(input.Certificate{KeyBits: 2})},
		`some c in input.certificates; c.key_bits > two`:                         {certificate(input.Certificate{KeyBits: 3}), certificate(input.Certificate{KeyBits: 2})},
		`some c in input.certificates; c.not_after > input.now`:                  {certificate(input.Certificate{NotAfter: 101}), certificate(input.Certificate{NotAfter: 100})},
		`some c in input.certificates; c.not_after >= input.now`:                 {certificate(input.Certificate{NotAfter: 100}), certificate(input.Certificate{NotAfter: 99})},
		`some c in input.certificates; c.not_after > 0; c.not_after < input.now`: {certificate(input.Certificate{NotAfter: 99}), certificate(input.Certificate{NotAfter: 100})},
		`some c in input.certificates; c.key_bits > 0; c.key_bits <= data.config.minimum_certificate_key_size`: {
			certificate(input.Certificate{KeyBits: 2048}), certificate(input.Certificate{KeyBits: 2049})},
		`some c in input.certificates; count(c.uris) > 0`:                  {certificate(input.Certificate{URIs: []string{"u"}}), certificate(input.Certificate{})},
		`some c in input.certificates; count(c.uris) == 2`:                 {certificate(input.Certificate{URIs: []string{"u", "v"}}), certificate(input.Certificate{URIs: []string{"u"}})},
		`some c in input.certificates; c.uris[0] != ""`:                    {certificate(input.Certificate{URIs: []string{"u"}}), certificate(input.Certificate{})},
		`some c in input.certificates; some u in c.uris; u != "w"`:         {certificate(input.Certificate{URIs: []string{"u"}}), certificate(input.Certificate{})},
		`some c in input.certificates; "u" in c.uris`:                      {certificate(input.Certificate{URIs: []string{"u"}}), certificate(input.Certificate{URIs: []string{"v"}})},
		`some c in input.certificates; c.key_bits == 9; not "u" in c.uris`: {certificate(input.Certificate{KeyBits: 9}), certificate(input.Certificate{KeyBits: 9, URIs: []string{"u"}})},
		`some c in input.certificates; contains(c.subject, "Quickstart")`:  {certificate(input.Certificate{Subject: "a Quickstart CA"}), certificate(input.Certificate{Subject: "a CA"})},
		`some c in helper; c.role == "x"`:                                  {certificate(input.Certificate{CA: true, Role: "x"}), certificate(input.Certificate{Role: "x"})},
		`yes`:                                                              {certificate(input.Certificate{KeyBits: 7}), certificate(input.Certificate{})},
		`input.secret.managed`: {&input.Document{Operation: "audit", Subject: input.Subject{Kind: "Secret"}, Secret: input.Secret{Managed: true}},
			&input.Document{Operation: "audit", Subject: input.Subject{Kind: "Secret"}}},
		`input.operation == "audit"`: {&input.Document{Operation: "audit", Subject: input.Subject{Kind: "Secret"}},
			&input.Document{Operation: "create", Subject: input.Subject{Kind: "Secret"}}},
		`some e in input.entries; e.content.kind == "crl"`: {
			&input.Document{Operation: "audit", Subject: input.Subject{Kind: "Secret"}, Entries: []input.Entry{{Content: input.Content{Kind: "crl"}}}},
			&input.Document{Operation: "audit", Subject: input.Subject{Kind: "Secret"}, Entries: []input.Entry{{}}}},
		// What demands nothing that can be told is always asked.
		`some c in input.certificates; c.role != "other"; {u | some u in c.uris} == set()`: {
			certificate(input.Certificate{}), certificate(input.Certificate{URIs: []string{"u"}})},
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			rule := header + `finding contains {"code": "T-01"} if { ` + body + ` }
letters := {"x", "z"}
two := 2
helper contains c if { some c in input.certificates; c.ca }
yes if { some c in input.certificates; c.key_bits == 7 }
`
			e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, with(t, rule)...)
			if err != nil {
				t.Fatal(err)
			}
			for want, doc := range map[int]*input.Document{1: docs.meets, 0: docs.misses} {
				found, err := e.Evaluate(t.Context(), doc)
				if err != nil {
					t.Fatal(err)
				}
				original, err := e.Reference(t.Context(), doc)
				if err != nil {
					t.Fatal(err)
				}
				asked := engine.Asked(e, doc)
				if len(found) != want || len(original) != want || asked != (want == 1 || strings.Contains(body, "set()")) {
					t.Errorf("%d results, %d of the original, not %d; it was asked: %v", len(found), len(original), want, asked)
				}
			}
		})
	}
}
