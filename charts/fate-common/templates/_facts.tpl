{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
What is particular to a version of FATE or of FATE-Serving. A chart defines fate.product (the name of what it deploys)
and fate.versionKey (the value that says its version).
*/ -}}
{{- define "fate.version" -}}
{{- get .Values (include "fate.versionKey" .) }}
{{- end }}

{{- /* What is particular to the version, from facts/, as YAML. Takes the top context. */ -}}
{{- define "fate.facts" -}}
{{- $version := include "fate.version" . }}
{{- $text := .Files.Get (printf "facts/%s.yaml" $version) }}
{{- if not $text }}
{{- $known := list }}
{{- range $path, $_ := .Files.Glob "facts/*.yaml" }}
{{- $known = append $known (base $path | trimSuffix ".yaml") }}
{{- end }}
{{- $names := sortAlpha $known | join ", " }}
{{- fail (printf "%s: this chart does not know %s %s; it knows %s." (include "fate.versionKey" .) (include "fate.product" .) $version $names) }}
{{- end }}
{{- $text }}
{{- end }}
