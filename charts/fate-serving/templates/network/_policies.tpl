{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* What may be reached from elsewhere, as YAML: label -> list of {ports, from}. Takes root, modules and graph. */ -}}
{{- define "serving.network.open" -}}
{{- $settings := .root.Values.networkPolicy }}
{{- $graph := .graph }}
{{- $root := .root }}
{{- $open := dict }}
{{- range $label, $module := .modules }}
{{- $rules := list }}
{{- range get $graph.parties $label | default list }}
{{- $from := list }}
{{- range $settings.parties }}
{{- $from = append $from (dict "ipBlock" (dict "cidr" .)) }}
{{- end }}
{{- $rules = append $rules (dict "ports" .ports "from" $from) }}
{{- end }}
{{- with get $graph.party $label }}
{{- $rules = append $rules (dict "ports" . "from" $settings.party) }}
{{- end }}
{{- if and (hasKey $graph.published $label) (ne ($module.values.type | default "ClusterIP") "ClusterIP") }}
{{- $rules = append $rules (dict "ports" (get $graph.published $label)) }}
{{- end }}
{{- if and (hasKey $graph.pages $label) (get $root.Values.ingress $module.name).enabled }}
{{- $rules = append $rules (dict "ports" (list (get $graph.pages $label)) "from" $settings.pages) }}
{{- end }}
{{- $_ := set $open $label $rules }}
{{- end }}
{{- toYaml $open }}
{{- end }}

{{- /* Ports that modules reach anywhere, as YAML: those of other parties and of servers that are not the release's own. */ -}}
{{- define "serving.network.outside" -}}
{{- $modules := .Values.modules }}
{{- /* Behind a Service of this Kubernetes, that is the port. */ -}}
{{- $proxy := list 8869 }}
{{- range $modules.servingProxy.partyList }}
{{- $proxy = append $proxy (int .partyPort) }}
{{- end }}
{{- with $modules.servingProxy.exchange }}
{{- if .ip }}
{{- $proxy = append $proxy (int .port) }}
{{- end }}
{{- end }}
{{- $server := list }}
{{- if .Values.externalRedis.host }}
{{- $server = append $server (int .Values.externalRedis.port) }}
{{- end }}
{{- if $modules.servingServer.fateflow.ip }}
{{- $server = append $server (int $modules.servingServer.fateflow.port) }}
{{- end }}
{{- with urlParse $modules.servingServer.AdapterURL }}
{{- if not (hasPrefix "127." .hostname) }}
{{- $port := regexFind "[0-9]+$" (.host | trimPrefix .hostname) }}
{{- $server = append $server (int ($port | default (eq .scheme "https" | ternary "443" "80"))) }}
{{- end }}
{{- end }}
{{- $registry := list }}
{{- range compact (splitList "," .Values.externalZookeeper.url) }}
{{- $registry = append $registry (int (regexFind "[0-9]+$" . | default "2181")) }}
{{- end }}
{{- dict "serving-server" (concat $server $registry) "serving-proxy" (concat $proxy $registry) "serving-admin" $registry | toYaml }}
{{- end }}
