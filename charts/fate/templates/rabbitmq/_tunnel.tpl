{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
A tunnel for what FATE-Flow cannot do: its upstreams are amqp://, without TLS. A second container in the broker's pod, of
FATE's nginx image (built with stream_ssl, FATE-Builder modules/nginx), listens on an address of the loopback network for
each party, and carries what comes to that party's broker over TLS, with this party's certificate, to whoever shows one of
the name <party id>.<domain>.
*/ -}}
{{- define "fate.rabbitmq.tunnelled" -}}
{{- if and .root.Values.modules.rabbitmq.enableTLS (ne (toString .peer.useSSL) "false") }}true{{ end }}
{{- end }}

{{- /* Address for a party: its id's last seven digits, from 127.0.1.0 on. The same for ever, so that links stay. */ -}}
{{- define "fate.rabbitmq.tunnelAddress" -}}
{{- $digits := regexFind "[0-9]{1,7}$" . | trimPrefix "0" }}
{{- $number := add 256 (int (regexReplaceAll "^0+" $digits "" | default "0")) }}
{{- printf "127.%d.%d.%d" (div $number 65536) (mod (div $number 256) 256) (mod $number 256) }}
{{- end }}

{{- /* Configuration of the tunnel: file name -> text, as YAML. Takes the top context. */ -}}
{{- define "fate.rabbitmq.tunnel" -}}
{{- $root := . }}
{{- $domain := include "fate.domain" . }}
{{- $files := dict "tunnel.conf" (include "fate.rabbitmq.tunnelConf" .) }}
{{- range $party, $peer := .Values.modules.rabbitmq.route_table }}
{{- $party = toString $party }}
{{- if and (ne $party $root.Values.partyId) (include "fate.rabbitmq.tunnelled" (dict "root" $root "peer" $peer)) }}
{{- $peerConf := include "fate.rabbitmq.tunnelPeer" (dict "party" $party "peer" $peer "domain" $domain) }}
{{- $_ := set $files (printf "peer-%s.conf" $party) $peerConf }}
{{- end }}
{{- end }}
{{- toYaml $files }}
{{- end }}

{{- define "fate.rabbitmq.tunnelConf" -}}
{{- $folder := "/etc/fate/certificates" -}}
worker_processes 1;
error_log /dev/stderr notice;
pid /run/tunnel/nginx.pid;
events {
  worker_connections 1024;
}
stream {
  proxy_connect_timeout 10s;
  proxy_timeout 24h;
  proxy_socket_keepalive on;
  proxy_ssl on;
  proxy_ssl_certificate {{ $folder }}/tls.crt;
  proxy_ssl_certificate_key {{ $folder }}/tls.key;
  proxy_ssl_trusted_certificate {{ $folder }}/ca.crt;
  proxy_ssl_verify on;
  proxy_ssl_verify_depth 3;
  proxy_ssl_server_name on;
  proxy_ssl_protocols TLSv1.2 TLSv1.3;
  include /run/tunnel/peers/*.conf;
}
{{- end }}

{{- define "fate.rabbitmq.tunnelPeer" -}}
# {{ .peer.host }}
server {
  listen {{ include "fate.rabbitmq.tunnelAddress" .party }}:5673;
  proxy_ssl_name {{ .party }}.{{ .domain }};
  proxy_pass {{ .peer.host }}:{{ int .peer.port }};
}
{{- end }}

{{- /*
Shell text that runs it. A party whose name cannot be looked up is left out until it can: nginx would not start otherwise.
What changes (parties, addresses, certificates) is taken over without ending connections.
*/ -}}
{{- define "fate.rabbitmq.tunnelRun" -}}
set -u
mkdir -p /run/tunnel/logs
peers() {
  rm -rf /run/tunnel/next
  mkdir -p /run/tunnel/next
  for file in /etc/fate/tunnel/peer-*.conf; do
    [ -f "$file" ] || continue
    host=$(sed -n '1s/^# //p' "$file")
    if address=$(getent hosts "$host"); then
      { cat "$file"; echo "# $address"; } > "/run/tunnel/next/${file##*/}"
    fi
  done
}
state() {
  cat /etc/fate/tunnel/tunnel.conf /etc/fate/certificates/* /run/tunnel/next/* 2> /dev/null | cksum
}
take() {
  loaded=$1
  rm -rf /run/tunnel/peers
  cp -r /run/tunnel/next /run/tunnel/peers
}
peers
take "$( state )"
openresty -p /run/tunnel/ -c /etc/fate/tunnel/tunnel.conf -g 'daemon off;' &
nginx=$!
trap 'kill -QUIT "$nginx"' TERM INT
while kill -0 "$nginx" 2> /dev/null; do
  sleep 5 &
  wait $!
  peers
  found=$( state )
  if [ "$found" != "$loaded" ]; then
    take "$found"
    openresty -p /run/tunnel/ -c /etc/fate/tunnel/tunnel.conf -t && kill -HUP "$nginx"
  fi
done
wait "$nginx"
{{- end }}
