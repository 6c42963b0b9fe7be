{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* nginx of the exchange as a module with tls, secret, routes and names, put into the dict `into`. Takes root and into. */ -}}
{{- define "exchange.nginx.fill" -}}
{{- $nginx := .root.Values.modules.nginx }}
{{- $routes := dict }}
{{- $names := dict }}
{{- range $party, $services := $nginx.route_table }}
{{- $kept := dict }}
{{- range $service := list "proxy" "fateflow" }}
{{- with get $services $service }}
{{- $_ := set $kept $service . }}
{{- end }}
{{- end }}
{{- $_ := set $routes (toString $party) $kept }}
{{- $plain := eq (toString $services.useSSL) "false" }}
{{- $_ := set $names (toString $party) (dict "scheme" ($plain | ternary "http" "https") "name" (printf "%s.%s" $party $.root.Values.domain)) }}
{{- end }}
{{- $_ := set .into "root" .root }}
{{- $_ := set .into "name" "nginx" }}
{{- $_ := set .into "values" $nginx }}
{{- $_ := set .into "tls" $nginx.enableTLS }}
{{- $_ := set .into "secret" ($nginx.tls.existingSecret | default "nginx-certs") }}
{{- $_ := set .into "routes" $routes }}
{{- $_ := set .into "names" $names }}
{{- $_ := set .into "replicas" $nginx.replicas }}
{{- end }}
