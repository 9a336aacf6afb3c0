package console

import (
	"strings"

	"github.com/storewarden/storewarden/sync/hand"
)

// picture is a chain as boxes: what stands in the store, the certificates above it to its
// right, and below each authority its CRL. What is missing has a box too, in broken lines.
type picture struct {
	Boxes         []box
	Links         []segment
	Width, Height float64
	Text          string // the same in words
}

// box is one certificate or CRL, or the place where one is missing.
type box struct {
	X, Y, W, H float64
	Class      string // there or gone
	Kind       string // certificate, issuer, root, CRL
	Name       string // shortened to fit
	Where      string
}

// segment is a line from box to box.
type segment struct{ X1, Y1, X2, Y2 float64 }

// The measures of a picture. A box holds about 25 letters in a row.
const (
	boxWidth, boxHeight, crlHeight = 216.0, 62.0, 48.0
	gapAcross, gapDown             = 34.0, 22.0
	lettersInBox                   = 25
)

// drawChain draws the chain of an entry.
func drawChain(e hand.Entry) picture {
	var p picture
	name, kind := commonName(visible(e.Card.Title())), "certificate"
	switch {
	case len(e.Card.Certificates) == 0 && len(e.Card.CRLs) > 0:
		name, kind = commonName(visible(e.Card.CRLs[0].Issuer)), "CRL"
	case len(e.Card.Certificates) == 0:
	case e.Card.Certificates[0].SelfSigned && e.Card.Certificates[0].IsCA:
		kind = "root authority"
	case e.Card.Certificates[0].SelfSigned:
		kind = "self-signed certificate"
	case e.Card.Certificates[0].IsCA:
		kind = "authority"
	}
	p.add("there", kind, name, e.Key)
	words := []string{kind + " " + name + " in key " + e.Key}
	if kind == "CRL" {
		words[0] = "CRL of " + name + " in key " + e.Key
	}
	authorities := []int{}
	if kind == "root authority" || kind == "authority" {
		authorities = append(authorities, 0)
	}
	subjects := map[int]string{}
	if len(e.Card.Certificates) > 0 {
		subjects[0] = e.Card.Certificates[0].Subject
	}
	for i, a := range e.Chain.Above {
		what := "authority"
		if e.Chain.Complete && i == len(e.Chain.Above)-1 && len(e.Card.Certificates) > 0 {
			what = "root authority"
		}
		p.add("there", what, commonName(visible(a.Subject)), a.Key)
		words = append(words, "issued by "+commonName(visible(a.Subject))+" in "+a.Store+", key "+a.Key)
		authorities = append(authorities, i+1)
		subjects[i+1] = a.Subject
	}
	if e.Chain.Missing != "" {
		p.add("gone", "issuer is missing", commonName(visible(e.Chain.Missing)), "in no store")
		words = append(words, "its issuer "+commonName(visible(e.Chain.Missing))+" is missing: no store holds it")
	}
	if kind != "CRL" {
		words = p.addCRLs(e.Chain, authorities, subjects, words)
	}
	p.Text = visible(strings.Join(words, "; ") + ".")
	return p
}

// add puts a box to the right of the last, and joins the two.
func (p *picture) add(class, kind, name, where string) {
	x := 1.0
	if n := len(p.Boxes); n > 0 {
		last := p.Boxes[n-1]
		x = last.X + boxWidth + gapAcross
		p.Links = append(p.Links, segment{last.X + boxWidth, 1 + boxHeight/2, x, 1 + boxHeight/2})
	}
	p.Boxes = append(p.Boxes, box{X: x, Y: 1, W: boxWidth, H: boxHeight, Class: class, Kind: kind, Name: fit(name), Where: fit(visible(where))})
	p.Width, p.Height = x+boxWidth+1, boxHeight+2
}

// addCRLs puts the CRLs of each authority below it, or the place of one that is missing.
func (p *picture) addCRLs(c hand.Chain, authorities []int, subjects map[int]string, words []string) []string {
	for _, at := range authorities {
		above := p.Boxes[at]
		y := above.Y + boxHeight
		put := func(class, kind, name, where string) {
			p.Links = append(p.Links, segment{above.X + boxWidth/2, y, above.X + boxWidth/2, y + gapDown})
			p.Boxes = append(p.Boxes, box{X: above.X, Y: y + gapDown, W: boxWidth, H: crlHeight, Class: class, Kind: kind, Name: fit(name), Where: where})
			y += gapDown + crlHeight
			p.Height = max(p.Height, y+1)
		}
		for _, l := range c.CRLs {
			if l.Subject == subjects[at] {
				put("there", "CRL", visible(l.Key), "")
				words = append(words, "CRL of "+commonName(visible(l.Subject))+" in "+l.Store+", key "+l.Key)
			}
		}
		for _, subject := range c.NoCRL {
			if subject == subjects[at] {
				put("gone", "CRL is missing", "revocation is not known", "")
				words = append(words, "no store holds a CRL of "+commonName(visible(subject)))
			}
		}
	}
	return words
}

// commonName is the CN of a subject, or all of it where it has none.
func commonName(subject string) string {
	for part := range strings.SplitSeq(subject, ",") {
		if cn, ok := strings.CutPrefix(strings.TrimSpace(part), "CN="); ok && cn != "" {
			return cn
		}
	}
	if subject == "" {
		return "(no name)"
	}
	return subject
}

// fit shortens what would not fit into a box.
func fit(s string) string {
	r := []rune(s)
	if len(r) <= lettersInBox {
		return s
	}
	return string(r[:lettersInBox-1]) + "…"
}
