package chart_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Wrong values are refused, and the field is named.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ values, namespace, want string }{
		"no namespace":            {values: "namespaces: []", want: "namespaces"},
		"a namespace twice":       {values: "namespaces: [a, a]", want: "namespaces"},
		"a namespace with quotes": {values: `namespaces: ["a'"]`, want: "namespaces"},
		"a text for a list":       {values: "namespaces: plant", want: "namespaces"},
		"misspelt at the top":     {values: "webhok: {}", want: "webhok"},
		"misspelt below":          {values: "webhook: {failopen: true}", want: "failopen"},
		"misspelt of the image":   {values: "image: {name: x}", want: "name"},
		"no tag":                  {values: `image: {tag: ""}`, want: "tag"},
		"a number as tag":         {values: "image: {tag: 1.10}", want: "tag"},
		"pull policy":             {values: "image: {pullPolicy: Sometimes}", want: "pullPolicy"},
		"a pull secret":           {values: "image: {pullSecrets: [{name: x}]}", want: "pullSecrets"},
		"no replica":              {values: "webhook: {replicas: 0}", want: "replicas"},
		"a text as boolean":       {values: `sync: {enabled: "false"}`, want: "enabled"},
		"certificate":             {values: "webhook: {certificate: letsEncrypt}", want: "certificate"},
		"too long a timeout":      {values: "webhook: {timeoutSeconds: 31}", want: "timeoutSeconds"},
		"a duration":              {values: "webhook: {timeoutSeconds: 5s}", want: "timeoutSeconds"},
		"a resource":              {values: "sync: {resources: {limits: {memory: much}}}", want: "memory"},
		"resources":               {values: "sync: {resources: {claims: []}}", want: "claims"},
		"client ID":               {values: "workloadIdentity: {clientId: mine}", want: "clientId"},
		"crds":                    {values: "crds: {keep: true}", want: "keep"},
		"network policy":          {values: "networkPolicy: true", want: "networkPolicy"},
		"priority":                {values: "priorityClass: {name: high}", want: "name"},
		"namespaces elsewhere":    {values: "config: {namespaces: [a]}", want: "set namespaces"},
		"a port of the pods":      {values: `config: {webhook: {health: ":9"}}`, want: "config.webhook.health cannot be set"},
		"a store with quotes":     {values: `config: {stores: [{namespace: azure-iot-operations, name: "a'", role: tls-trust}]}`, want: "config/stores/0/name"},
		"a store with no role":    {values: "config: {stores: [{namespace: azure-iot-operations, name: a}]}", want: "role"},
		"a store elsewhere":       {values: "config: {stores: [{namespace: oven, name: a, role: tls-trust}]}", want: "add it to namespaces"},
		"nothing at all":          {values: "webhook: {enabled: false}\nsync: {enabled: false}", want: "set one of them to true"},
		"a drain without end":     {values: "webhook: {replicas: 1}", want: "set webhook.disruptionBudget to false"},
		"rounds of no sync":       {values: "sync: {enabled: false}\nconfig: {rounds: {in: sync}}", want: "config.rounds.in"},
		"rounds of no webhook":    {values: "webhook: {enabled: false}\nconfig: {rounds: {in: webhook, reports: false}}", want: "config.rounds.in"},
		"reports of the webhook":  {values: "config: {rounds: {in: webhook}}", want: "set config.rounds.reports to false"},
		"in another namespace":    {namespace: "default", want: "--namespace storewarden"},
	} {
		t.Run(name, func(t *testing.T) {
			namespace := c.namespace
			if namespace == "" {
				namespace = "storewarden"
			}
			if _, _, err := render(c.values, namespace); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v does not name %s", err, c.want)
			}
		})
	}
}

// The schema knows the values that there are, and no others but what is in config; and
// each value tells what it is.
func TestSchema(t *testing.T) {
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join(manifests, "chart", name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var root yaml.Node
	if err := yaml.Unmarshal(read("values.yaml"), &root); err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(read("values.schema.json"), &schema); err != nil {
		t.Fatal(err)
	}
	delete(schema["properties"].(map[string]any), "global") // which Helm adds by itself
	same(t, "", root.Content[0], schema, schema["$defs"].(map[string]any))
}

// same compares values with their schema.
func same(t *testing.T, at string, values *yaml.Node, schema, defs map[string]any) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schema = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	if at == ".config" || schema["type"] != "object" {
		return
	}
	if schema["additionalProperties"] != false {
		t.Errorf("values%s may have what is not known", at)
	}
	properties := schema["properties"].(map[string]any)
	var keys []string
	for i := 0; i < len(values.Content); i += 2 {
		key, value := values.Content[i], values.Content[i+1]
		keys = append(keys, key.Value)
		below, known := properties[key.Value].(map[string]any)
		if !known {
			t.Errorf("values%s.%s is not in the schema", at, key.Value)
			continue
		}
		group := value.Kind == yaml.MappingNode && value.Style&yaml.FlowStyle == 0
		if key.HeadComment == "" && !group && !strings.Contains(at, ".resources") {
			t.Errorf("values%s.%s has no comment", at, key.Value)
		}
		same(t, at+"."+key.Value, value, below, defs)
	}
	if missing := slices.DeleteFunc(slices.Sorted(maps.Keys(properties)), func(p string) bool { return slices.Contains(keys, p) }); len(missing) > 0 && !strings.Contains(at, ".resources.") {
		t.Errorf("values%s lacks %v of the schema", at, missing)
	}
}

// The notes say what is to be done next, and only that.
func TestNotes(t *testing.T) {
	for values, want := range map[string]map[string]bool{
		"": {"pod-security.kubernetes.io/enforce=restricted": true, "storewarden:break-glass": true, "KV-00": true, "delete crd": true},
		"webhook: {failOpen: true}\nnamespace: {create: true}":                                     {"everybody's changes pass": true, "storewarden:break-glass": false, "pod-security": false},
		"webhook: {enabled: false}\nconfig: {vault: {kind: azure}}":                                {"rollout status": false, "KV-00": false, "delete crd": true},
		"sync: {enabled: false}\nnamespaces: [press, oven]":                                        {"press, oven": true, "delete crd": false, "rollout status": true},
		"workloadIdentity: {clientId: " + strings.Repeat("0", 8) + "-0000-0000-0000-000000000000}": {"KV-00": true, "workloadIdentity.clientId": false},
	} {
		_, notes, err := render(values, "storewarden")
		if err != nil {
			t.Fatal(err)
		}
		for text, there := range want {
			if strings.Contains(notes, text) != there {
				t.Errorf("%q: %q is there: %v, in\n%s", values, text, !there, notes)
			}
		}
	}
}
