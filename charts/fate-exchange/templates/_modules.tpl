{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
The modules that are there: puts into the dict `into`, for each value of the label fateMoudle, a module (root, name,
values) with replicas. Takes root and into.
*/ -}}
{{- define "fate.modules" -}}
{{- $root := .root }}
{{- $into := .into }}
{{- range $name, $values := .root.Values.modules }}
{{- if $values.include }}
{{- $module := dict "root" $root "name" $name "values" $values "replicas" (int ($values.replicas | default 1)) }}
{{- $_ := set $into (kebabcase $name) $module }}
{{- end }}
{{- end }}
{{- end }}
