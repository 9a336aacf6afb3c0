package remedy

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/storewarden/storewarden/test/cases"
)

// command runs a pipeline of the few programs that remedies use.
func (w *World) command(line string) (int, error) {
	line, _, _ = strings.Cut(line, ", which") // prose that follows
	for _, c := range slices.Concat(vault(), connector(), openssl(), kubectl()) {
		if m := c.says.FindStringSubmatch(line); m != nil {
			return 1, c.do(w, m)
		}
	}
	if asks.MatchString(line) {
		return 0, nil
	}
	return 0, fmt.Errorf("%w: %s", ErrWords, line)
}

// asks are commands that only show something.
var asks = regexp.MustCompile(`^az .* (?:list|show) |^openssl (?:x509|crl|pkey) .*(?:-noout|-pubout)|^kubectl .* get |^az identity|^storewarden inspect|^az k8s-extension update`)

const word = `(\S+)`

func vault() []instruction {
	return []instruction{
		says(`az keyvault secret set --vault-name `+word+` --name `+word+` --file `+word+` --encoding (hex|base64|utf-8)(?: --content-type `+word+`)?`, func(w *World, m []string) error {
			return w.upload(m[1], m[2], m[3], m[4], m[5])
		}),
		says(`az keyvault secret set-attributes --vault-name `+word+` --name `+word+` --([a-z-]+) `+word, func(w *World, m []string) error {
			return w.attribute(m[1], m[2], m[3], m[4])
		}),
		says(`az keyvault secret recover --vault-name `+word+` --name `+word, func(w *World, m []string) error {
			s, ok := w.c.Vaults[m[1]][m[2]]
			if !ok || !s.Deleted {
				return fmt.Errorf("%s is not deleted", m[2])
			}
			s.Deleted = false
			w.c.Vaults[m[1]][m[2]] = s
			return nil
		}),
		says(`az keyvault certificate download --vault-name `+word+` --name `+word+` --encoding DER --file `+word, func(w *World, m []string) error {
			s, ok := w.c.Vaults[m[1]][m[2]]
			if !ok || !s.Certificate {
				return fmt.Errorf("%s is no certificate resource", m[2])
			}
			return w.convert(s.Content, "der", m[3])
		}),
	}
}

func connector() []instruction {
	return []instruction{
		says(`az iot ops connector opcua (trust|issuer) add --instance \S+ -g \S+ --certificate-file `+word, func(w *World, m []string) error {
			return w.connectorAdd("aio-opc-ua-broker-"+m[1]+"-list", m[2])
		}),
		says(`az iot ops connector opcua (trust|issuer) remove --instance \S+ -g \S+ --certificate-names `+word, func(w *World, m []string) error {
			sync := w.doc("SecretSync", "aio-opc-ua-broker-"+m[1]+"-list")
			if sync == nil {
				return fmt.Errorf("%w: az removes from SecretSyncs alone", ErrWords)
			}
			return w.unmap(sync, m[2])
		}),
		says(`az iot ops connector opcua client add --instance \S+ -g \S+ --public-key-file `+word+` --private-key-file `+word+` --subject-name \S+ --application-uri \S+`, func(w *World, m []string) error {
			return w.clientAdd(m[1], m[2])
		}),
	}
}

// openssl stands for the programs that turn one file into another.
func openssl() []instruction {
	return []instruction{
		says(`openssl x509(?: -inform DER)? -in `+word+`(?: -outform (DER|PEM))? -out `+word, func(w *World, m []string) error {
			from, err := w.file(m[1])
			if err != nil {
				return err
			}
			format := map[string]string{"DER": "der", "PEM": "pem", "": "pem"}[m[2]]
			return w.convert(from, format, m[3])
		}),
		says(`openssl crl -in `+word+`(?: -inform PEM)? -outform DER -out `+word, func(w *World, m []string) error { return w.crlToDER(m[1], m[2]) }),
		says(`openssl crl -inform PEM -in `+word+` -outform DER -out `+word, func(w *World, m []string) error { return w.crlToDER(m[1], m[2]) }),
		says(`openssl pkcs12 -in `+word+` -clcerts -nokeys \| openssl x509 -outform (DER|PEM) -out `+word, func(w *World, m []string) error {
			from, err := w.file(m[1])
			if err != nil {
				return err
			}
			if w.f.VaultRef == "" {
				from = "server.pfx"
			}
			return w.convert(from, strings.ToLower(m[2]), m[3])
		}),
		says(`openssl pkey -in `+word+` -out `+word, func(w *World, m []string) error {
			s, ok := w.held()
			if !ok {
				return fmt.Errorf("nobody has the key %s", m[1])
			}
			w.write(m[2], strings.Replace(s.Content, "-encrypted.pem", "-key.pem", 1))
			return nil
		}),
		says(`sed -i '1s/\^\\xEF\\xBB\\xBF//' `+word, func(w *World, m []string) error { _, err := w.file(m[1]); return err }),
		says(`xxd -r -p `+word+` `+word, func(w *World, m []string) error {
			x, err := w.file(strings.TrimSuffix(m[1], ".hex"))
			w.write(m[2], x)
			return err
		}),
		says(`jq -r \.cer FILE \| base64 -d > `+word, func(w *World, m []string) error { w.write(m[1], "server.der"); return nil }),
	}
}

func kubectl() []instruction {
	return []instruction{
		says(`kubectl -n \S+ patch secret `+word+` --type merge -p '\{"data":\{"([^"]+)":"'\$\(base64 -w0 ([^)]+)\)'"\}\}'`, func(w *World, m []string) error {
			x, err := w.file(m[3])
			if err != nil {
				return err
			}
			if w.doc("Secret", m[1]) == nil {
				return fmt.Errorf("there is no Secret %s", m[1])
			}
			return put(w.doc("Secret", m[1]), m[2], x)
		}),
		says(`kubectl -n \S+ patch secret `+word+` --type json -p '\[\{"op":"remove","path":"/data/([^"]+)"\}\]'`, func(w *World, m []string) error {
			data, _ := w.doc("Secret", m[1])["data"].(map[string]any)
			if _, ok := data[m[2]]; !ok {
				return fmt.Errorf("the Secret has no key %s", m[2])
			}
			delete(data, m[2])
			return nil
		}),
		says(`kubectl -n \S+ delete (secret|secretsync) `+word, func(w *World, m []string) error {
			return w.remove(map[string]string{"secret": "Secret", "secretsync": "SecretSync"}[m[1]], m[2])
		}),
		says(`kubectl -n \S+ patch secretsync `+word+` --type merge -p '\{"spec":\{"forceSynchronization":"t'\$\(date \+%s\)'"\}\}'`, func(w *World, m []string) error {
			if w.c.Delete == "Secret/"+m[1] {
				w.c.Delete = "" // it is there again
			}
			return set(w.doc("SecretSync", m[1]), "spec.forceSynchronization", "t1780315200")
		}),
	}
}

// upload does what the az CLI does with a file.
func (w *World) upload(in, name, file, encoding, contentType string) error {
	x, err := w.file(file)
	if err != nil {
		return err
	}
	if encoding == "utf-8" && (strings.HasSuffix(x, ".der") || strings.HasSuffix(x, ".crl")) {
		return fmt.Errorf("az cannot read %s as text", file)
	}
	if in == "VAULT-NAME" { // the Secret shows no vault; what was uploaded reaches it under its key
		return put(w.target, path.Base(file), x)
	}
	if w.c.Vaults[in] == nil {
		return fmt.Errorf("there is no vault %s", in)
	}
	w.c.Vaults[in][name] = cases.Secret{Content: x, Encoding: encoding, ContentType: contentType, Tags: map[string]string{"file-encoding": encoding}}
	return nil
}

func (w *World) attribute(in, name, option, v string) error {
	s, ok := w.c.Vaults[in][name]
	if !ok {
		return fmt.Errorf("there is no secret %s/%s", in, name)
	}
	var err error
	switch option {
	case "enabled":
		s.Disabled = v != "true"
	case "content-type":
		s.ContentType = v
	case "expires":
		s.Expires, err = time.Parse(time.RFC3339, v)
	case "not-before":
		s.NotBefore, err = time.Parse(time.RFC3339, v)
	case "tags":
		key, text, _ := strings.Cut(v, "=")
		s.Tags = map[string]string{key: text}
	default:
		err = fmt.Errorf("set-attributes has no option --%s", option)
	}
	w.c.Vaults[in][name] = s
	return err
}

// convert writes the certificate of what a file holds in a format. On a Secret by
// hand the output is the value of the key that it is named for.
func (w *World) convert(from, format, to string) error {
	x, err := certificateIn(from, format)
	if err != nil {
		return err
	}
	w.write(to, x)
	return w.byHand(to, x)
}

func (w *World) crlToDER(from, to string) error {
	x, err := w.file(from)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(x, ".crl.pem") {
		return fmt.Errorf("%s is no PEM CRL", from)
	}
	x = strings.TrimSuffix(x, ".pem")
	w.write(to, x)
	return w.byHand(to, x)
}

func (w *World) byHand(to, x string) error {
	if to = path.Base(to); w.f.Object.Kind == "Secret" && w.f.VaultRef == "" && to == w.f.Entry {
		return put(w.target, to, x)
	}
	return nil
}

// connectorAdd uploads a file as hex, lists it and maps it, as the az CLI does.
func (w *World) connectorAdd(list, file string) error {
	sync := w.doc("SecretSync", list)
	if sync == nil { // the CLI makes it, like the one that is there
		meta := map[string]any{"name": list, "namespace": w.f.Object.Namespace}
		sync = map[string]any{"apiVersion": w.target["apiVersion"], "kind": "SecretSync", "metadata": meta, "spec": map[string]any{
			"secretProviderClassName": at(w.target, "spec", "secretProviderClassName"), "serviceAccountName": "aio-ssc-sa",
			"secretObject": map[string]any{"type": "Opaque", "data": []any{}}}}
		w.docs = append(w.docs, sync)
	}
	w.target = sync
	f := w.f
	defer func() { w.f = f }()
	w.f.Object.Name = list
	name := strings.ReplaceAll(path.Base(file), ".", "-")
	in, _ := at(w.class(), "spec", "parameters", "keyvaultName").(string)
	if err := w.upload(in, name, file, "hex", types[path.Ext(file)]); err != nil {
		return err
	}
	return w.add(name, "hex", path.Base(file))
}

var types = map[string]string{".der": "application/pkix-cert", ".crt": "application/x-pem-file", ".pem": "application/x-pem-file", ".crl": "application/pkix-crl"}

// clientAdd makes the client store anew with one pair.
func (w *World) clientAdd(public, private string) error {
	sync := w.doc("SecretSync", w.f.Object.Name)
	if err := writeMappings(sync, nil); err != nil {
		return err
	}
	for _, file := range []string{public, private} {
		if err := w.connectorAdd(w.f.Object.Name, file); err != nil {
			return err
		}
	}
	return nil
}
