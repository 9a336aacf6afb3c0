package store

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitKey(t *testing.T) {
	tests := map[string]struct {
		want   Key
		upload string
	}{
		"my-server.der":     {Key{"my-server.der", "my-server", ".der"}, "application/pkix-cert"},
		"MY.DER":            {Key{"MY.DER", "MY", ".DER"}, "application/pkix-cert"},
		"a.b.crl":           {Key{"a.b.crl", "a.b", ".crl"}, "application/pkix-crl"},
		"ca.crt":            {Key{"ca.crt", "ca", ".crt"}, "application/x-pem-file"},
		"k.pem":             {Key{"k.pem", "k", ".pem"}, "application/x-pem-file"},
		".der":              {Key{".der", "", ".der"}, "application/pkix-cert"},
		"password":          {Key{"password", "password", ""}, "text/plain"},
		"ends-with-a-dot.":  {Key{"ends-with-a-dot.", "ends-with-a-dot", "."}, "text/plain"},
		"my-server.der.bak": {Key{"my-server.der.bak", "my-server.der", ".bak"}, "text/plain"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := SplitKey(name)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.UploadType() != tc.upload {
				t.Errorf("the upload type is %q, want %q", got.UploadType(), tc.upload)
			}
		})
	}
}

const aio, elsewhere = "azure-iot-operations", "elsewhere"

var inventory = Inventory{Namespaces: []string{aio}, Stores: []Named{
	{Namespace: aio, Name: "rest-list", Role: RoleTLSTrust},
	{Namespace: elsewhere, Name: "far-list", Role: RoleIssuer},
}}

type change func(*Object)

func labelled(key, value string) change {
	return func(o *Object) { o.Labels = map[string]string{key: value} }
}

func owned(kind string) change { return func(o *Object) { o.Owners = []Owner{{Kind: kind}} } }

func keyed(keys ...string) change {
	return func(o *Object) {
		if o.Secret != nil {
			o.Secret.Keys = keys
			return
		}
		for _, k := range keys {
			o.Sync.Mappings = append(o.Sync.Mappings, Mapping{TargetKey: k})
		}
	}
}

func object(kind, namespace, name string, changes ...change) *Object {
	o := &Object{ID: ID{Kind: kind, Namespace: namespace, Name: name}}
	switch kind {
	case KindSecretProviderClass:
		o.SPC = &SecretProviderClass{}
	case KindSecretSync:
		o.Sync = &SecretSync{}
	case KindSecret:
		o.Secret = &Secret{}
	}
	for _, c := range changes {
		c(o)
	}
	return o
}

func TestRoleOf(t *testing.T) {
	const trust = "aio-opc-ua-broker-trust-list"
	tests := map[string]struct {
		object *Object
		want   Role
	}{
		"trust list":                    {object(KindSecretSync, aio, trust), RoleTrust},
		"issuer list":                   {object(KindSecret, aio, "aio-opc-ua-broker-issuer-list"), RoleIssuer},
		"client store":                  {object(KindSecret, aio, "aio-opc-ua-broker-client-certificate"), RoleClient},
		"reserved name elsewhere":       {object(KindSecretSync, elsewhere, trust), RoleTrust},
		"a provider class has none":     {object(KindSecretProviderClass, aio, trust), RoleUnknown},
		"configured":                    {object(KindSecret, aio, "rest-list"), RoleTLSTrust},
		"configured in its namespace":   {object(KindSecret, elsewhere, "rest-list"), RoleUnknown},
		"label":                         {object(KindSecret, aio, "x", labelled(StoreLabel, "opcua-issuer")), RoleIssuer},
		"label beside a reserved name":  {object(KindSecret, aio, trust, labelled(StoreLabel, "opcua-issuer")), RoleTrust},
		"unknown label, known key":      {object(KindSecret, aio, "x", labelled(StoreLabel, "nonsense"), keyed("ca.crt")), RoleTLSTrust},
		"key of a TLS list":             {object(KindSecretSync, aio, "x", keyed("ca.crt")), RoleTLSTrust},
		"a key pair beside ca.crt":      {object(KindSecret, aio, "x", keyed("ca.crt", "tls.crt", "tls.key")), RoleUnknown},
		"certificates beside ca.crt":    {object(KindSecret, aio, "x", keyed("ca.crt", "other.pem")), RoleTLSTrust},
		"a password beside ca.crt":      {object(KindSecret, aio, "x", keyed("ca.crt", "password")), RoleUnknown},
		"key of a device":               {object(KindSecretSync, aio, "x", keyed("certificate", "privateKey")), RoleDeviceCredential},
		"intermediates of a device":     {object(KindSecret, aio, "x", keyed("intermediateCerts")), RoleDeviceCredential},
		"keys that say nothing":         {object(KindSecret, aio, "x", keyed("a.der", "certificate")), RoleUnknown},
		"near miss of a reserved name":  {object(KindSecret, aio, "aio-opc-ua-trust-list"), RoleUnknown},
		"configuration beats the label": {object(KindSecret, aio, "rest-list", labelled(StoreLabel, "opcua-issuer")), RoleTLSTrust},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := inventory.RoleOf(tc.object); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestGuarded(t *testing.T) {
	const trust = "aio-opc-ua-broker-trust-list"
	tests := map[string]struct {
		object *Object
		want   bool
	}{
		"provider class":                  {object(KindSecretProviderClass, aio, "x"), true},
		"provider class elsewhere":        {object(KindSecretProviderClass, elsewhere, trust), false},
		"sync":                            {object(KindSecretSync, aio, "x"), true},
		"sync elsewhere":                  {object(KindSecretSync, elsewhere, "x"), false},
		"sync elsewhere, reserved name":   {object(KindSecretSync, elsewhere, trust), true},
		"sync elsewhere, configured":      {object(KindSecretSync, elsewhere, "far-list"), true},
		"secret":                          {object(KindSecret, aio, "x", keyed("ca.crt")), false},
		"secret, reserved name":           {object(KindSecret, aio, trust), true},
		"secret, configured":              {object(KindSecret, aio, "rest-list"), true},
		"secret, sync label":              {object(KindSecret, aio, "x", labelled(SyncLabel, "")), true},
		"secret, store label":             {object(KindSecret, aio, "x", labelled(StoreLabel, "opcua-trust")), true},
		"secret, owned by a sync":         {object(KindSecret, aio, "x", owned(KindSecretSync)), true},
		"secret, owned by another":        {object(KindSecret, aio, "x", owned("Deployment")), false},
		"secret elsewhere, reserved name": {object(KindSecret, elsewhere, trust), false},
		"secret elsewhere, store label":   {object(KindSecret, elsewhere, "x", labelled(StoreLabel, "opcua-trust")), false},
		"secret elsewhere, configured":    {object(KindSecret, elsewhere, "far-list"), true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := inventory.Guarded(tc.object); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestKindOf(t *testing.T) {
	tests := map[string]struct{ apiVersion, kind, want string }{
		"provider class":      {SecretProviderClassAPI, KindSecretProviderClass, KindSecretProviderClass},
		"older version":       {"secrets-store.csi.x-k8s.io/v1alpha1", KindSecretProviderClass, KindSecretProviderClass},
		"sync":                {SecretSyncAPI, KindSecretSync, KindSecretSync},
		"secret":              {SecretAPI, KindSecret, KindSecret},
		"secret of a group":   {"example.com/v1", KindSecret, ""},
		"sync of no group":    {"v1", KindSecretSync, ""},
		"other kind":          {"v1", "ConfigMap", ""},
		"case":                {"v1", "secret", ""},
		"kinds of two groups": {SecretSyncAPI, KindSecretProviderClass, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := KindOf(tc.apiVersion, tc.kind); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestReservedNames(t *testing.T) {
	names := ReservedNames()
	if len(names) != 3 || !slices.IsSorted(names) {
		t.Errorf("got %v, want three names, sorted", names)
	}
	for _, n := range names {
		if r, ok := Reserved(n); !ok || !slices.Contains(Roles(), r) {
			t.Errorf("%s has the role %q", n, r)
		}
	}
	if _, ok := Reserved("x"); ok {
		t.Error("x is reserved")
	}
}

func TestDistance(t *testing.T) {
	tests := map[string]struct {
		a, b string
		want int
	}{
		"same":        {"azure", "azure", 0},
		"one changed": {"azure", "azura", 1},
		"one added":   {"azure", "azurre", 1},
		"swapped":     {"azure", "auzre", 2},
		"empty":       {"", "azure", 5},
		"both empty":  {"", "", 0},
		"too long":    {string(make([]byte, 65)), "a", 64},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got, back := Distance(tc.a, tc.b), Distance(tc.b, tc.a); got != tc.want || back != tc.want {
				t.Errorf("got %d and %d back, want %d", got, back, tc.want)
			}
		})
	}
}

func TestNearReserved(t *testing.T) {
	const trust, issuer, client = "aio-opc-ua-broker-trust-list", "aio-opc-ua-broker-issuer-list", "aio-opc-ua-broker-client-certificate"
	for name, want := range map[string]string{
		trust: "", issuer: "", client: "",
		"aio-opc-ua-trust-list":                 trust,
		"aio-opc-ua-broker-trustlist":           trust,
		"aio-opcua-broker-trusted-list":         trust,
		"aio-opc-ua-broker-trust-lists":         trust,
		"opc-ua-broker-issuer-list":             issuer,
		"opcua-issuer-list":                     issuer,
		"aio-opc-ua-brokr-isuer-list":           issuer,
		"aio-opc-ua-broker-client-cert":         client,
		"my-trust-list":                         "",
		"trust-list":                            "",
		"aio-opc-ua-broker-trust-list-old":      "",
		"aio-opc-opcuabroker-default-cert":      "",
		"aio-opc-ua-broker-user-authentication": "",
		"":                                      "",
	} {
		if got := NearReserved(name); got != want {
			t.Errorf("NearReserved(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestManaged(t *testing.T) {
	for name, tc := range map[string]struct {
		o               Object
		labelled, owned bool
	}{
		"bare":                 {Object{Labels: map[string]string{"app": "x", StoreLabel: "opcua-trust"}}, false, false},
		"labelled":             {Object{Labels: map[string]string{SyncLabel: ""}}, true, false},
		"labelled as promised": {Object{Labels: map[string]string{SyncLabel + "/secretsync": "x"}}, true, false},
		"another's label":      {Object{Labels: map[string]string{SyncLabel + "er": ""}}, false, false},
		"owned":                {Object{Owners: []Owner{{Kind: "Deployment"}, {Kind: KindSecretSync}}}, false, true},
	} {
		if got := tc.o.Labelled(); got != tc.labelled {
			t.Errorf("%s: labelled is %t", name, got)
		}
		if got := tc.o.Owned(); got != tc.owned {
			t.Errorf("%s: owned is %t", name, got)
		}
		if got := tc.o.Managed(); got != (tc.labelled || tc.owned) {
			t.Errorf("%s: managed is %t", name, got)
		}
	}
}
