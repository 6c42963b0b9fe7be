{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Full name of a module's image. Takes a module and, optionally, variant: of the image, as facts list them. */ -}}
{{- define "fate.image" -}}
{{- $facts := include "fate.facts" .root | fromYaml }}
{{- $fact := get $facts.images .name | default dict }}
{{- $path := include "fate.path" . }}
{{- $repository := .values.image | default $fact.repository }}
{{- $tag := .values.imageTag | default $fact.tag }}
{{- if not (and $repository $tag) }}
{{- fail (printf "modules: %s %s has no image for %s. Leave %s out of modules, or name an image of yours with %s.image and %s.imageTag." (include "fate.product" .root) (include "fate.version" .root) $path $path $path $path) }}
{{- end }}
{{- $registry := .root.Values.image.registry | default "" | trimSuffix "/" }}
{{- if $registry }}
{{- $registry = printf "%s/" $registry }}
{{- end }}
{{- $suffix := "" }}
{{- if not (kindIs "invalid" .values.imageSuffix) }}
{{- $suffix = .values.imageSuffix }}
{{- else if $fact.suffixed }}
{{- $suffix = printf "%s%s" (include "fate.imageVariant" (merge (dict "facts" $facts) .)) (include "fate.imageSuffix" (merge (dict "facts" $facts) .)) }}
{{- end }}
{{- $separator := hasPrefix "sha256:" $tag | ternary "@" ":" }}
{{- printf "%s%s%s%s%s" $registry $repository $suffix $separator $tag }}
{{- end }}

{{- /* What a variant puts behind the repository. Takes a module with variant and facts. */ -}}
{{- define "fate.imageVariant" -}}
{{- $path := include "fate.path" . }}
{{- if .variant }}
{{- $facts := .facts }}
{{- $variants := (get $facts.images .name).variants | default dict }}
{{- if not (hasKey $variants .variant) }}
{{- fail (printf "%s: no source names an image of FATE %s with %s. Use another fateVersion, or name an image of yours with %s.image, %s.imageTag and %s.imageSuffix." $path (include "fate.version" .root) (get $facts.variants .variant) $path $path $path) }}
{{- end }}
{{- get $variants .variant }}
{{- end }}
{{- end }}

{{- /* Suffix that algorithm and device give to the repository. Takes a module with facts. */ -}}
{{- define "fate.imageSuffix" -}}
{{- $algorithm := .root.Values.algorithm }}
{{- $device := .root.Values.device }}
{{- $path := include "fate.path" . }}
{{- $table := .facts.suffixes.table }}
{{- $row := get $table $algorithm | default dict }}
{{- if hasKey $row $device }}
{{- get $row $device }}
{{- else }}
{{- $existing := list }}
{{- range $name, $devices := $table }}
{{- range $kind, $_ := $devices }}
{{- $existing = append $existing (printf "%s/%s" $name $kind) }}
{{- end }}
{{- end }}
{{- fail (printf "algorithm %s with device %s: FATE %s has no image for it; those that exist are %s (algorithm/device). For an image of your own, set %s.image, %s.imageTag and %s.imageSuffix." $algorithm $device (include "fate.version" .root) (join ", " (sortAlpha $existing)) $path $path $path) }}
{{- end }}
{{- end }}
