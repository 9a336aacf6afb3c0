package chain_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/chain"
	"github.com/storewarden/storewarden/test/certtest"
)

func poolOf(t *testing.T, all ...*certtest.Cert) chain.Pool {
	t.Helper()
	list := make([]*certs.Certificate, len(all))
	for i, c := range all {
		list[i] = read(t, c)
	}
	return chain.NewPool(list)
}

func TestIssuers(t *testing.T) {
	t.Parallel()
	type opt = certtest.Options
	root := must(t)(certtest.NewCA(opt{CommonName: "Root"}))
	renewed := must(t)(certtest.NewCA(opt{CommonName: "Root", NotAfter: certtest.Epoch().AddDate(9, 0, 0)}))
	rekeyed := must(t)(certtest.NewCA(opt{CommonName: "Root", KeyName: "2026"}))
	other := must(t)(certtest.NewCA(opt{CommonName: "Other"}))
	leaf := must(t)(root.Issue(opt{CommonName: "plc"}))
	forged := must(t)(root.Issue(opt{CommonName: "plc", BadSignature: true}))
	silent := must(t)(root.Issue(opt{CommonName: "plc", NoAuthorityKeyID: true}))
	for what, tt := range map[string]struct {
		child *certtest.Cert
		pool  []*certtest.Cert
		fit   chain.Fit
		at    []int
	}{
		"a renewed CA issued what the first did":     {leaf, []*certtest.Cert{rekeyed, renewed, leaf, root}, chain.Found, []int{1, 3}},
		"another generation":                         {leaf, []*certtest.Cert{other, rekeyed}, chain.OtherKey, []int{1}},
		"another generation, no identifiers":         {silent, []*certtest.Cert{rekeyed}, chain.Invalid, []int{0}},
		"the right one counts before the wrong ones": {silent, []*certtest.Cert{rekeyed, root}, chain.Found, []int{1}},
		"not signed by it":                           {forged, []*certtest.Cert{rekeyed, root}, chain.Invalid, []int{1}},
		"nobody of the name":                         {leaf, []*certtest.Cert{other, leaf}, chain.Absent, nil},
		"nobody at all":                              {leaf, nil, chain.Absent, nil},
		"self-signed":                                {rekeyed, []*certtest.Cert{root, rekeyed}, chain.Found, []int{1}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			checker := chain.New(1) // smaller than the work: forgetting changes nothing
			fit, at := checker.Issuers(read(t, tt.child), poolOf(t, tt.pool...))
			if fit != tt.fit {
				t.Errorf("%s, not %s", fit, tt.fit)
			}
			if diff := cmp.Diff(tt.at, at); diff != "" {
				t.Errorf("places (-want +got):\n%s", diff)
			}
		})
	}
}

// Who fills a list with CAs of one name must not buy a signature check for each
// pair; beyond some, a CA is believed.
func TestCandidatesAreBounded(t *testing.T) {
	t.Parallel()
	var all []*certtest.Cert
	for i := range 40 {
		all = append(all, must(t)(certtest.NewCA(certtest.Options{CommonName: "Root", KeyName: fmt.Sprint(i), NoSubjectKeyID: true})))
	}
	leaf := must(t)(all[39].Issue(certtest.Options{CommonName: "plc", NoAuthorityKeyID: true}))
	pool := poolOf(t, all...)
	fit, at := chain.New(100).Issuers(read(t, leaf), pool)
	if fit != chain.Found || len(at) != 24 || at[23] != 39 {
		t.Errorf("%s at %v", fit, at)
	}
	crl := readCRL(t, certtest.Must(all[39].CRL(certtest.CRLOptions{}))(t))
	checked := 0
	for _, s := range chain.New(100).Signers(crl, pool) {
		if s.Signature != certs.Unverifiable {
			checked++
		}
	}
	if checked != 16 {
		t.Errorf("%d signatures were checked for one CRL", checked)
	}
}

func TestAbove(t *testing.T) {
	t.Parallel()
	type opt = certtest.Options
	root := must(t)(certtest.NewCA(opt{CommonName: "Root"}))
	one := must(t)(root.IssueCA(opt{CommonName: "One"}))
	two := must(t)(one.IssueCA(opt{CommonName: "Two"}))
	leaf := must(t)(two.Issue(opt{CommonName: "plc"}))
	// Root and One vouch for one another, as bridges between companies do.
	back := must(t)(one.IssueCA(opt{CommonName: "Root"}))
	checker := chain.New(100)
	for what, tt := range map[string]struct {
		of   *certtest.Cert
		pool []*certtest.Cert
		want []int
	}{
		"all of them":          {leaf, []*certtest.Cert{leaf, root, one, two}, []int{3, 2, 1}},
		"a gap ends the line":  {leaf, []*certtest.Cert{root, two}, []int{1}},
		"a circle":             {two, []*certtest.Cert{one, back}, []int{0, 1}},
		"a root is no other's": {root, []*certtest.Cert{one, two}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, checker.Above(read(t, tt.of), poolOf(t, tt.pool...))); diff != "" {
				t.Errorf("places (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	type opt = certtest.Options
	length := func(n int) *int { return &n }
	free := must(t)(certtest.NewCA(opt{CommonName: "Root"}))
	none := must(t)(certtest.NewCA(opt{CommonName: "Root", PathLen: length(0)}))
	one := must(t)(certtest.NewCA(opt{CommonName: "Root", PathLen: length(1)}))
	a := must(t)(one.IssueCA(opt{CommonName: "A"}))
	closed := must(t)(one.IssueCA(opt{CommonName: "A", PathLen: length(0)}))
	b := must(t)(a.IssueCA(opt{CommonName: "B"}))
	renewed := must(t)(a.IssueCA(opt{CommonName: "A", RawIssuer: a.RawSubject()}))
	leaf := must(t)(b.Issue(opt{CommonName: "plc"}))
	for what, tt := range map[string]struct {
		of   *certtest.Cert
		line []*certtest.Cert
		want int
	}{
		"no limit":                      {b, []*certtest.Cert{a, free}, -1},
		"one CA below none":             {a, []*certtest.Cert{none}, 0},
		"one CA below one":              {a, []*certtest.Cert{one}, -1},
		"two CAs below one":             {b, []*certtest.Cert{a, one}, 1},
		"the nearer limit counts":       {b, []*certtest.Cert{closed, free}, 0},
		"a leaf does not count":         {leaf, []*certtest.Cert{a, one}, -1},
		"a CA's renewal does not count": {renewed, []*certtest.Cert{a, one}, -1},
		"nothing above":                 {b, nil, -1},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var line []*certs.Certificate
			for _, c := range tt.line {
				line = append(line, read(t, c))
			}
			if got := chain.TooLong(read(t, tt.of), line); got != tt.want {
				t.Errorf("%d, not %d", got, tt.want)
			}
		})
	}
}

func TestMisnamed(t *testing.T) {
	t.Parallel()
	type opt = certtest.Options
	permit := func(tag byte, name string) []pkix.Extension {
		base := append([]byte{0x80 | tag, byte(len(name))}, name...)
		for _, outer := range []byte{0x30, 0xa0, 0x30} {
			base = append([]byte{outer, byte(len(base))}, base...)
		}
		return []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 30}, Critical: true, Value: base}}
	}
	free := must(t)(certtest.NewCA(opt{CommonName: "Root"}))
	hosts := must(t)(certtest.NewCA(opt{CommonName: "Root", Extensions: permit(2, "plant.example")}))
	uris := must(t)(certtest.NewCA(opt{CommonName: "Root", Extensions: permit(6, "plant.example")}))
	sub := func(of *certtest.Cert) *certtest.Cert { return must(t)(of.IssueCA(opt{CommonName: "Sub"})) }
	leaf := func(of *certtest.Cert, o opt) *certtest.Cert {
		o.CommonName = "plc"
		return must(t)(of.Issue(o))
	}
	year := certtest.Epoch().AddDate(1, 0, 0)
	for what, tt := range map[string]struct {
		of   *certtest.Cert
		line []*certtest.Cert
		want int
	}{
		"a host it may name":             {leaf(sub(hosts), opt{DNSNames: []string{"a.plant.example"}}), []*certtest.Cert{sub(hosts), hosts}, -1},
		"a host it may not name":         {leaf(sub(hosts), opt{DNSNames: []string{"a.other.example"}}), []*certtest.Cert{sub(hosts), hosts}, 1},
		"directly below":                 {leaf(hosts, opt{DNSNames: []string{"a.other.example"}}), []*certtest.Cert{hosts}, 0},
		"an application URI has no host": {leaf(uris, opt{URIs: []string{"urn:plc"}}), []*certtest.Cert{uris}, 0},
		"no constraint":                  {leaf(sub(free), opt{DNSNames: []string{"a.other.example"}}), []*certtest.Cert{sub(free), free}, -1},
		"never valid together": {leaf(hosts, opt{DNSNames: []string{"a.other.example"}, NotBefore: year.Add(time.Hour), NotAfter: year.AddDate(1, 0, 0)}),
			[]*certtest.Cert{hosts}, -1},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var line []*certs.Certificate
			for _, c := range tt.line {
				line = append(line, read(t, c))
			}
			if got := chain.Misnamed(read(t, tt.of), line); got != tt.want {
				t.Errorf("%d, not %d", got, tt.want)
			}
		})
	}
}
