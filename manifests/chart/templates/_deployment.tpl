{{/* The Deployment of a part, of (list $ part): webhook or sync. */}}
{{- define "storewarden.deployment" -}}
{{- $ := index . 0 -}}
{{- $part := index . 1 -}}
{{- $values := index $.Values $part -}}
{{- $tls := and (eq $part "webhook") (eq $.Values.webhook.certificate "certManager") -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: storewarden-{{ $part }}
  namespace: storewarden
  labels: {app.kubernetes.io/name: storewarden, app.kubernetes.io/component: {{ $part }}}
spec:
  replicas: {{ $values.replicas }}
  {{- if eq $part "webhook" }}
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  {{- end }}
  selector:
    matchLabels: {app.kubernetes.io/name: storewarden, app.kubernetes.io/component: {{ $part }}}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: storewarden
        app.kubernetes.io/component: {{ $part }}
        {{- if $.Values.workloadIdentity.clientId }}
        azure.workload.identity/use: "true"
        {{- end }}
      annotations:
        # Another configuration makes other pods.
        checksum/config: {{ include "storewarden.config" $ | sha256sum }}
    spec:
      serviceAccountName: storewarden-{{ $part }}
      {{- if $.Values.priorityClass.create }}
      priorityClassName: storewarden
      {{- end }}
      {{- with $.Values.image.pullSecrets }}
      imagePullSecrets:
      {{- range . }}
      - {name: {{ . }}}
      {{- end }}
      {{- end }}
      # The webhook serves on for 5 s, and then ends the calls that it has, 6 s at most.
      terminationGracePeriodSeconds: 30
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        seccompProfile: {type: RuntimeDefault}
      {{- if $values.spread }}
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: ScheduleAnyway
        labelSelector:
          matchLabels: {app.kubernetes.io/name: storewarden, app.kubernetes.io/component: {{ $part }}}
      {{- end }}
      containers:
      - name: {{ $part }}
        image: {{ printf "%s:%s" $.Values.image.repository $.Values.image.tag | quote }}
        {{- with $.Values.image.pullPolicy }}
        imagePullPolicy: {{ . }}
        {{- end }}
        args: [serve, --{{ $part }}, --config, /etc/storewarden/config/config.yaml]
        env:
        {{- with $values.goMemoryLimit }}
        - {name: GOMEMLIMIT, value: {{ . }}}
        {{- end }}
        - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
        ports:
        {{- if eq $part "webhook" }}
        - {name: webhook, containerPort: 9443}
        {{- end }}
        - {name: health, containerPort: 8081}
        - {name: metrics, containerPort: 8080}
        {{- with $values.resources }}
        resources:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        startupProbe:
          httpGet: {path: /healthz, port: health}
          periodSeconds: 1
          failureThreshold: 60
        readinessProbe:
          httpGet: {path: /readyz, port: health}
          periodSeconds: 2
        livenessProbe:
          httpGet: {path: /healthz, port: health}
          periodSeconds: 10
          timeoutSeconds: 5
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL]}
        volumeMounts:
        {{- if $tls }}
        - {name: tls, mountPath: /etc/storewarden/tls, readOnly: true}
        {{- end }}
        - {name: config, mountPath: /etc/storewarden/config, readOnly: true}
      volumes:
      {{- if $tls }}
      - {name: tls, secret: {secretName: storewarden-webhook-tls}}
      {{- end }}
      - {name: config, configMap: {name: storewarden-config}}
{{- end -}}
