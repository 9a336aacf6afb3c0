package chain

import (
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/storewarden/storewarden/certs"
)

// Pool is certificates that may have issued one another, found by name.
type Pool struct {
	all  []*certs.Certificate
	name map[string][]int // places, by subject
}

// NewPool makes a pool, in which a certificate is known by its place.
func NewPool(all []*certs.Certificate) Pool {
	p := Pool{all: all, name: make(map[string][]int, len(all))}
	for i, c := range all {
		p.name[string(c.RawSubject)] = append(p.name[string(c.RawSubject)], i)
	}
	return p
}

// Candidate is a certificate of a pool that has the issuer's name.
type Candidate struct {
	At int // its place
	Link
}

// maxChecked bounds the signatures that are checked for one child: who lists more
// generations of a CA than this has another trouble, and is believed.
const maxChecked = 16

func (c *Checker) candidates(s signed, pool Pool) []Candidate {
	var out []Candidate
	for _, at := range pool.name[string(s.issuer)] {
		link := Link{Name: true, KeyID: names(s, pool.all[at]), Signature: certs.Unverifiable}
		if len(out) < maxChecked {
			link = c.link(s, pool.all[at])
		}
		out = append(out, Candidate{at, link})
	}
	return out
}

// Signers are those of a pool that have the name of a CRL's issuer.
func (c *Checker) Signers(crl *certs.CRL, pool Pool) []Candidate {
	return c.candidates(ofCRL(crl), pool)
}

// Issuers tells how well the pool answers for the issuer of a certificate, and
// the places of those that answer so; none where the issuer is absent. A
// self-signed certificate is its own issuer.
func (c *Checker) Issuers(child *certs.Certificate, pool Pool) (Fit, []int) {
	places := map[Fit][]int{}
	for _, k := range c.candidates(ofCertificate(child), pool) {
		places[k.Fit()] = append(places[k.Fit()], k.At)
	}
	for _, fit := range []Fit{Found, Invalid, OtherKey} {
		if len(places[fit]) > 0 {
			return fit, places[fit]
		}
	}
	return Absent, nil
}

// Above lists the places of those that stand above a certificate, directly or
// through others of the pool, nearest first.
func (c *Checker) Above(child *certs.Certificate, pool Pool) []int {
	var line []int
	for next := []*certs.Certificate{child}; len(next) > 0; next = next[1:] {
		fit, places := c.Issuers(next[0], pool)
		if fit != Found {
			continue
		}
		for _, i := range places {
			if !slices.Contains(line, i) && pool.all[i] != child {
				line = append(line, i)
				next = append(next, pool.all[i])
			}
		}
	}
	return line
}

// TooLong is the place in a line of CAs, each issued by the next, of one whose
// path length does not allow what is below it: all those before it, and the
// certificate itself if that is a CA. It is -1 where all allow it.
func TooLong(child *certs.Certificate, line []*certs.Certificate) int {
	below := 0
	for i, ca := range line {
		under := child
		if i > 0 {
			under = line[i-1]
		}
		if under.IsCA && !under.SelfIssued { // a CA's own renewals do not count
			below++
		}
		if ca.MaxPathLen >= 0 && below > ca.MaxPathLen {
			return i
		}
	}
	return -1
}

// Misnamed is the place in a line of CAs, each issued by the next, of one whose
// name constraints do not permit the names of the certificate. It is -1 where
// all permit them, and where that cannot be checked here.
func Misnamed(child *certs.Certificate, line []*certs.Certificate) int {
	for i, ca := range line {
		if ca.NameConstraints && forbids(child, line[:i], ca) {
			return i
		}
	}
	return -1
}

// forbids asks crypto/x509, at a moment when all are valid.
func forbids(child *certs.Certificate, between []*certs.Certificate, ca *certs.Certificate) bool {
	all := append([]*certs.Certificate{child, ca}, between...)
	var parsed []*x509.Certificate
	from, until := child.NotBefore, child.NotAfter
	for _, c := range all {
		x, err := x509.ParseCertificate(c.Raw)
		if err != nil {
			return false
		}
		parsed = append(parsed, x)
		from, until = later(from, c.NotBefore), earlier(until, c.NotAfter)
	}
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(parsed[1])
	for _, x := range parsed[2:] {
		intermediates.AddCert(x)
	}
	_, err := parsed[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: from,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var invalid x509.CertificateInvalidError
	return !until.Before(from) && errors.As(err, &invalid) && invalid.Reason == x509.CANotAuthorizedForThisName
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
