{{/*
What the schema cannot say: values that do not fit together. Each message names the value and says what would be right.
*/}}
{{- define "cro.checks" -}}

{{- $rolling := .Values.updateStrategy.rollingUpdate | default dict -}}
{{- if and (has (toString $rolling.maxSurge) (list "0" "0%")) (has (toString $rolling.maxUnavailable) (list "0" "0%")) -}}
{{- fail "updateStrategy.rollingUpdate: with maxSurge and maxUnavailable both 0 no pod could ever be replaced; set one of them to 1 or more" -}}
{{- end -}}

{{- /* The chart's own labels: selectors go by them, and no key may be there twice. */ -}}
{{- $own := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "helm.sh/chart" -}}
{{- range $name, $labels := dict
  "commonLabels" .Values.commonLabels
  "podLabels" .Values.podLabels
  "service.labels" .Values.service.labels
  "serviceMonitor.labels" .Values.serviceMonitor.labels
  "podMonitor.labels" .Values.podMonitor.labels
  "prometheusRule.labels" .Values.prometheusRule.labels
  "dashboard.labels" .Values.dashboard.labels
-}}
{{- range $key, $_ := $labels -}}
{{- if has $key $own -}}
{{- fail (printf "%s: the chart sets %s itself; leave it out" $name $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- with .Values.leaderElection -}}
{{- if and .leaseDuration .renewDeadline (le (include "cro.milliseconds" .leaseDuration | int64) (include "cro.milliseconds" .renewDeadline | int64)) -}}
{{- fail "leaderElection.renewDeadline must be shorter than leaderElection.leaseDuration, or two replicas could work at the same time" -}}
{{- end -}}
{{- if and .renewDeadline .retryPeriod (le (include "cro.milliseconds" .renewDeadline | int64) (include "cro.milliseconds" .retryPeriod | int64)) -}}
{{- fail "leaderElection.retryPeriod must be shorter than leaderElection.renewDeadline, or the lease could never be renewed in time" -}}
{{- end -}}
{{- end -}}

{{- if and .Values.metrics.enabled (eq (int .Values.health.port) (int .Values.metrics.port)) -}}
{{- fail (printf "health.port and metrics.port are both %d; give them different ports" (int .Values.health.port)) -}}
{{- end -}}

{{- if and .Values.rbac.create (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.name: say which account is to have the operator's rights (serviceAccount.create is false), or set rbac.create to false; otherwise every pod of the namespace that runs as `default` would have them" -}}
{{- end -}}

{{- /* Flags that values stand for, each with its value: the chart itself goes by these, so nothing may say otherwise behind its back. */ -}}
{{- $valueOf := dict
  "log-format" "logFormat"
  "log-level" "logLevel"
  "watch-namespaces" "watchNamespaces"
  "watch-label-selector" "watchLabelSelector"
  "watch-configmaps" "watchConfigMaps"
  "enable-leader-election" "leaderElection.enabled"
  "leader-election-lease-duration" "leaderElection.leaseDuration"
  "leader-election-renew-deadline" "leaderElection.renewDeadline"
  "leader-election-retry-period" "leaderElection.retryPeriod"
  "streaming-lists" "streamingLists"
  "concurrency" "concurrency"
  "analysis-timeout" "analysisTimeout"
  "api-timeout" "apiTimeout"
  "max-text-bytes" "maxTextBytes"
  "http-allow-host" "http.allowHosts"
  "http-allow-cidr" "http.allowCidrs"
  "http-deny-host" "http.denyHosts"
  "http-allow-port" "http.allowPorts"
  "http-max-bytes" "http.maxBytes"
  "http-max-in-flight" "http.maxInFlight"
  "http-max-per-host" "http.maxPerHost"
  "http-proxy-from-environment" "http.proxyFromEnvironment"
  "health-addr" "health.port"
  "metrics-addr" "metrics.port"
-}}
{{- range .Values.extraArgs -}}
{{- $flag := . | trimPrefix "--" | splitList "=" | first -}}
{{- if and (hasPrefix "--" .) (hasKey $valueOf $flag) -}}
{{- fail (printf "extraArgs: --%s is what the value %s is for; set that instead" $flag (get $valueOf $flag)) -}}
{{- end -}}
{{- end -}}

{{- $variables := list -}}
{{- range .Values.extraEnv -}}
{{- $flag := .name | lower | replace "_" "-" -}}
{{- if and (eq .name (upper .name)) (hasKey $valueOf $flag) -}}
{{- fail (printf "extraEnv: %s is what the value %s is for; set that instead" .name (get $valueOf $flag)) -}}
{{- end -}}
{{- if has .name (list "POD_NAME" "POD_NAMESPACE") -}}
{{- fail (printf "extraEnv: %s is set by the chart" .name) -}}
{{- end -}}
{{- if and $.Values.http.caBundle.name (eq .name "SSL_CERT_FILE") -}}
{{- fail "extraEnv: SSL_CERT_FILE is what the value http.caBundle is for; set one of the two" -}}
{{- end -}}
{{- if has .name $variables -}}
{{- fail (printf "extraEnv: %s is there twice" .name) -}}
{{- end -}}
{{- $variables = append $variables .name -}}
{{- end -}}

{{- if .Values.http.proxyFromEnvironment -}}
{{- $proxies := false -}}
{{- range $variables -}}
{{- $proxies = or $proxies (has . (list "HTTPS_PROXY" "HTTP_PROXY" "ALL_PROXY" "https_proxy" "http_proxy" "all_proxy")) -}}
{{- end -}}
{{- if not $proxies -}}
{{- fail "http.proxyFromEnvironment: there is no proxy in the environment; set HTTPS_PROXY, HTTP_PROXY or ALL_PROXY by extraEnv" -}}
{{- end -}}
{{- end -}}

{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "serviceMonitor.enabled and podMonitor.enabled: with both, everything would be scraped twice; set one of them to false" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "serviceMonitor.enabled: there are no metrics to scrape; set metrics.enabled to true" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.service.enabled) -}}
{{- fail "serviceMonitor.enabled: there is no Service to find the pods by; set service.enabled to true, or use podMonitor" -}}
{{- end -}}
{{- if and .Values.podMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "podMonitor.enabled: there are no metrics to scrape; set metrics.enabled to true" -}}
{{- end -}}
{{- range $name := list "serviceMonitor" "podMonitor" -}}
{{- $monitor := get $.Values $name -}}
{{- if gt (include "cro.milliseconds" $monitor.scrapeTimeout | int64) (include "cro.milliseconds" $monitor.interval | int64) -}}
{{- fail (printf "%s.scrapeTimeout (%s) is longer than %s.interval (%s); a scrape must end before the next" $name $monitor.scrapeTimeout $name $monitor.interval) -}}
{{- end -}}
{{- end -}}

{{- end -}}
