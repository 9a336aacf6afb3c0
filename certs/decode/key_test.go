package decode_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/test/certtest"
)

// TestKeys is every form of a key in PEM and DER: the same public facts come
// out of all that are not encrypted, and they are the certificate's.
func TestKeys(t *testing.T) {
	t.Parallel()
	rows := []struct {
		key       certtest.KeyType
		algorithm string
		bits      int
		forms     []certtest.KeyForm
	}{
		{certtest.RSA1024, "RSA", 1024, []certtest.KeyForm{certtest.PKCS8, certtest.PKCS1, certtest.EncryptedPKCS8, certtest.LegacyRSA, certtest.Public, certtest.PublicPKCS1}},
		{certtest.RSA768, "RSA", 768, []certtest.KeyForm{certtest.PKCS8, certtest.PKCS1}},
		{certtest.P224, "ECDSA", 224, []certtest.KeyForm{certtest.PKCS8, certtest.EC, certtest.Public}},
		{certtest.P256, "ECDSA", 256, []certtest.KeyForm{certtest.PKCS8, certtest.EC, certtest.EncryptedPKCS8, certtest.Public}},
		{certtest.P521, "ECDSA", 521, []certtest.KeyForm{certtest.PKCS8, certtest.EC, certtest.Public}},
		{certtest.Ed25519, "Ed25519", 256, []certtest.KeyForm{certtest.PKCS8, certtest.Public}},
	}
	for _, row := range rows {
		for _, form := range row.forms {
			t.Run(fmt.Sprintf("%s %s", row.key, form), func(t *testing.T) {
				t.Parallel()
				key := certtest.Must(certtest.NewKey(row.key, "keys"))(t)
				private := form != certtest.Public && form != certtest.PublicPKCS1
				want := certs.Key{Private: private, Algorithm: row.algorithm, Bits: row.bits, PublicKeyID: key.PublicKeyID()}
				kind := certs.KindPublicKey
				if private {
					kind = certs.KindPrivateKey
				}
				switch form {
				case certtest.EncryptedPKCS8:
					want = certs.Key{Private: true, Encrypted: true, Algorithm: "unknown"}
				case certtest.LegacyRSA:
					want = certs.Key{Private: true, Encrypted: true, Algorithm: "RSA"}
				}
				blobs := map[certs.Format][]byte{certs.FormatPEM: keyPEM(t, key, form)}
				if form != certtest.LegacyRSA {
					blobs[certs.FormatDER] = keyDER(t, key, form)
				}
				for format, blob := range blobs {
					want.Format = format
					b := decode.Bytes(blob)
					if diff := cmp.Diff([]certs.Key{want}, b.Keys); diff != "" {
						t.Errorf("%s: (-want +got)\n%s", format, diff)
					}
					if b.Kind != kind || b.Format != format || len(b.Problems) > 0 {
						t.Errorf("%s: %s %s, problems %v", format, b.Kind, b.Format, reasons(b))
					}
				}
			})
		}
	}
}

// TestUnreadableKeysAreStillKeys: a leak is one whether or not we can read it.
func TestUnreadableKeysAreStillKeys(t *testing.T) {
	t.Parallel()
	key := certtest.Must(certtest.NewKey(certtest.P256, "keys"))(t)
	pkcs8 := keyDER(t, key, certtest.PKCS8)
	for name, tt := range map[string]struct {
		reason string
		in     []byte
		want   []certs.Reason
	}{
		"damaged":       {"not base64", []byte("-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----\n"), []certs.Reason{certs.ReasonBadKey}},
		"not DER":       {"nothing inside", certtest.PEM("EC PRIVATE KEY", []byte("x")), []certs.Reason{certs.ReasonBadKey}},
		"openssh":       {"another format", certtest.PEM("OPENSSH PRIVATE KEY", []byte("openssh-key-v1")), []certs.Reason{certs.ReasonUnknownBlock, certs.ReasonBadKey}},
		"wrong label":   {"PKCS#8 as SEC 1", certtest.PEM("EC PRIVATE KEY", pkcs8), []certs.Reason{certs.ReasonBadKey}},
		"as a cert":     {"under a label that hides it", certtest.PEM("CERTIFICATE", pkcs8), []certs.Reason{certs.ReasonBadCertificate}},
		"lost newlines": {"one line", []byte("-----BEGIN PRIVATE KEY----- " + "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f" + " -----END PRIVATE KEY-----"), []certs.Reason{certs.ReasonLostNewlines}},
		"dsa":           {"no algorithm of a store", mustHex(t, "3012020100020101020101020101020101020101"), []certs.Reason{}},
		"zero scalar":   {"no key of the curve", mustHex(t, "303102010104200000000000000000000000000000000000000000000000000000000000000000a00a06082a8648ce3d030107"), []certs.Reason{certs.ReasonBadKey}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := decode.Bytes(tt.in)
			if b.Kind != certs.KindPrivateKey || len(b.Keys) != 1 || !b.Keys[0].Private {
				t.Errorf("%s: %s with keys %+v", tt.reason, b.Kind, b.Keys)
			}
			if diff := cmp.Diff(tt.want, reasons(b)); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tt.reason, diff)
			}
		})
	}
}

// TestNothingLeaks prints bundles of everything private in every format there
// is and looks for runs of the private bytes.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	key := certtest.Must(certtest.NewKey(certtest.Ed25519, "leak"))(t)
	pkcs8 := keyDER(t, key, certtest.PKCS8)
	for name, blob := range map[string][]byte{
		"pem": keyPEM(t, key, certtest.PKCS8), "der": pkcs8, "damaged": append([]byte("MARKER-3f9a\n"), certtest.PEM("X", pkcs8)...),
		"password": []byte("MARKER-3f9a"), "base64": []byte("TUFSS0VSLTNmOWE="), "as hex": []byte(fmt.Sprintf("%x", pkcs8)),
		"label": []byte("-----BEGIN MARKER-3f9a-----\n-----END MARKER-3f9a-----\n"),
	} {
		b := decode.Bytes(blob)
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		printed := string(text) + fmt.Sprintf("%+v %#v", b, b)
		for what, marker := range map[string]string{
			"text": "MARKER-3f9a", "hex": fmt.Sprintf("%x", pkcs8[len(pkcs8)-8:]), "list": strings.Trim(fmt.Sprint(pkcs8[len(pkcs8)-8:]), "[]"),
		} {
			if strings.Contains(printed, marker) {
				t.Errorf("%s: private bytes as %s in what is printed", name, what)
			}
		}
	}
}
