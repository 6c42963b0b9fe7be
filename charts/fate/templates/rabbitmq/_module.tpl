{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Secret with username and password. Takes the top context. */ -}}
{{- define "fate.rabbitmq.secret" -}}
{{- if .Values.modules.rabbitmq.include }}
{{- .Values.modules.rabbitmq.existingSecret | default "fate-rabbitmq" }}
{{- else }}
{{- .Values.modules.python.rabbitmq.existingSecret | default "fate-external-rabbitmq" }}
{{- end }}
{{- end }}

{{- /* Variables RABBITMQ_USER and RABBITMQ_PASSWORD. Takes the top context. */ -}}
{{- define "fate.rabbitmq.env" -}}
{{- $secret := include "fate.rabbitmq.secret" . -}}
- name: RABBITMQ_USER
  valueFrom:
    secretKeyRef:
      name: {{ $secret | quote }}
      key: username
- name: RABBITMQ_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $secret | quote }}
      key: password
{{- end }}

{{- /*
Where FATE-Flow is told other parties' brokers are, as YAML: party id -> {host, port}. Its own broker fetches from there.
FATE-Flow writes amqp:// whatever the port is, so with TLS that is the tunnel in the broker's pod (see _tunnel.tpl).
*/ -}}
{{- define "fate.rabbitmq.routes" -}}
{{- $root := . }}
{{- $rabbitmq := .Values.modules.rabbitmq }}
{{- $own := dict "host" (include "fate.engine.host" (dict "root" . "name" "rabbitmq")) "port" (int .Values.modules.python.rabbitmq.port) }}
{{- $routes := dict .Values.partyId $own }}
{{- range $party, $peer := $rabbitmq.route_table }}
{{- $party = toString $party }}
{{- if ne $party $root.Values.partyId }}
{{- if include "fate.rabbitmq.tunnelled" (dict "root" $root "peer" $peer) }}
{{- $_ := set $routes $party (dict "host" (include "fate.rabbitmq.tunnelAddress" $party) "port" 5673) }}
{{- else }}
{{- $_ := set $routes $party (dict "host" $peer.host "port" (int $peer.port)) }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $routes }}
{{- end }}

{{- /* Ports at which the broker reaches others, as YAML. */ -}}
{{- define "fate.rabbitmq.ports" -}}
{{- $ports := list }}
{{- range $party, $peer := .Values.modules.rabbitmq.route_table }}
{{- if ne (toString $party) $.Values.partyId }}
{{- $ports = append $ports (int $peer.port) }}
{{- end }}
{{- end }}
{{- toYaml $ports }}
{{- end }}

{{- /* rabbitmq.conf, with @RABBITMQ_USER@ and @RABBITMQ_PASSWORD@, which only an empty database takes. */ -}}
{{- define "fate.rabbitmq.conf" -}}
listeners.tcp.default = 5672
management.tcp.port = 15672
default_user = @RABBITMQ_USER@
default_pass = @RABBITMQ_PASSWORD@
loopback_users = none
max_message_size = 536870912
log.console = true
log.file = false
{{- if .Values.modules.rabbitmq.enableTLS }}
{{- $folder := "/etc/fate/certificates" }}
listeners.ssl.default = 5671
ssl_options.cacertfile = {{ $folder }}/ca.crt
ssl_options.certfile = {{ $folder }}/tls.crt
ssl_options.keyfile = {{ $folder }}/tls.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
{{- end }}
{{- end }}
