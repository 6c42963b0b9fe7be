{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* What is particular to a FATE version, from facts/, as YAML. Takes the top context. */ -}}
{{- define "fate.facts" -}}
{{- $text := .Files.Get (printf "facts/%s.yaml" .Values.fateVersion) }}
{{- if not $text }}
{{- $known := list }}
{{- range $path, $_ := .Files.Glob "facts/*.yaml" }}
{{- $known = append $known (base $path | trimSuffix ".yaml") }}
{{- end }}
{{- $names := sortAlpha $known | join ", " }}
{{- fail (printf "fateVersion: this chart does not know FATE %s; it knows %s." .Values.fateVersion $names) }}
{{- end }}
{{- $text }}
{{- end }}
