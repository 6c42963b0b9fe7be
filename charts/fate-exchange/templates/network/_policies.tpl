{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Words of `when` in facts/common/network.yaml that hold, as YAML. Takes the top context. */ -}}
{{- define "exchange.network.holds" -}}
{{- $modules := .Values.modules }}
- always
- osx-{{ $modules.osx.enableTLS | ternary "tls" "plain" }}
- nginx-{{ $modules.nginx.enableTLS | ternary "tls" "plain" }}
{{- end }}

{{- /* What parties reach, as YAML: label -> list of {ports, from}. Takes the top context. */ -}}
{{- define "exchange.network.open" -}}
{{- $from := list }}
{{- range .Values.networkPolicy.parties }}
{{- $from = append $from (dict "ipBlock" (dict "cidr" .)) }}
{{- end }}
{{- $holds := include "exchange.network.holds" . | fromYamlArray }}
{{- $open := dict }}
{{- range $label, $rules := (.Files.Get "facts/common/network.yaml" | fromYaml).parties }}
{{- $found := list }}
{{- range $rules }}
{{- if has .when $holds }}
{{- $found = append $found (dict "ports" .ports "from" $from) }}
{{- end }}
{{- end }}
{{- $_ := set $open $label $found }}
{{- end }}
{{- toYaml $open }}
{{- end }}

{{- /* Ports at which modules reach parties, as YAML. Behind a Service of this Kubernetes, the pods' own. */ -}}
{{- define "exchange.network.outside" -}}
{{- $modules := .Values.modules }}
{{- $osx := list 9370 9883 }}
{{- range $modules.osx.partyList }}
{{- $osx = append $osx (int .partyPort) }}
{{- end }}
{{- $nginx := list }}
{{- range $party, $services := $modules.nginx.route_table }}
{{- range concat ($services.fateflow | default list) ($services.proxy | default list) }}
{{- $nginx = concat $nginx (list (int .http_port) (int .grpc_port) 9300 9301 9310 9311 9360 9380) }}
{{- end }}
{{- end }}
{{- $traffic := list }}
{{- range $modules.trafficServer.route_table.sni }}
{{- $traffic = concat $traffic (list (regexFind "[0-9]+$" .tunnelRoute | int) 6651) }}
{{- end }}
{{- dict "osx" $osx "nginx" $nginx "traffic-server" $traffic | toYaml }}
{{- end }}
