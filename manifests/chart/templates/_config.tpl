{{/* The configuration, as config.yaml. What equals Storewarden's own default is left out. */}}
{{- define "storewarden.config" -}}
{{- $c := dict "namespaces" .Values.namespaces "vault" (dict "kind" "none" "allowed" dict) -}}
{{- if .Values.webhook.enabled -}}
  {{- $register := dict "service" "storewarden/storewarden-webhook" "owner" "storewarden-webhook" -}}
  {{- if .Values.webhook.failOpen }}{{ $_ := set $register "failOpen" true }}{{ end -}}
  {{- $webhook := dict "register" $register -}}
  {{- if eq .Values.webhook.certificate "selfSigned" }}{{ $_ := set $webhook "selfSigned" "storewarden/storewarden-webhook-tls" }}{{ end -}}
  {{- if .Values.webhook.autofix }}{{ $_ := set $webhook "autofix" true }}{{ end -}}
  {{- if ne (int .Values.webhook.timeoutSeconds) 5 }}{{ $_ := set $webhook "timeout" (printf "%ds" (int .Values.webhook.timeoutSeconds)) }}{{ end -}}
  {{- $_ := set $c "webhook" $webhook -}}
  {{- /* Reports would need the rights that the sync loop has. */ -}}
  {{- if not .Values.sync.enabled }}{{ $_ := set $c "rounds" (dict "in" "webhook" "reports" false) }}{{ end -}}
{{- end -}}
{{- toYaml (mergeOverwrite $c (deepCopy .Values.config)) -}}
{{- end -}}

{{/* The stores of the configuration in a namespace, behind the reserved ones in a list of a
role: of (list $ namespace). */}}
{{- define "storewarden.storesBeside" -}}
{{- $namespace := index . 1 -}}
{{- range (index . 0).Values.config.stores -}}
{{- if eq .namespace $namespace }}, {{ .name }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* What the sync loop may write, as a list of CEL. */}}
{{- define "storewarden.fenced" -}}
{{- $stores := list -}}
{{- range $namespace := .Values.namespaces -}}
{{- range list "trust-list" "issuer-list" "client-certificate" -}}
{{- $stores = append $stores (printf "'%s/aio-opc-ua-broker-%s'" $namespace .) -}}
{{- end -}}
{{- end -}}
{{- range .Values.config.stores -}}
{{- $stores = append $stores (printf "'%s/%s'" .namespace .name) -}}
{{- end -}}
[{{ join ", " $stores }}]
{{- end -}}

{{/* What cannot be installed is refused, with the value to change. */}}
{{- define "storewarden.check" -}}
{{- if ne .Release.Namespace "storewarden" -}}
{{- fail (printf "the release would go into the namespace %s: install it with --namespace storewarden, as its names are fixed" .Release.Namespace) -}}
{{- end -}}
{{- if not (or .Values.webhook.enabled .Values.sync.enabled) -}}
{{- fail "webhook.enabled and sync.enabled are both false: set one of them to true" -}}
{{- end -}}
{{- if and .Values.webhook.enabled .Values.webhook.disruptionBudget (lt (int .Values.webhook.replicas) 2) -}}
{{- fail "webhook.disruptionBudget keeps one replica, and webhook.replicas is 1: a drain of its node would wait for ever; set webhook.disruptionBudget to false" -}}
{{- end -}}
{{- if hasKey .Values.config "namespaces" -}}
{{- fail "config.namespaces cannot be set: set namespaces, from which roles and the fence are made too" -}}
{{- end -}}
{{- range list "port" "certDir" "health" "metrics" -}}
{{- if hasKey (dig "webhook" dict $.Values.config) . -}}
{{- fail (printf "config.webhook.%s cannot be set: ports, probes and folders of the pods rest on its default" .) -}}
{{- end -}}
{{- end -}}
{{- $rounds := dig "rounds" "in" (.Values.sync.enabled | ternary "sync" "webhook") .Values.config -}}
{{- if or (and (eq $rounds "sync") (not .Values.sync.enabled)) (and (eq $rounds "webhook") (not .Values.webhook.enabled)) -}}
{{- fail (printf "config.rounds.in is %s, and %s.enabled is false: nobody would judge what stands; set config.rounds.in to what runs, or to none" $rounds $rounds) -}}
{{- end -}}
{{- if and (eq $rounds "webhook") (dig "rounds" "reports" .Values.sync.enabled .Values.config) -}}
{{- fail "config.rounds.in is webhook, which has no right to write reports: set config.rounds.reports to false" -}}
{{- end -}}
{{- range $i, $store := .Values.config.stores -}}
{{- if not (has $store.namespace $.Values.namespaces) -}}
{{- fail (printf "config.stores[%d] is in the namespace %s: add it to namespaces, so that its roles are made" $i $store.namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
