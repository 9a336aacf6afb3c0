// Package verdict is the answer that every door gets: findings that a person
// must act on, problems that kept a part of the world from being seen, and the
// next moment at which time alone would change the answer. A verdict does not
// know the door it goes through; Enforce turns it into what that door does. The
// package imports the standard library only.
package verdict

import (
	"cmp"
	"slices"
	"time"
)

// Severity is how much a finding matters under the profile in force.
type Severity string

// The closed list of severities, most severe first.
const (
	Deny Severity = "deny"
	Warn Severity = "warn"
	Info Severity = "info"
)

// Severities lists them, most severe first.
func Severities() []Severity { return []Severity{Deny, Warn, Info} }

// Rank orders severities: 0 is the most severe.
func (s Severity) Rank() int {
	if i := slices.Index(Severities(), s); i >= 0 {
		return i
	}
	return len(Severities())
}

// Basis is what a finding rests on beside the object it is about. What rests on
// the absence of another object must not depend on the order in which a person
// or a GitOps controller applies a folder (design decision 6).
type Basis string

// The closed list of bases.
const (
	OnObject     Basis = ""           // the object itself, the vault, or what is there
	OnPeer       Basis = "peer"       // a whole peer object is absent
	OnPeerEntry  Basis = "peer-entry" // a part of a peer that is there is absent
	OnReferences Basis = "references" // the change removes what a peer still refers to
	OnNeighbour  Basis = "neighbour"  // another entry, such as a CRL, speaks against this one
	OnHand       Basis = "hand"       // the same change is right when the controller that owns the object makes it
)

// Object names the judged object.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

// Finding is one thing that the user must act on. It never holds a value, a
// key or a decoded private byte.
type Finding struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// Message says what is wrong, Remedy what to do, both with values filled in.
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
	// Fix is the remedy where it is one certain line, zero elsewhere.
	Fix    Fix    `json:"fix,omitzero"`
	Object Object `json:"object"`
	// Field is the path of the offending field, data[server-0.der] for a key.
	Field string `json:"field"`
	// Entry is the objectName or target key that the finding is about, "" for
	// one about the object; it survives a change of order.
	Entry string `json:"entry,omitempty"`
	// VaultRef is vault/secret[/version], "" where no secret is involved.
	VaultRef string `json:"vaultRef"`
	// Fingerprint is the SHA-256 thumbprint of the certificate concerned.
	Fingerprint string `json:"fingerprint"`
	Docs        string `json:"docs"`
	Basis       Basis  `json:"basis,omitempty"`
}

// Fix is a line that a SecretProviderClass's object lacks, and that can only be this one.
type Fix struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// Problem is a part of the world that could not be seen. Each problem is also
// in the policy input, where a rule decides what it means.
type Problem struct {
	Reason   string `json:"reason"`
	Message  string `json:"message"`
	Object   Object `json:"object"`
	VaultRef string `json:"vaultRef"`
}

// Verdict is the judgement of one object.
type Verdict struct {
	Object Object `json:"object"`
	// Role is the store's role, "" where the object is not a known store.
	Role string `json:"role"`
	// Entries counts what was judged: objects of a SecretProviderClass,
	// mappings of a SecretSync, keys of a Secret.
	Entries  int       `json:"entries"`
	Findings []Finding `json:"findings"`
	Problems []Problem `json:"problems"`
	// NextChange is when time alone may change the verdict; zero for never.
	NextChange time.Time `json:"nextChange,omitzero"`
	// VaultSeen is when the oldest of the vault's answers that it rests on was last
	// known to be so; zero where it rests on none.
	VaultSeen time.Time `json:"vaultSeen,omitzero"`
	// Texts digests each entry's own text by its name: an entry whose digest is
	// equal in the old object's verdict was not touched by the change.
	Texts map[string]string `json:"-"`
	// Ends says when what the object holds ends, for reports. Only an audit fills
	// it: no admission pays for it.
	Ends []End `json:"-"`
}

// End is the last moment of a certificate or a CRL.
type End struct {
	Kind        string // certificate or crl
	Subject     string // of a certificate; the issuer of a CRL
	Entry       string
	Field       string
	VaultRef    string
	Fingerprint string // SHA-256 of the DER
	Time        time.Time
}

// Sort puts findings in the one order in which they are shown: most severe
// first, then by field and code, and drops exact duplicates.
func (v *Verdict) Sort() {
	slices.SortFunc(v.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Severity.Rank(), b.Severity.Rank()),
			compareFields(a.Field, b.Field),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Fingerprint, b.Fingerprint),
		)
	})
	v.Findings = slices.Compact(v.Findings)
	slices.SortFunc(v.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.VaultRef, b.VaultRef), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message))
	})
	v.Problems = slices.Compact(v.Problems)
}

// Worst is the severity of the most severe finding, "" without findings.
func (v *Verdict) Worst() Severity {
	worst := Severity("")
	for _, f := range v.Findings {
		if worst == "" || f.Severity.Rank() < worst.Rank() {
			worst = f.Severity
		}
	}
	return worst
}

// compareFields orders paths so that objects[2] stands before objects[10].
func compareFields(a, b string) int {
	for a != "" && b != "" {
		na, ra := leadingNumber(a)
		nb, rb := leadingNumber(b)
		if ra != a && rb != b {
			if na != nb {
				return cmp.Compare(na, nb)
			}
			a, b = ra, rb
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// leadingNumber reads up to nine digits, so that it cannot overflow.
func leadingNumber(s string) (n int, rest string) {
	i := 0
	for i < len(s) && i < 9 && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:]
}
