{{/* What the operator may do with reports: one comment a rule, saying what it is for. It creates nothing but events and writes nothing but status. */}}
{{- define "cro.rules" -}}
# Its own resources: watched, and read once more before a status is written back whose larger parts memory leaves out.
- apiGroups: [confreports.dev]
  resources: [conferencereports, reportcatalogs]
  verbs: [get, list, watch]
# What it found, by server-side apply. No spec is ever written.
- apiGroups: [confreports.dev]
  resources: [conferencereports/status, reportcatalogs/status]
  verbs: [patch]
# Texts of reports: only the metadata is watched, to see changes at once; a ConfigMap's content is read by name when a report refers to it.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch]
{{- if .Values.rbac.secrets }}
# Credentials and certificates for URLs: read by name when a report of the same namespace refers to them. Never listed or watched.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
{{- end }}
# Events on reports: create for a new one, patch to count a repeated one.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
