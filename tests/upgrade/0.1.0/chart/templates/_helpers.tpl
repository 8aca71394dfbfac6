{{/* Name of everything that there is one of; the release's name unless that already says it. */}}
{{- define "cro.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods. Never changes in the life of a release. */}}
{{- define "cro.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of everything. */}}
{{- define "cro.labels" -}}
{{ include "cro.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels of what the test makes: not those that select the operator's pods. */}}
{{- define "cro.testLabels" -}}
app.kubernetes.io/name: {{ include "cro.fullname" . | trunc 58 | trimSuffix "-" }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Name of the service account. */}}
{{- define "cro.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "cro.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The image: by digest where there is one, else by tag, else by the chart's own version. */}}
{{- define "cro.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default (printf "v%s" .Chart.AppVersion) .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The flags of the operator: only what differs from its own defaults is said, so that the defaults stay in one place. */}}
{{- define "cro.args" -}}
- run
- --log-format={{ .Values.logFormat }}
{{- with .Values.logLevel }}
- --log-level={{ . }}
{{- end }}
{{- with .Values.watchNamespaces }}
- --watch-namespaces={{ join "," . }}
{{- end }}
{{- with .Values.watchLabelSelector }}
- {{ printf "--watch-label-selector=%s" . | quote }}
{{- end }}
{{- if ne .Values.watchConfigMaps "All" }}
- --watch-configmaps={{ .Values.watchConfigMaps }}
{{- end }}
{{- if .Values.leaderElection.enabled }}
- --enable-leader-election
{{- with .Values.leaderElection.leaseDuration }}
- --leader-election-lease-duration={{ . }}
{{- end }}
{{- with .Values.leaderElection.renewDeadline }}
- --leader-election-renew-deadline={{ . }}
{{- end }}
{{- with .Values.leaderElection.retryPeriod }}
- --leader-election-retry-period={{ . }}
{{- end }}
{{- end }}
{{- if .Values.streamingLists }}
- --streaming-lists
{{- end }}
{{- with .Values.concurrency }}
- --concurrency={{ int . }}
{{- end }}
{{- with .Values.analysisTimeout }}
- --analysis-timeout={{ . }}
{{- end }}
{{- with .Values.apiTimeout }}
- --api-timeout={{ . }}
{{- end }}
{{- with .Values.maxTextBytes }}
- --max-text-bytes={{ int64 . }}
{{- end }}
{{- with .Values.http.allowHosts }}
- --http-allow-host={{ join "," . }}
{{- end }}
{{- with .Values.http.allowCidrs }}
- --http-allow-cidr={{ join "," . }}
{{- end }}
{{- with .Values.http.denyHosts }}
- --http-deny-host={{ join "," . }}
{{- end }}
{{- with .Values.http.allowPorts }}
- --http-allow-port={{ range $i, $port := . }}{{ if $i }},{{ end }}{{ int $port }}{{ end }}
{{- end }}
{{- with .Values.http.maxBytes }}
- --http-max-bytes={{ int64 . }}
{{- end }}
{{- with .Values.http.maxInFlight }}
- --http-max-in-flight={{ int . }}
{{- end }}
{{- with .Values.http.maxPerHost }}
- --http-max-per-host={{ int . }}
{{- end }}
{{- if .Values.http.proxyFromEnvironment }}
- --http-proxy-from-environment
{{- end }}
- --health-addr=:{{ int .Values.health.port }}
- --metrics-addr={{ if .Values.metrics.enabled }}:{{ int .Values.metrics.port }}{{ else }}0{{ end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end -}}
