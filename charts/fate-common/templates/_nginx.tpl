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

{{- define "fate.nginx.conf" -}}
worker_processes 2;
error_log /dev/stderr notice;

events {
  worker_connections 1024;
}

http {
  include mime.types;
  default_type application/octet-stream;
  log_format fate '$remote_addr [$time_local] "$request" to "$http_dest_party_id" $status $body_bytes_sent '
                  '$upstream_addr $upstream_status $request_time';
  access_log /dev/stdout fate;
  keepalive_timeout 65;
  underscores_in_headers on;
  # Messages carry whole jobs.
  client_max_body_size 0;

  lua_package_path "$prefix/lua/?.lua;;";
  init_worker_by_lua_file lua/initialize.lua;

  # The balancer puts an address in place of this one.
  upstream http_cluster {
    server 127.0.0.1:9;
    balancer_by_lua_file lua/balancer.lua;
  }
  upstream grpc_cluster {
    server 127.0.0.1:9;
    balancer_by_lua_file lua/balancer.lua;
  }
{{- if .tls }}
{{- $folder := include "fate.nginx.certificates" . }}

  map $http_dest_party_id $fate_scheme {
    {{- range $party, $how := .names }}
    {{ $party }} {{ $how.scheme }};
    {{- end }}
  }
  map $http_dest_party_id $fate_name {
    {{- range $party, $how := .names }}
    {{ $party }} {{ $how.name }};
    {{- end }}
  }
  {{- range $kind := list "proxy" "grpc" }}

  {{ $kind }}_ssl_certificate {{ $folder }}/tls.crt;
  {{ $kind }}_ssl_certificate_key {{ $folder }}/tls.key;
  {{ $kind }}_ssl_trusted_certificate {{ $folder }}/ca.crt;
  {{ $kind }}_ssl_verify on;
  {{ $kind }}_ssl_verify_depth 3;
  {{ $kind }}_ssl_server_name on;
  {{ $kind }}_ssl_name $fate_name;
  {{ $kind }}_ssl_protocols TLSv1.2 TLSv1.3;
  {{- end }}

  ssl_certificate {{ $folder }}/tls.crt;
  ssl_certificate_key {{ $folder }}/tls.key;
  ssl_client_certificate {{ $folder }}/ca.crt;
  ssl_verify_depth 3;
  ssl_protocols TLSv1.2 TLSv1.3;
{{- end }}
{{- range $listens := .tls | ternary (list false true) (list false) }}

  server {
    listen {{ $listens | ternary "9301 ssl" "9300" }};
    {{- if $listens }}
    ssl_verify_client on;
    {{- end }}
    location / {
      access_by_lua_file lua/router.lua;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host:$server_port;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_redirect off;
      proxy_next_upstream off;
      proxy_pass {{ $.tls | ternary "${fate_scheme}" "http" }}://http_cluster;
    }
  }
  server {
    listen {{ $listens | ternary "9311 ssl http2" "9310 http2" }};
    {{- if $listens }}
    ssl_verify_client on;
    {{- end }}
    location / {
      access_by_lua_file lua/router.lua;
      grpc_pass {{ $.tls | ternary "${fate_grpc_scheme}" "grpc" }}://grpc_cluster;
    }
  }
{{- end }}
{{- if .tls }}

  map $fate_scheme $fate_grpc_scheme {
    http grpc;
    https grpcs;
  }
{{- end }}

  server {
    listen 9302;
    location /test {
      access_log off;
      content_by_lua_file lua/check.lua;
    }
  }
}
{{- end }}

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

{{- /*
Shell text that runs nginx. The route table's names are looked up here, over and over: Lua's balancer takes addresses. A
change of settings or certificates is taken over without a restart once nginx finds it good.
*/ -}}
{{- define "fate.nginx.run" -}}
set -u
cd {{ include "fate.nginx.home" . }}
with_addresses() {
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      *'host: '*)
        name=${line##*host: }
        address=$(getent ahostsv4 "$name" | sed -n '1s/ .*//p')
        line="${line%%host: *}host: ${address:-$name}"
        ;;
    esac
    printf '%s\n' "$line"
  done < /etc/fate/route_table.yaml > conf/route_table.new
  if cmp -s conf/route_table.new conf/route_table.yaml; then
    rm conf/route_table.new
  else
    mv conf/route_table.new conf/route_table.yaml
  fi
}
settings() {
  cat /etc/fate/nginx.conf {{ include "fate.nginx.certificates" . }}/* 2> /dev/null | cksum
}
with_addresses
loaded=$( settings )
cp /etc/fate/nginx.conf conf/nginx.conf
openresty -g 'daemon off;' &
nginx=$!
trap 'kill -QUIT "$nginx"' TERM INT
while kill -0 "$nginx" 2> /dev/null; do
  sleep 5 &
  wait $!
  with_addresses
  found=$( settings )
  if [ "$found" != "$loaded" ]; then
    loaded=$found
    cp /etc/fate/nginx.conf conf/nginx.conf
    if openresty -t; then
      openresty -s reload && echo 'nginx goes on with new settings.'
    else
      echo 'nginx refuses its new settings and goes on with the old ones.' >&2
    fi
  fi
done
wait "$nginx"
{{- end }}

{{- /* Pod of nginx. Takes a module with tls and secret. */ -}}
{{- define "fate.nginx.pod" -}}
terminationGracePeriodSeconds: 30
containers:
  - name: nginx
    workingDir: {{ include "fate.nginx.home" . }}
    command:
      - sh
      - -c
      - |
        {{- include "fate.nginx.run" . | nindent 8 }}
    ports:
      - {name: http, containerPort: 9300, protocol: TCP}
      - {name: grpc, containerPort: 9310, protocol: TCP}
      - {name: health, containerPort: 9302, protocol: TCP}
      {{- if .tls }}
      - {name: http-tls, containerPort: 9301, protocol: TCP}
      - {name: grpc-tls, containerPort: 9311, protocol: TCP}
      {{- end }}
    {{- include "fate.httpProbes" (dict "port" 9302 "path" "/test") | nindent 4 }}
    volumeMounts:
      # The folder as a whole, so that changes arrive.
      - {name: config, mountPath: /etc/fate, readOnly: true}
      {{- if .tls }}
      - {name: certificates, mountPath: {{ include "fate.nginx.certificates" . }}, readOnly: true}
      {{- end }}
volumes:
  - name: config
    projected:
      sources:
        - configMap: {name: nginx-config}
        - configMap: {name: nginx-route-table}
  {{- if .tls }}
  - name: certificates
    secret:
      secretName: {{ .secret | quote }}
      defaultMode: 0400
  {{- end }}
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
