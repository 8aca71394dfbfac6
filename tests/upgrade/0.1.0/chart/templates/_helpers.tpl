{{/*
What users name lands in YAML by toYaml, which quotes where a name would be read as something else: a release may be called `2024` or `true`.
*/}}

{{/* Name of everything that there is one of; the release's name unless that already says it. */}}
{{- define "cro.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimAll "-." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Name of the Service: a DNS label that begins with a letter, which a release's name need not be. */}}
{{- define "cro.serviceName" -}}
{{- $name := include "cro.fullname" . | replace "." "-" -}}
{{- if regexMatch "^[0-9]" $name -}}
{{- $name = printf "r-%s" $name -}}
{{- end -}}
{{- printf "%s-metrics" ($name | trunc 55 | trimSuffix "-") -}}
{{- end -}}

{{/* What selects the pods. Never changes in the life of a release. */}}
{{- define "cro.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | toYaml }}
app.kubernetes.io/instance: {{ .Release.Name | toYaml }}
{{- end -}}

{{/* Labels of everything. */}}
{{- define "cro.labels" -}}
{{- include "cro.labelsWith" (list . dict) -}}
{{- end -}}

{{/* The same and more, of a list of the context and a map. Of what several say the chart's own counts, then what is said for one thing alone. */}}
{{- define "cro.labelsWith" -}}
{{- $context := index . 0 -}}
{{- $own := include "cro.selectorLabels" $context | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" $context.Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" $context.Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $context.Chart.Name $context.Chart.Version | replace "+" "_" | trunc 63 | trimAll "-_.") -}}
{{- include "cro.together" (list $context.Values.commonLabels (index . 1) $own) -}}
{{- end -}}

{{/* Labels by which the roles of a list take in what a role grants. */}}
{{- define "cro.aggregateTo" -}}
{{- range . }}
rbac.authorization.k8s.io/aggregate-to-{{ . }}: "true"
{{- end }}
{{- end -}}

{{/* Labels of what the test makes: not those that select the operator's pods. */}}
{{- define "cro.testLabels" -}}
{{- $own := dict "app.kubernetes.io/name" (printf "%s-test" (include "cro.fullname" . | trunc 58 | trimSuffix "-")) -}}
{{- $_ := set $own "app.kubernetes.io/instance" .Release.Name -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- include "cro.together" (list .Values.commonLabels $own) -}}
{{- end -}}

{{/* Maps as one, in which no key is there twice: the last that has one counts, empty values too. */}}
{{- define "cro.together" -}}
{{- $together := dict -}}
{{- range . -}}
{{- range $key, $value := . -}}
{{- $_ := set $together $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $together -}}
{{- end -}}

{{/* Labels by which this release takes in a report: what a selector of the form key=value,... asks for, and tests.labels. */}}
{{- define "cro.reportLabels" -}}
{{- $asked := dict -}}
{{- $plain := true -}}
{{- range splitList "," .Values.watchLabelSelector -}}
{{- $parts := regexSplit "==?" (trim .) 2 -}}
{{- if regexMatch `^[A-Za-z0-9][A-Za-z0-9_./-]*\s*==?\s*[A-Za-z0-9_.-]*$` (trim .) -}}
{{- $_ := set $asked (trim (first $parts)) (trim (last $parts)) -}}
{{- else -}}
{{- $plain = false -}}
{{- end -}}
{{- end -}}
{{- include "cro.together" (list (ternary $asked dict $plain) .Values.tests.labels) -}}
{{- end -}}

{{/* Whether it is known which labels a report needs; empty for no. */}}
{{- define "cro.reportLabelsKnown" -}}
{{- if or (not (trim .Values.watchLabelSelector)) (include "cro.reportLabels" . | fromYaml) -}}
yes
{{- end -}}
{{- end -}}

{{/* Name of the service account. */}}
{{- define "cro.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "cro.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Name of the Lease, as the operator makes it of what it watches; empty where that is for the operator alone to tell (a selector). */}}
{{- define "cro.leaseName" -}}
{{- if not (trim .Values.watchLabelSelector) -}}
conference-report-operator
{{- with .Values.watchNamespaces }}-{{ printf "%s\n" (join "," (sortAlpha .)) | sha256sum | trunc 10 }}{{ end }}
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

{{/* How new pods take the place of old ones. Without leader election the old one ends first: no two may work at a time. */}}
{{- define "cro.strategy" -}}
{{- if or (eq .Values.updateStrategy.type "Recreate") (not .Values.leaderElection.enabled) -}}
type: Recreate
{{- else -}}
type: RollingUpdate
{{- with .Values.updateStrategy.rollingUpdate }}
rollingUpdate:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Milliseconds of a duration such as 1m30s. */}}
{{- define "cro.milliseconds" -}}
{{- $sum := 0 -}}
{{- range regexFindAll "[0-9]+(ms|s|m|h)" . -1 -}}
{{- $unit := regexFind "[a-z]+" . -}}
{{- $sum = add $sum (mul (trimSuffix $unit . | int64) (get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) $unit)) -}}
{{- end -}}
{{- $sum -}}
{{- end -}}
