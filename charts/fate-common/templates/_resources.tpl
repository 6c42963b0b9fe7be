{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* A Kubernetes quantity of memory in MiB, rounded down. Takes the quantity. */ -}}
{{- define "fate.mebibytes" -}}
{{- $text := kindIs "string" . | ternary . (toString (int64 .)) }}
{{- $number := regexFind "^[0-9]+([.][0-9]+)?" $text }}
{{- $unit := trimPrefix $number $text }}
{{- $bytes := dict
  "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000
  "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776
}}
{{- if or (not $number) (not (hasKey $bytes $unit)) }}
{{- fail (printf "resources: memory %q is no amount of memory that this chart reads; write it like 4Gi or 512Mi." $text) }}
{{- end }}
{{- divf (mulf (float64 $number) (get $bytes $unit)) 1048576 | floor | int }}
{{- end }}

{{- /*
Sizes of a module's Java: heap, direct and need (with overhead), in MiB, as YAML. What jvmHeap and jvmDirect say stands;
otherwise the defaults, made smaller in proportion where resources leave less room. Takes a module.
*/ -}}
{{- define "fate.jvm" -}}
{{- $needs := .needs | default (include "fate.needs" . | fromYaml) }}
{{- $heap := int $needs.heap }}
{{- $direct := int $needs.direct }}
{{- $overhead := int $needs.overhead }}
{{- $resources := .values.resources | default dict }}
{{- $limit := get ($resources.limits | default dict) "memory" | default "" }}
{{- $room := $limit | default (get ($resources.requests | default dict) "memory") | default "" }}
{{- if $room }}
{{- $available := sub (include "fate.mebibytes" $room | int) $overhead }}
{{- if lt $available (add $heap $direct) }}
{{- $sum := add $heap $direct }}
{{- $heap = div (mul $available $heap) $sum | int }}
{{- $direct = div (mul $available $direct) $sum | int }}
{{- end }}
{{- end }}
{{- with .values.jvmHeap }}
{{- $heap = include "fate.mebibytes" . | int }}
{{- end }}
{{- with .values.jvmDirect }}
{{- $direct = include "fate.mebibytes" . | int }}
{{- end }}
{{- $need := add $heap $direct $overhead | int }}
{{- if or (lt (int $heap) 64) (lt (int $direct) 16) }}
{{- fail (printf "%s.resources: memory %v leaves Java too little: %d MiB of it are overhead. Give it %dMi, or at least %dMi." (include "fate.path" .) $room $overhead (add (int $needs.heap) (int $needs.direct) $overhead) (add $overhead 128)) }}
{{- end }}
{{- if $limit }}
{{- if lt (include "fate.mebibytes" $limit | int) $need }}
{{- fail (printf "%s.resources: the limit of memory, %v, is less than jvmHeap, jvmDirect and an overhead of %d MiB together (%dMi): the pod would be killed. Raise it, or make jvmHeap or jvmDirect smaller." (include "fate.path" .) $limit $overhead $need) }}
{{- end }}
{{- end }}
{heap: {{ $heap }}, direct: {{ $direct }}, need: {{ $need }}}
{{- end }}

{{- /* Options of java that hold it to its sizes. Takes a module. */ -}}
{{- define "fate.jvmOptions" -}}
{{- $jvm := include "fate.jvm" . | fromYaml -}}
-Xms{{ min 256 $jvm.heap }}m -Xmx{{ int $jvm.heap }}m -XX:MaxDirectMemorySize={{ int $jvm.direct }}m -XX:+ExitOnOutOfMemoryError
{{- end }}

{{- /* "true" if a module uses graphic cards. Takes a module. */ -}}
{{- define "fate.usesGpu" -}}
{{- $gpu := .root.Values.gpu | default dict }}
{{- if and (eq (.root.Values.device | default "") "GPU") (has (include "fate.path" .) ($gpu.modules | default list)) (gt (int $gpu.count) 0) }}true{{ end }}
{{- end }}

{{- /*
resources of a module: what its block says, requests for cpu and memory where it says nothing of them (unless the chart's
fate.needs say requests: false), and its graphic cards.
*/ -}}
{{- define "fate.resources" -}}
{{- $needs := include "fate.needs" . | fromYaml }}
{{- $memory := int $needs.memory }}
{{- if hasKey $needs "heap" }}
{{- $memory = add $memory (int (include "fate.jvm" (merge (dict "needs" $needs) .) | fromYaml).need) }}
{{- end }}
{{- $resources := deepCopy (.values.resources | default dict) }}
{{- $limits := $resources.limits | default dict }}
{{- $requests := $resources.requests | default dict }}
{{- if ne (toString $needs.requests) "false" }}
{{- range $kind, $amount := dict "cpu" $needs.cpu "memory" (printf "%dMi" $memory) }}
{{- if not (or (hasKey $requests $kind) (hasKey $limits $kind)) }}
{{- $_ := set $requests $kind $amount }}
{{- end }}
{{- end }}
{{- end }}
{{- if include "fate.usesGpu" . }}
{{- $gpu := .root.Values.gpu }}
{{- if not (hasKey $limits $gpu.resource) }}
{{- $_ := set $limits $gpu.resource (int $gpu.count) }}
{{- end }}
{{- end }}
{{- if $requests }}
{{- $_ := set $resources "requests" $requests }}
{{- end }}
{{- if $limits }}
{{- $_ := set $resources "limits" $limits }}
{{- end }}
{{- toYaml $resources }}
{{- end }}
