{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
FATE's nginx, which passes FATE-Flow's messages on, in a party and in an exchange. Its Lua programs are in the image; what
they need is here: settings and route table. They take a module and

  routes   the route table: party id (or default) -> service -> list of {host, http_port, grpc_port}
  tls      true: other parties speak TLS. Then also: names, a dict of party id (or default) -> {scheme, name}: how to
           speak to whom, and the name that must stand in the certificate

Ports: 9300 HTTP and 9310 gRPC; with TLS, that is for the inside, and 9301 and 9311 are for others; 9302 tells its health.
*/ -}}
{{- define "fate.nginx.home" -}}
/data/projects/fate/proxy/nginx
{{- end }}

{{- define "fate.nginx.certificates" -}}
/etc/fate/certificates
{{- end }}

{{- /* ConfigMaps of nginx. Takes a module with routes, tls and names. Neither is read only at a start: no checksum. */ -}}
{{- define "fate.nginx.configMaps" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: nginx-config
  labels:
    {{- include "fate.labels" . | nindent 4 }}
data:
  nginx.conf: |
    {{- include "fate.nginx.conf" . | nindent 4 }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: nginx-route-table
  labels:
    {{- include "fate.labels" . | nindent 4 }}
data:
  route_table.yaml: |
    {{- include "fate.nginx.routeTable" . | trim | nindent 4 }}
{{- end }}

{{- /*
Services of nginx. The ports that others reach have the same numbers with TLS and without; with TLS, nginx-inside leads
to the plain ones. Takes a module with tls.
*/ -}}
{{- define "fate.nginx.services" -}}
{{- $http := dict "name" "http" "port" 9300 "target" (.tls | ternary 9301 9300) "nodePort" .values.httpNodePort }}
{{- $grpc := dict "name" "grpc" "port" 9310 "target" (.tls | ternary 9311 9310) "nodePort" .values.grpcNodePort }}
{{- $head := dict "root" .root "name" "nginx" "values" .values }}
{{- include "fate.service" (merge (dict "object" "nginx" "kind" "published" "ports" (list $http $grpc)) $head) }}
{{- if .tls }}
---
{{ include "fate.service" (merge (dict
  "object" "nginx-inside" "kind" "inside"
  "ports" (list (dict "name" "http" "port" 9300) (dict "name" "grpc" "port" 9310))
) $head) }}
{{- end }}
{{- end }}
