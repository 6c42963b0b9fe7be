{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* nginx of the party as a module with tls, secret, routes and names, put into the dict `into`. Takes root and into. */ -}}
{{- define "fate.nginx.fill" -}}
{{- $values := .root.Values.modules.nginx }}
{{- $_ := set .into "root" .root }}
{{- $_ := set .into "name" "nginx" }}
{{- $_ := set .into "values" $values }}
{{- $_ := set .into "tls" $values.enableTLS }}
{{- $_ := set .into "secret" ($values.tls.existingSecret | default "nginx-certs") }}
{{- $_ := set .into "routes" (include "fate.nginx.routes" .root | fromYaml) }}
{{- $_ := set .into "names" (include "fate.nginx.names" .root | fromYaml) }}
{{- end }}

{{- /* The route table as YAML: the party itself, what the values say, and the exchange for everybody else. */ -}}
{{- define "fate.nginx.routes" -}}
{{- $nginx := .Values.modules.nginx }}
{{- $flow := dict "host" "fateflow" "http_port" 9380 "grpc_port" 9360 }}
{{- $self := dict "host" "nginx" "http_port" 9300 "grpc_port" 9310 }}
{{- $routes := dict .Values.partyId (dict "fateflow" (list $flow) "proxy" (list $self)) }}
{{- range $party, $services := $nginx.route_table }}
{{- $kept := dict }}
{{- range $service := list "proxy" "fateflow" }}
{{- with get $services $service }}
{{- $_ := set $kept $service . }}
{{- end }}
{{- end }}
{{- $_ := set $routes (toString $party) $kept }}
{{- end }}
{{- with $nginx.exchange }}
{{- if .ip }}
{{- $hub := dict "host" .ip "http_port" .httpPort "grpc_port" .grpcPort }}
{{- $_ := set $routes "default" (dict "proxy" (list $hub)) }}
{{- end }}
{{- end }}
{{- toYaml $routes }}
{{- end }}

{{- /* How to speak to whom, as YAML, with TLS: plainly to FATE-Flow of the party itself. */ -}}
{{- define "fate.nginx.names" -}}
{{- $domain := include "fate.domain" . }}
{{- $own := .Values.partyId }}
{{- $names := dict $own (dict "scheme" "http" "name" "fateflow") }}
{{- range $party, $services := .Values.modules.nginx.route_table }}
{{- if ne (toString $party) $own }}
{{- $plain := eq (toString $services.useSSL) "false" }}
{{- $_ := set $names (toString $party) (dict "scheme" ($plain | ternary "http" "https") "name" (printf "%s.%s" $party $domain)) }}
{{- end }}
{{- end }}
{{- $plain := eq (toString .Values.modules.nginx.exchange.useSSL) "false" }}
{{- $_ := set $names "default" (dict "scheme" ($plain | ternary "http" "https") "name" (printf "proxy.%s" $domain)) }}
{{- toYaml $names }}
{{- end }}

{{- /* Ports at which nginx reaches others, as YAML. */ -}}
{{- define "fate.nginx.ports" -}}
{{- $ports := list }}
{{- range $party, $services := (include "fate.nginx.routes" . | fromYaml) }}
{{- if ne $party $.Values.partyId }}
{{- range concat ($services.fateflow | default list) ($services.proxy | default list) }}
{{- $ports = append (append $ports (int .http_port)) (int .grpc_port) }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $ports }}
{{- end }}
