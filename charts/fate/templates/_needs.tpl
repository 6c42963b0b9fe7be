{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
What a module takes if its block says nothing: see facts/resources. Takes a module.
*/ -}}
{{- define "fate.needs" -}}
{{- $profile := .root.Values.resourceProfile }}
{{- $custom := eq $profile "custom" }}
{{- $needs := get (.root.Files.Get (printf "facts/resources/%s.yaml" ($custom | ternary "medium" $profile)) | fromYaml) .name }}
{{- with $needs.perProcessor }}
{{- $processors := int $.values.sessionProcessorsPerNode }}
{{- $cores := mul $processors (int .cpu) }}
{{- $_ := set $needs "cpu" (eq (mod $cores 1000) 0 | ternary (div $cores 1000 | toString) (printf "%dm" $cores)) }}
{{- $_ := set $needs "memory" (mul $processors (int .memory)) }}
{{- end }}
{{- if eq .name "spark-worker" }}
{{- $_ := set $needs "cpu" (int .values.cores | toString) }}
{{- $_ := set $needs "memory" (include "fate.mebibytes" .values.memory | int) }}
{{- end }}
{{- if $custom }}
{{- $_ := set $needs "requests" false }}
{{- end }}
{{- toYaml $needs }}
{{- end }}
