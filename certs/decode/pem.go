package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"github.com/storewarden/storewarden/certs"
)

const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
	pemDash  = "-----"
)

// pem reads every block of the text. It looks for the blocks itself, since
// encoding/pem skips a broken one without a word, and text around it too.
func (r *reader) pem(b []byte) {
	text, around := b, 0
	for {
		i := bytes.Index(b, []byte(pemBegin))
		if i < 0 {
			around += visible(b)
			break
		}
		around += visible(b[:i])
		if r.full() {
			break
		}
		segment := cutBlock(b[i:])
		r.out.Blocks++
		r.block(segment)
		b = b[i+len(segment):]
	}
	if around > 0 {
		r.document(text)
		r.problem(certs.ReasonTextAround, "%d characters of text stand outside of the PEM blocks", around)
	}
}

// visible counts characters that are no white space, nor a line break that
// was written as a backslash and a letter.
func visible(b []byte) int {
	n := 0
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n':
		case b[i] == '\\' && i+1 < len(b) && (b[i+1] == 'n' || b[i+1] == 'r'):
			i++
		default:
			n++
		}
	}
	return n
}

// cutBlock is the text from a BEGIN to the end of its END, or up to the next
// BEGIN or the end of everything where there is no END. It looks at each dash
// once, so that a text of a million BEGINs is read in linear time.
func cutBlock(b []byte) []byte {
	for pos := len(pemBegin); ; pos++ {
		i := bytes.Index(b[pos:], []byte(pemDash))
		if i < 0 {
			return b
		}
		pos += i
		if bytes.HasPrefix(b[pos:], []byte(pemBegin)) {
			return b[:pos]
		}
		if bytes.HasPrefix(b[pos:], []byte(pemEnd)) {
			end := pos + len(pemEnd)
			line := b[end:min(end+maxLabel, len(b))]
			if i := bytes.Index(line, []byte(pemDash)); i >= 0 {
				return b[:end+i+len(pemDash)]
			}
			return b[:end]
		}
	}
}

// maxLabel is twice the longest label in use.
const maxLabel = 64

// block reads one block, from BEGIN to END.
func (r *reader) block(segment []byte) {
	n := r.out.Blocks
	parsed, _ := pem.Decode(segment)
	if parsed == nil {
		if parsed = repaired(segment); parsed != nil {
			r.problem(certs.ReasonLostNewlines, "the line breaks of PEM block %d are lost, so no PEM reader finds it", n)
		}
	}
	label := labelOf(segment)
	want, reason, known := expected(label)
	if parsed == nil {
		r.problem(reason, "PEM block %d is damaged: %s", n, damage(segment))
		if want.private() {
			r.out.Keys = append(r.out.Keys, unreadable(certs.FormatPEM))
		}
		return
	}
	defer clear(parsed.Bytes)
	switch {
	case label == trustedLabel || label == oldLabel:
		r.problem(certs.ReasonOpenSSLLabel, "PEM block %d has the label %s, which OpenSSL reads and hardly anything else", n, label)
	case !known:
		r.problem(certs.ReasonUnknownBlock, "PEM block %d has a label that has no place in a store", n)
	}
	switch {
	case want == formNone:
	case parsed.Headers["Proc-Type"] != "" && want.private():
		r.out.Keys = append(r.out.Keys, certs.Key{Private: true, Encrypted: true, Algorithm: algorithmOfLabel(label), Format: certs.FormatPEM})
	default:
		if len(parsed.Headers) > 0 {
			r.problem(certs.ReasonTextAround, "PEM block %d has headers, which strict readers refuse", n)
		}
		r.content(n, want, reason, parsed.Bytes, label)
	}
}

// content reads what a block holds, which need not be what its label says.
func (r *reader) content(n int, want form, reason certs.Reason, der []byte, label string) {
	keys := len(r.out.Keys)
	raw, element, f := leadingValue(der)
	if f != want {
		r.problem(reason, "PEM block %d should hold %s by its label, but holds %s", n, want, f)
	}
	r.read(f, raw, element)
	if want.private() && len(r.out.Keys) == keys {
		r.out.Keys = append(r.out.Keys, unreadable(certs.FormatPEM))
	}
	for i := keys; i < len(r.out.Keys); i++ {
		r.out.Keys[i].Format = certs.FormatPEM
	}
	// OpenSSL's TRUSTED CERTIFICATE carries its trust settings there.
	if f != formNone && label != trustedLabel {
		r.after(der[len(raw):])
	}
}

// The labels that OpenSSL has for a certificate beside the usual one.
const (
	trustedLabel = "TRUSTED CERTIFICATE"
	oldLabel     = "X509 CERTIFICATE"
)

// expected is what a label promises, why its block is bad when it holds
// nothing of the kind, and whether the label may stand in a store.
func expected(label string) (want form, reason certs.Reason, known bool) {
	switch label {
	case "CERTIFICATE":
		return formCertificate, certs.ReasonBadCertificate, true
	case trustedLabel, oldLabel:
		return formCertificate, certs.ReasonBadCertificate, false
	case "X509 CRL":
		return formCRL, certs.ReasonBadCRL, true
	case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
		return formCSR, certs.ReasonBadCSR, true
	case "PKCS7", "CMS":
		return formPKCS7, certs.ReasonBadPKCS7, true
	case "PUBLIC KEY":
		return formPublic, certs.ReasonBadKey, true
	case "RSA PUBLIC KEY":
		return formPublicPKCS1, certs.ReasonBadKey, true
	case "PRIVATE KEY":
		return formPKCS8, certs.ReasonBadKey, true
	case "ENCRYPTED PRIVATE KEY":
		return formEncryptedPKCS8, certs.ReasonBadKey, true
	case "RSA PRIVATE KEY":
		return formPKCS1, certs.ReasonBadKey, true
	case "EC PRIVATE KEY":
		return formEC, certs.ReasonBadKey, true
	case "DSA PRIVATE KEY":
		return formDSA, certs.ReasonBadKey, true
	}
	// OPENSSH and others: whatever it is, it is a private key.
	if strings.HasSuffix(label, "PRIVATE KEY") {
		return formPKCS8, certs.ReasonBadKey, false
	}
	return formNone, certs.ReasonUnknownBlock, false
}

func labelOf(segment []byte) string {
	line := segment[len(pemBegin):min(len(pemBegin)+maxLabel, len(segment))]
	line, _, _ = bytes.Cut(line, []byte("\n"))
	label, _, _ := bytes.Cut(line, []byte(pemDash))
	return string(bytes.TrimRight(label, " \t\r"))
}

// repaired reads a block whose line breaks are gone, became blanks, or were
// written as a backslash and a letter.
func repaired(segment []byte) *pem.Block {
	label := labelOf(segment)
	body, found := bytes.CutPrefix(segment, []byte(pemBegin+label+pemDash))
	body, ended := bytes.CutSuffix(body, []byte(pemEnd+label+pemDash))
	if !found || !ended {
		return nil
	}
	text := unspaced(strings.NewReplacer(`\r`, "", `\n`, "").Replace(string(body)))
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(der) == 0 {
		clear(der)
		return nil
	}
	return &pem.Block{Type: label, Bytes: der}
}

// damage says what is wrong with a block that even repaired cannot read.
func damage(segment []byte) string {
	label := labelOf(segment)
	switch {
	case !bytes.Contains(segment, []byte(pemEnd)):
		return "it has no END line"
	case !bytes.HasSuffix(segment, []byte(pemEnd+label+pemDash)):
		return "its END line does not match its BEGIN line"
	}
	return "its content is not base64"
}
