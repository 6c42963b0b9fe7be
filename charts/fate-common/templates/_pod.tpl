{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
What every pod has in common. A setting of the module goes before that of all pods. An account that is named for python
gets its token mounted, no other. Takes a module.
*/ -}}
{{- define "fate.podCommon" -}}
{{- $values := .values }}
{{- $all := .root.Values.pods | default dict -}}
automountServiceAccountToken: {{ if and (eq .name "python") $values.serviceAccountName }}true{{ else }}false{{ end }}
enableServiceLinks: false
securityContext:
  {{- mergeOverwrite (include "fate.podSecurity" . | fromYaml) (deepCopy ($values.podSecurityContext | default dict)) | toYaml | nindent 2 }}
{{- with .root.Values.image.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $key := list "serviceAccountName" "priorityClassName" "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" }}
{{- with get $values $key | default (get $all $key) }}
{{ dict $key . | toYaml }}
{{- end }}
{{- end }}
{{- with include "fate.runtimeClass" . }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- end }}

{{- /* RuntimeClass of a module's pods: its own, else that of graphic cards where it uses some. Takes a module. */ -}}
{{- define "fate.runtimeClass" -}}
{{- if .values.runtimeClassName }}
{{- .values.runtimeClassName }}
{{- else if include "fate.usesGpu" . }}
{{- (.root.Values.gpu | default dict).runtimeClassName }}
{{- end }}
{{- end }}

{{- /* What every container of a module has in common. Takes a module. */ -}}
{{- define "fate.containerCommon" -}}
image: {{ include "fate.image" . | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- if .values.securityContext }}
  {{- toYaml .values.securityContext | nindent 2 }}
  {{- else }}
  {{- include "fate.containerSecurity" . | nindent 2 }}
  {{- end }}
resources:
  {{- include "fate.resources" . | nindent 2 }}
{{- end }}

{{- /* Entries of env, as YAML: those given, then the block's own, which replace one of the same name. Takes a module with env. */ -}}
{{- define "fate.env" -}}
{{- $extra := .values.extraEnv | default list }}
{{- $replaced := list }}
{{- range $extra }}
{{- $replaced = append $replaced .name }}
{{- end }}
{{- $env := list }}
{{- range .env }}
{{- if not (has .name $replaced) }}
{{- $env = append $env . }}
{{- end }}
{{- end }}
{{- concat $env $extra | toYaml }}
{{- end }}
