{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Full name of a module's image. Takes a module. */ -}}
{{- define "fate.image" -}}
{{- $fact := get (include "fate.facts" .root | fromYaml).images .name }}
{{- $repository := .values.image | default $fact.repository }}
{{- $tag := .values.imageTag | default $fact.tag }}
{{- if not (and $repository $tag) }}
{{- fail (printf "modules: FATE %s has no image for %s. Leave %s out of modules, or name an image of yours with %s.image and %s.imageTag." .root.Values.fateVersion .name .name .name .name) }}
{{- end }}
{{- $registry := .root.Values.image.registry | default "" | trimSuffix "/" }}
{{- if $registry }}
{{- $registry = printf "%s/" $registry }}
{{- end }}
{{- $suffix := "" }}
{{- if $fact.suffixed }}
{{- $suffix = include "fate.imageSuffix" . }}
{{- end }}
{{- $separator := hasPrefix "sha256:" $tag | ternary "@" ":" }}
{{- printf "%s%s%s%s%s" $registry $repository $suffix $separator $tag }}
{{- end }}

{{- /* Suffix that algorithm and device give to the repository. Takes a module. */ -}}
{{- define "fate.imageSuffix" -}}
{{- $algorithm := .root.Values.algorithm }}
{{- $device := .root.Values.device }}
{{- $table := (include "fate.facts" .root | fromYaml).suffixes.table }}
{{- $row := get $table $algorithm | default dict }}
{{- if not (kindIs "invalid" .values.imageSuffix) }}
{{- .values.imageSuffix }}
{{- else if hasKey $row $device }}
{{- get $row $device }}
{{- else }}
{{- $existing := list }}
{{- range $name, $devices := $table }}
{{- range $kind, $_ := $devices }}
{{- $existing = append $existing (printf "%s/%s" $name $kind) }}
{{- end }}
{{- end }}
{{- fail (printf "algorithm %s with device %s: FATE %s has no image for it; those that exist are %s (algorithm/device). For an image of your own, set %s.image, %s.imageTag and %s.imageSuffix." $algorithm $device .root.Values.fateVersion (join ", " (sortAlpha $existing)) .name .name .name) }}
{{- end }}
{{- end }}
