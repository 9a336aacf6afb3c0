package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	classJSON = `{"apiVersion":"secrets-store.csi.x-k8s.io/v1","kind":"SecretProviderClass",
		"metadata":{"name":"spc-ops-4f74e85","namespace":"azure-iot-operations"},
		"spec":{"provider":"azure","parameters":{"clientID":" c ","keyvaultName":"my-aio-kv","tenantID":"t",
		"objects":"array:\n  - |\n    objectEncoding: hex\n    objectName: my-server-der\n    objectType: secret\n  - |\n    objectName: my-kv-password\n    objectType: secret\n"}}}`
	syncJSON = `{"apiVersion":"secret-sync.x-k8s.io/v1alpha1","kind":"SecretSync",
		"metadata":{"name":"aio-opc-ua-broker-issuer-list","namespace":"azure-iot-operations","deletionTimestamp":"2026-01-01T00:00:00Z"},
		"spec":{"secretProviderClassName":"spc-ops-4f74e85","serviceAccountName":"aio-ssc-sa","forceSynchronization":"t1",
		"secretObject":{"type":"Opaque","data":[{"sourcePath":"my-server-ca-der","targetKey":"my-server-ca.der"},
		{"sourcePath":"my-server-ca-crl","targetKey":"my-server-ca.crl"}]}}}`
	secretJSON = `{"apiVersion":"v1","kind":"Secret","immutable":true,"type":"Opaque",
		"metadata":{"name":"aio-opc-ua-broker-trust-list","namespace":"azure-iot-operations",
		"labels":{"secrets-store.sync.x-k8s.io":""},"managedFields":[{"manager":"x","fieldsV1":{"f:data":{}}}],
		"ownerReferences":[{"apiVersion":"secret-sync.x-k8s.io/v1alpha1","kind":"SecretSync","name":"aio-opc-ua-broker-trust-list","uid":"u"}]},
		"data":{"my-server.der":"MIIB","b":"AA=="},"stringData":{"a":"text","b":"wins"}}`
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want Object
	}{
		"provider class": {classJSON, Object{
			ID: ID{SecretProviderClassAPI, KindSecretProviderClass, "azure-iot-operations", "spc-ops-4f74e85"},
			SPC: &SecretProviderClass{Provider: "azure", HasParameters: true,
				Vault:    Parameter{"my-aio-kv", "spec.parameters.keyvaultName", true},
				Tenant:   Parameter{"t", "spec.parameters.tenantID", true},
				ClientID: Parameter{"c", "spec.parameters.clientID", true},
				Objects: Objects{Entries: []Entry{
					{Index: 0, Field: "spec.parameters.objects[0]", Line: 2, Name: "my-server-der", Type: "secret", Encoding: "hex",
						Text: "objectEncoding: hex\nobjectName: my-server-der\nobjectType: secret"},
					{Index: 1, Field: "spec.parameters.objects[1]", Line: 6, Name: "my-kv-password", Type: "secret",
						Text: "objectName: my-kv-password\nobjectType: secret"},
				}}},
		}},
		"secret sync": {syncJSON, Object{
			ID:       ID{SecretSyncAPI, KindSecretSync, "azure-iot-operations", "aio-opc-ua-broker-issuer-list"},
			Deleting: true,
			Sync: &SecretSync{ProviderClass: "spc-ops-4f74e85", ServiceAccount: "aio-ssc-sa", SecretType: "Opaque", Force: "t1",
				Mappings: []Mapping{{"my-server-ca-der", "my-server-ca.der"}, {"my-server-ca-crl", "my-server-ca.crl"}}},
		}},
		"secret": {secretJSON, Object{
			ID:     ID{SecretAPI, KindSecret, "azure-iot-operations", "aio-opc-ua-broker-trust-list"},
			Labels: map[string]string{SyncLabel: ""},
			Owners: []Owner{{SecretSyncAPI, KindSecretSync, "aio-opc-ua-broker-trust-list"}},
			Secret: &Secret{Type: "Opaque", Immutable: true, Keys: []string{"a", "b", "my-server.der"},
				Data: map[string]Value{"a": Value("text"), "b": Value("wins"), "my-server.der": {0x30, 0x82, 0x01}}},
		}},
		"secret with stringData alone": {`{"apiVersion":"v1","kind":"Secret","stringData":{"a":"b"}}`, Object{
			ID:     ID{APIVersion: SecretAPI, Kind: KindSecret},
			Secret: &Secret{Keys: []string{"a"}, Data: map[string]Value{"a": Value("b")}},
		}},
		"empty secret": {`{"apiVersion":"v1","kind":"Secret"}`, Object{
			ID:     ID{APIVersion: SecretAPI, Kind: KindSecret},
			Secret: &Secret{Keys: []string{}, Data: map[string]Value{}},
		}},
		"what is held of a secret": {`{"apiVersion":"v1","kind":"Secret","metadata":{"uid":"u-1","annotations":{"storewarden.io/held":"{\"b.der\":{\"by\":\"x\",\"codes\":[\"X-01\"]},\"a.der\":{}}"}}}`, Object{
			ID: ID{APIVersion: SecretAPI, Kind: KindSecret}, UID: "u-1", Held: []string{"a.der", "b.der"},
			Secret: &Secret{Keys: []string{}, Data: map[string]Value{}},
		}},
		"an annotation that is not ours": {`{"apiVersion":"v1","kind":"Secret","metadata":{"annotations":{"storewarden.io/held":"[1]"}}}`, Object{
			ID:     ID{APIVersion: SecretAPI, Kind: KindSecret},
			Secret: &Secret{Keys: []string{}, Data: map[string]Value{}},
		}},
		"field names are exact in case": {`{"apiVersion":"secret-sync.x-k8s.io/v1alpha1","kind":"SecretSync","spec":{"secretProviderClassname":"a","secretObject":{"data":[{"sourcepath":"b","targetKey":"c"}]}}}`, Object{
			ID:   ID{APIVersion: SecretSyncAPI, Kind: KindSecretSync},
			Sync: &SecretSync{Mappings: []Mapping{{TargetKey: "c"}}},
		}},
		"what else is read of a class": {`{"apiVersion":"secrets-store.csi.x-k8s.io/v1","kind":"SecretProviderClass",
			"metadata":{"annotations":{"management.azure.com/resourceId":"/subscriptions/s","other":"x"}},
			"spec":{"secretObjects":[{"secretName":"a","type":"Opaque","data":[{"objectName":"x","key":"y"}]},{"secretName":"b"}],
			"parameters":{"tenantID":"t","tenantId":"u","clientId":"c","cloudName":" X ","useVMManagedIdentity":"yes","usePodIdentity":"1","objects":""}}}`, Object{
			ID: ID{APIVersion: SecretProviderClassAPI, Kind: KindSecretProviderClass}, Projected: true,
			SPC: &SecretProviderClass{HasParameters: true, Vault: Parameter{Field: "spec.parameters.keyvaultName"},
				Tenant: Parameter{"t", "spec.parameters.tenantID", true}, ClientID: Parameter{Field: "spec.parameters.clientID"},
				Cloud: "X", IgnoredTenant: "u", ClientSpelling: "clientId", Objects: Objects{Trouble: ObjectsEmpty}, SecretObjects: []string{"a", "b"},
				Modes: []Mode{{"usePodIdentity", "1", true, true}, {"useVMManagedIdentity", "yes", false, false}}},
		}},
		"labels and annotations that the API does not take": {`{"apiVersion":"secret-sync.x-k8s.io/v1alpha1","kind":"SecretSync","spec":{"secretObject":{
			"labels":[{"app":"x"}],"annotations":{"secrets-store.sync.x-k8s.io/x":"y","a":"b"}}}}`, Object{
			ID: ID{APIVersion: SecretSyncAPI, Kind: KindSecretSync},
			Sync: &SecretSync{Marks: []Mark{{Field: "spec.secretObject.labels"},
				{"spec.secretObject.annotations", "secrets-store.sync.x-k8s.io/x"}}},
		}},
		"a newer version is judged": {`{"apiVersion":"secret-sync.x-k8s.io/v1","kind":"SecretSync"}`, Object{
			ID: ID{APIVersion: "secret-sync.x-k8s.io/v1", Kind: KindSecretSync}, Sync: &SecretSync{},
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse([]byte(tc.raw))
			if err != nil {
				t.Fatal(err)
			}
			// Values are compared as strings: their own type shows nothing.
			show := cmp.Transformer("bytes", func(v Value) string { return string([]byte(v)) })
			if diff := cmp.Diff(&tc.want, got, show); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseParameters(t *testing.T) {
	tests := map[string]struct {
		reason string
		params string
		get    func(*SecretProviderClass) Parameter
		want   Parameter
	}{
		"SPC-03 missing":         {"the field to add", `{"keyVaultName":"a"}`, vaultOf, Parameter{"", "spec.parameters.keyvaultName", false}},
		"SPC-03 blank":           {"set, and empty after trimming", `{"keyvaultName":" "}`, vaultOf, Parameter{"", "spec.parameters.keyvaultName", true}},
		"SPC-05 other spelling":  {"read as well", `{"tenantId":"b"}`, tenantOf, Parameter{"b", "spec.parameters.tenantId", true}},
		"SPC-05 wrong case":      {"not read", `{"tenantid":"b"}`, tenantOf, Parameter{"", "spec.parameters.tenantID", false}},
		"SPC-06 both":            {"tenantID wins", `{"tenantId":"b","tenantID":"a"}`, tenantOf, Parameter{"a", "spec.parameters.tenantID", true}},
		"SPC-06 the first blank": {"an empty tenantID does not hide tenantId", `{"tenantId":"b","tenantID":" "}`, tenantOf, Parameter{"b", "spec.parameters.tenantId", true}},
		"SPC-07 wrong case":      {"not read", `{"clientId":"b"}`, clientOf, Parameter{"", "spec.parameters.clientID", false}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			o, err := Parse([]byte(`{"apiVersion":"secrets-store.csi.x-k8s.io/v1","kind":"SecretProviderClass","spec":{"parameters":` + tc.params + `}}`))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, tc.get(o.SPC)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
			if !o.SPC.HasParameters || o.SPC.Objects.Trouble != ObjectsMissing {
				t.Errorf("HasParameters is %v, the objects' trouble %q", o.SPC.HasParameters, o.SPC.Objects.Trouble)
			}
		})
	}
}

func vaultOf(c *SecretProviderClass) Parameter  { return c.Vault }
func tenantOf(c *SecretProviderClass) Parameter { return c.Tenant }
func clientOf(c *SecretProviderClass) Parameter { return c.ClientID }

func TestParseErrors(t *testing.T) {
	const secret = `{"apiVersion":"v1","kind":"Secret",`
	const class = `{"apiVersion":"secrets-store.csi.x-k8s.io/v1","kind":"SecretProviderClass",`
	tests := map[string]struct {
		raw   string
		other bool   // ErrOtherKind is wanted
		field string // of a FieldError
		bytes int64  // of a SyntaxError
	}{
		"other kind":                 {raw: `{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"b"}}`, other: true},
		"other kind, odd fields":     {raw: `{"apiVersion":"v1","kind":"ConfigMap","spec":7,"data":[1]}`, other: true},
		"other group":                {raw: `{"apiVersion":"example.com/v1","kind":"Secret"}`, other: true},
		"no object":                  {raw: `[]`, field: "the object"},
		"null":                       {raw: `null`, other: true},
		"number for a parameter":     {raw: class + `"spec":{"parameters":{"usePodIdentity":7777}}}`, field: "spec.parameters"},
		"list for parameters":        {raw: class + `"spec":{"parameters":[7777]}}`, field: "spec.parameters"},
		"mapping for secret data":    {raw: secret + `"data":{"a":{"b":7777}}}`, field: "data"},
		"a byte too large":           {raw: secret + `"data":{"a":[7777]}}`, field: "data"},
		"not base64":                 {raw: secret + `"data":{"a":"MIIB","b":"s3cr3t!7777"}}`, field: "data[b]"},
		"text for immutable":         {raw: secret + `"immutable":"7777"}`, field: "immutable"},
		"number for a string":        {raw: secret + `"stringData":{"a":7777}}`, field: "stringData"},
		"text for a list":            {raw: secret + `"metadata":{"ownerReferences":"7777"}}`, field: "metadata.ownerReferences"},
		"number in a device":         {raw: `{"apiVersion":"namespaces.deviceregistry.microsoft.com/v1","kind":"Device","spec":{"endpoints":7777}}`, field: "spec.endpoints"},
		"cut off":                    {raw: secret + `"data":{"a":"7777`, bytes: 52},
		"two values":                 {raw: secret + `"type":""}x7777`, bytes: 46},
		"unquoted":                   {raw: secret + `"data":{"a":z7777}}`, bytes: 48},
		"empty":                      {raw: ``, bytes: -1},
		"syntax before wrong types":  {raw: class + `"spec":{"parameters":{"a":7777}},}`, bytes: -1},
		"kind of the wrong type too": {raw: `{"apiVersion":7777,"kind":"Secret"}`, field: "apiVersion"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			o, err := Parse([]byte(tc.raw))
			if err == nil {
				t.Fatalf("no error, got %v", o.ID)
			}
			if strings.Contains(err.Error(), "7777") {
				t.Error("the error quotes a value")
			}
			if got := errors.Is(err, ErrOtherKind); got != tc.other {
				t.Fatalf("is ErrOtherKind: %v: %v", got, err)
			}
			var f *FieldError
			if got := errors.As(err, &f); got != (tc.field != "") || got && f.Field != tc.field {
				t.Errorf("got %v, want an error of field %q", err, tc.field)
			}
			var s *SyntaxError
			if got := errors.As(err, &s); got != (tc.bytes != 0) || got && tc.bytes > 0 && s.Offset != tc.bytes {
				t.Errorf("got %v, want a syntax error at byte %d", err, tc.bytes)
			}
		})
	}
}

func TestNoFormatShowsAValue(t *testing.T) {
	const marked = "MARKED-VALUE"
	raw := fmt.Sprintf(`{"apiVersion":"v1","kind":"Secret","stringData":{"k":%q}}`, marked)
	o, err := Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got := string([]byte(o.Secret.Data["k"])); got != marked {
		t.Fatal("the value was not read") // without it nothing below could fail
	}
	encoded := []string{marked, fmt.Sprintf("%x", marked), fmt.Sprintf("%X", marked), fmt.Sprint([]byte(marked)),
		strings.Trim(fmt.Sprint([]byte(marked)), "[]"), "TUFSS0VELVZBTFVF"}
	values := map[string]any{"value": o.Secret.Data["k"], "data": o.Secret.Data, "secret": *o.Secret, "pointer": o.Secret, "object": *o, "object pointer": o,
		"holder": struct{ O *Object }{o}, "pointer to a holder": &struct{ O Object }{*o}}
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%o", "%b"} {
			checkHidden(t, name+" "+verb, fmt.Sprintf(verb, v), encoded)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		checkHidden(t, name+" json", string(text), encoded)
		var b bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
			slog.New(h).Info("m", "v", v, slog.Group("g", "v", v))
		}
		checkHidden(t, name+" slog", b.String(), encoded)
	}
	checkHidden(t, "error", fmt.Errorf("x: %v", o.Secret.Data["k"]).Error(), encoded)
}

func checkHidden(t *testing.T, how, text string, encoded []string) {
	t.Helper()
	if slices.ContainsFunc(encoded, func(e string) bool { return strings.Contains(text, e) }) {
		t.Errorf("%s shows the value", how)
	}
	if strings.HasPrefix(how, "value ") && !strings.Contains(text, redacted) {
		t.Errorf("%s does not say %s", how, redacted)
	}
}

// FuzzParse holds Parse to its contract for any bytes: it does not panic; it
// returns either an error or an object with exactly one of its three parts, of
// the kind that its ID names; a Secret's keys are those of its data, sorted;
// no error holds the marked value of a Secret.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		classJSON, syncJSON, secretJSON,
		`{"apiVersion":"v1","kind":"Secret","data":{"k":"MARKED-VALUE"}}`,              // not base64
		`{"apiVersion":"v1","kind":"Secret","data":{"k":["MARKED-VALUE"]}}`,            // a list of text
		`{"apiVersion":"v1","kind":"Secret","data":{"k":"AA=="},"stringData":{"k":7}}`, // a number
		`{"apiVersion":"v1","kind":"Secret","data":null,"stringData":null}`,
		`{"kind":"List","items":[]}`, `null`, `[]`, `{`,
		deviceJSON, templateJSON, certificateJSON,
		`{"apiVersion":"namespaces.deviceregistry.microsoft.com/v1","kind":"Device","spec":{"endpoints":{"inbound":{"a":null,"":{"address":"::","additionalConfiguration":"{"}}}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := Parse(raw)
		if err != nil {
			if strings.Contains(err.Error(), "MARKED-VALUE") {
				t.Error("the error quotes a value")
			}
			if o != nil {
				t.Errorf("an object beside the error %v", err)
			}
			return
		}
		kinds := map[string]bool{KindSecretProviderClass: o.SPC != nil, KindSecretSync: o.Sync != nil, KindSecret: o.Secret != nil}
		for kind, set := range kinds {
			if set != (kind == o.ID.Kind) {
				t.Errorf("the part for %s is set: %v, in an object of kind %q", kind, set, o.ID.Kind)
			}
		}
		if o.Secret != nil {
			checkKeys(t, o.Secret)
		}
	})
}

func checkKeys(t *testing.T, s *Secret) {
	t.Helper()
	if len(s.Keys) != len(s.Data) || !slices.IsSorted(s.Keys) {
		t.Errorf("%d keys for %d values, or not sorted", len(s.Keys), len(s.Data))
	}
	for _, k := range s.Keys {
		if _, ok := s.Data[k]; !ok {
			t.Errorf("key %q has no value", k)
		}
	}
}

const (
	deviceJSON = `{"apiVersion":"namespaces.deviceregistry.microsoft.com/v1","kind":"Device","metadata":{"namespace":"ns","name":"press"},
		"spec":{"endpoints":{"inbound":{"opc":{"endpointType":"Microsoft.OpcUa","address":"opc.tcp://press.plant:4840",
		"additionalConfiguration":"{\"security\":{\"autoAcceptUntrustedServerCertificates\":true,\"securityPolicy\":\"Basic256Sha256\"}}",
		"authentication":{"method":"Certificate","x509Credentials":{"certificateSecretName":"cred/certificate","keySecretName":"cred/privateKey"}}},
		"rest":{"endpointType":"Microsoft.Http","address":"https://[2001:db8::1]:8443","trustSettings":{"trustList":"list"}}}}}}`
	templateJSON = `{"apiVersion":"iotoperations.azure.com/v1","kind":"ConnectorTemplate","metadata":{"namespace":"ns","name":"rest"},
		"spec":{"deviceInboundEndpointTypes":[{"endpointType":"Microsoft.Http"}],"runtimeConfiguration":{"managedConfigurationSettings":
		{"trustSettings":{"trustListSecretRef":"list"},"secrets":[{"secretRef":"token","secretKey":"k"},{}]}}}}`
	certificateJSON = `{"apiVersion":"cert-manager.io/v1","kind":"Certificate","metadata":{"namespace":"ns","name":"own"},
		"spec":{"secretName":"s","commonName":"cn","uris":["urn:a:b"],"privateKey":{"algorithm":"ECDSA"}}}`
)

// What uses stores: endpoints by name, references in their order, each with its
// field as kubectl shows it.
func TestParseDevice(t *testing.T) {
	o, err := Parse([]byte(deviceJSON))
	if err != nil {
		t.Fatal(err)
	}
	const at = "spec.endpoints.inbound."
	want := &Consumer{
		Endpoints: []Endpoint{
			{Name: "opc", Field: at + "opc", Type: "Microsoft.OpcUa", Address: "opc.tcp://press.plant:4840", Method: "Certificate", AutoAccept: true, SecurityPolicy: "Basic256Sha256"},
			{Name: "rest", Field: at + "rest", Type: "Microsoft.Http", Address: "https://[2001:db8::1]:8443"},
		},
		References: []Reference{
			{Field: at + "opc.authentication.x509Credentials.certificateSecretName", Endpoint: "opc", Use: UseCertificate, Text: "cred/certificate", Secret: "cred", Key: "certificate"},
			{Field: at + "opc.authentication.x509Credentials.keySecretName", Endpoint: "opc", Use: UseKey, Text: "cred/privateKey", Secret: "cred", Key: "privateKey"},
			{Field: at + "rest.trustSettings.trustList", Endpoint: "rest", Use: UseTrustList, Text: "list", Secret: "list"},
		},
	}
	if diff := cmp.Diff(want, o.Consumer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if h := []string{o.Consumer.Endpoints[0].Host(), o.Consumer.Endpoints[1].Host()}; h[0] != "press.plant" || h[1] != "2001:db8::1" {
		t.Errorf("hosts %q", h)
	}
}

func TestParseConnectorTemplate(t *testing.T) {
	for _, api := range []string{"iotoperations.azure.com/v1", "akri.microsoft.com/v1beta1"} {
		o, err := Parse([]byte(strings.Replace(templateJSON, "iotoperations.azure.com/v1", api, 1)))
		if err != nil {
			t.Fatal(err)
		}
		const at = "spec.runtimeConfiguration.managedConfigurationSettings."
		want := &Consumer{Types: []string{"Microsoft.Http"}, References: []Reference{
			{Field: at + "trustSettings.trustListSecretRef", Use: UseTrustList, Text: "list", Secret: "list"},
			{Field: at + "secrets[0]", Use: UseSecret, Text: "token/k", Secret: "token", Key: "k"},
		}}
		if diff := cmp.Diff(want, o.Consumer); diff != "" {
			t.Errorf("%s (-want +got):\n%s", api, diff)
		}
	}
}

// What a Certificate does not say is what cert-manager takes for it.
func TestParseIssuance(t *testing.T) {
	o, err := Parse([]byte(certificateJSON))
	if err != nil {
		t.Fatal(err)
	}
	want := &Issuance{SecretName: "s", CommonName: "cn", URIs: []string{"urn:a:b"}, Usages: []string{"digital signature", "key encipherment"},
		KeyAlgorithm: "ECDSA", KeySize: 256}
	if diff := cmp.Diff(want, o.Issuance); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for namespace, guarded := range map[string]bool{"ns": false, "azure-iot-operations": true} {
		o.ID.Namespace, o.Issuance.SecretName = namespace, ApplicationCertificate
		if got := (Inventory{Namespaces: []string{"azure-iot-operations"}}).Guarded(o); got != guarded {
			t.Errorf("in %s it is guarded: %v", namespace, got)
		}
	}
}
