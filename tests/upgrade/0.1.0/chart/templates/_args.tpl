{{/* The flags of the operator: only what differs from its own defaults is said, so that the defaults stay in one place. */}}
{{- define "cro.args" -}}
- run
- {{ printf "--log-format=%s" .Values.logFormat | toYaml }}
{{- with .Values.logLevel }}
- {{ printf "--log-level=%s" . | toYaml }}
{{- end }}
{{- with .Values.watchNamespaces }}
- {{ printf "--watch-namespaces=%s" (join "," .) | toYaml }}
{{- end }}
{{- with .Values.watchLabelSelector }}
- {{ printf "--watch-label-selector=%s" . | toYaml }}
{{- end }}
{{- if ne .Values.watchConfigMaps "All" }}
- {{ printf "--watch-configmaps=%s" .Values.watchConfigMaps | toYaml }}
{{- end }}
{{- if .Values.leaderElection.enabled }}
- --enable-leader-election
{{- with .Values.leaderElection.leaseDuration }}
- {{ printf "--leader-election-lease-duration=%s" . | toYaml }}
{{- end }}
{{- with .Values.leaderElection.renewDeadline }}
- {{ printf "--leader-election-renew-deadline=%s" . | toYaml }}
{{- end }}
{{- with .Values.leaderElection.retryPeriod }}
- {{ printf "--leader-election-retry-period=%s" . | toYaml }}
{{- end }}
{{- end }}
{{- if .Values.streamingLists }}
- --streaming-lists
{{- end }}
{{- with .Values.concurrency }}
- --concurrency={{ int . }}
{{- end }}
{{- with .Values.analysisTimeout }}
- {{ printf "--analysis-timeout=%s" . | toYaml }}
{{- end }}
{{- with .Values.apiTimeout }}
- {{ printf "--api-timeout=%s" . | toYaml }}
{{- end }}
{{- with .Values.maxTextBytes }}
- --max-text-bytes={{ int64 . }}
{{- end }}
{{- with .Values.http.allowHosts }}
- {{ printf "--http-allow-host=%s" (join "," .) | toYaml }}
{{- end }}
{{- with .Values.http.allowCidrs }}
- {{ printf "--http-allow-cidr=%s" (join "," .) | toYaml }}
{{- end }}
{{- with .Values.http.denyHosts }}
- {{ printf "--http-deny-host=%s" (join "," .) | toYaml }}
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
