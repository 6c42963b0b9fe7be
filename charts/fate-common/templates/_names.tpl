{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Names and labels. What is called a module here is a dict: root (the top context), name (of the module, as in `modules`),
values (its block), and, where they differ from it, moudle (the value of the label fateMoudle; else the name with dashes)
and path (of its block in a cluster.yaml, for messages).

A chart that uses these templates defines fate.cluster (fate, fate-serving or fate-exchange: the value of the label
`cluster`, which outside tools select on; a constant, so that a copy of the chart under another name can take a release
over), fate.needs (what a module takes if nobody says otherwise), fate.product and fate.versionKey (see _facts.tpl).
*/ -}}

{{- define "fate.moudle" -}}
{{- .moudle | default (kebabcase .name) }}
{{- end }}

{{- define "fate.path" -}}
{{- .path | default .name }}
{{- end }}

{{- define "fate.partyName" -}}
{{- default .Release.Name .Values.partyName -}}
{{- end }}

{{- /* Labels that selectors are made of: they cannot change in the life of a release. Takes a module. */ -}}
{{- define "fate.selectorLabels" -}}
fateMoudle: {{ include "fate.moudle" . | quote }}
name: {{ include "fate.partyName" .root | quote }}
partyId: {{ .root.Values.partyId | quote }}
{{- end }}

{{- /* Labels that outlive versions, for pods' volumes, which cannot be relabelled. Takes a module. */ -}}
{{- define "fate.stableLabels" -}}
{{ include "fate.selectorLabels" . }}
owner: kubefate
cluster: {{ include "fate.cluster" .root }}
app.kubernetes.io/name: {{ include "fate.cluster" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ kebabcase .name | quote }}
app.kubernetes.io/part-of: fate
{{- end }}

{{- /* Labels of an object. Takes a module. */ -}}
{{- define "fate.labels" -}}
{{ include "fate.stableLabels" . }}
app.kubernetes.io/version: {{ include "fate.version" .root | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
chart: {{ .root.Chart.Name }}
heritage: {{ .root.Release.Service }}
release: {{ .root.Release.Name | quote }}
{{- end }}

{{- /*
metadata of a pod template. Takes a module and, optionally, read (text of the files that are read at start), annotations,
and extraLabels.
*/ -}}
{{- define "fate.podMetadata" -}}
labels:
  {{- include "fate.labels" . | nindent 2 }}
  {{- with .extraLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $annotations := .annotations | default dict | deepCopy }}
{{- with .read }}
{{- $_ := set $annotations "checksum/config" (sha256sum .) }}
{{- end }}
{{- with mergeOverwrite $annotations (deepCopy (.values.podAnnotations | default dict)) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
