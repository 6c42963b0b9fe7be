{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Annotations, as YAML, that a pod needs in the mesh of Istio. Takes a module. */ -}}
{{- define "fate.istio.annotations" -}}
{{- $annotations := dict }}
{{- if .root.Values.istio.enabled }}
{{- if has .name (list "python" "fateboard") }}
{{- $_ := set $annotations "sidecar.istio.io/rewriteAppHTTPProbers" "false" }}
{{- end }}
{{- if has .name (list "python" "clustermanager") }}
{{- $port := (include "fate.database" .root | fromYaml).port }}
{{- $_ := set $annotations "traffic.sidecar.istio.io/excludeOutboundPorts" (toString (int $port)) }}
{{- end }}
{{- end }}
{{- toYaml $annotations }}
{{- end }}
