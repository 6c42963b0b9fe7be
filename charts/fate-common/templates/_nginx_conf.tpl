{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* nginx.conf. Takes a module with tls and names. */ -}}
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
