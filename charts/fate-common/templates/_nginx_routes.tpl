{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
The route table as text: the Lua program reads plain blocks of YAML only. Keys of services and parties in order.
*/ -}}
{{- define "fate.nginx.routeTable" -}}
{{- range $party, $services := .routes }}
{{ $party }}:
{{- range $service, $hosts := $services }}
  {{ $service }}:
  {{- range $hosts }}
    - host: {{ .host }}
      http_port: {{ int .http_port }}
      grpc_port: {{ int .grpc_port }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /*
Refuses what the Lua programs misread: they take party ids for numbers with 14 digits, and fail over a party without
fateflow. Takes routes and path, for messages.
*/ -}}
{{- define "fate.nginx.checkRoutes" -}}
{{- $path := .path }}
{{- range $party, $services := .routes }}
{{- if and (ne $party "default") (not (regexMatch "^(0|[1-9][0-9]{0,13})$" $party)) }}
{{- fail (printf "%s: nginx takes party ids for numbers, so %q would be another one to it. It can route to ids of up to 14 digits that do not begin with 0. Use OSX (python.proxy)." $path $party) }}
{{- end }}
{{- if and (ne $party "default") (not $services.fateflow) }}
{{- fail (printf "%s: party %s has no list fateflow, which is what nginx looks for; proxy is for the entry default only. Give it fateflow, with the host and the ports of its nginx." $path $party) }}
{{- end }}
{{- end }}
{{- end }}
