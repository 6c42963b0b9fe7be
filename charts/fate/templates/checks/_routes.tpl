{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Routes of OSX. Takes the top context. */ -}}
{{- define "fate.checkRoutes" -}}
{{- $own := .Values.partyId }}
{{- $osx := .Values.modules.osx }}
{{- range $osx.partyList }}
{{- if eq .partyId $own }}
{{- fail (printf "osx.partyList: it lists %s, the party itself. Leave it out: the route to itself is made by the chart." $own) }}
{{- end }}
{{- end }}
{{- include "fate.osx.checkPeers" $osx }}
{{- with $osx.exchange }}
{{- if and .ip (not .port) }}
{{- fail (printf "osx.exchange: port of the exchange %s is missing." .ip) }}
{{- end }}
{{- if and .useSSL (not $osx.enableTLS) }}
{{- fail "osx.exchange: useSSL needs osx.enableTLS, which brings the certificates." }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Tables of nginx, RabbitMQ and Pulsar. Takes the top context. */ -}}
{{- define "fate.checkTables" -}}
{{- $root := . }}
{{- $modules := .Values.modules }}
{{- range $name, $keys := dict "rabbitmq" (list "host" "port") "pulsar" (list "host") }}
{{- range $party, $peer := (get $modules $name).route_table }}
{{- if and (ne (toString $party) "default") (ne (toString $party) $root.Values.partyId) }}
{{- range $keys }}
{{- if not (get $peer .) }}
{{- fail (printf "%s.route_table: party %s has no %s." $name $party .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if hasKey ($modules.rabbitmq.route_table | default dict) "default" }}
{{- fail "rabbitmq.route_table: FATE-Flow knows no entry default for RabbitMQ. List each party by its id." }}
{{- end }}
{{- with get ($modules.pulsar.route_table | default dict) "default" }}
{{- if not .domain }}
{{- fail "pulsar.route_table: the entry default has no domain; a party's broker is <party id>.<domain>." }}
{{- end }}
{{- end }}
{{- with $modules.pulsar.exchange }}
{{- if and .ip (not .port) }}
{{- fail (printf "pulsar.exchange: port of the exchange %s is missing." .ip) }}
{{- end }}
{{- end }}
{{- with $modules.nginx.exchange }}
{{- if and .ip (not (and .httpPort .grpcPort)) }}
{{- fail (printf "nginx.exchange: httpPort and grpcPort of the exchange %s are needed." .ip) }}
{{- end }}
{{- end }}
{{- include "fate.checkTunnel" . }}
{{- end }}

{{- /* Parties whose tunnels would share an address. Takes the top context. */ -}}
{{- define "fate.checkTunnel" -}}
{{- $seen := dict }}
{{- if .Values.modules.rabbitmq.enableTLS }}
{{- range $party, $peer := .Values.modules.rabbitmq.route_table }}
{{- if ne (toString $party) $.Values.partyId }}
{{- $address := include "fate.rabbitmq.tunnelAddress" (toString $party) }}
{{- if hasKey $seen $address }}
{{- fail (printf "rabbitmq.route_table: the ids of parties %s and %s end with the same seven digits; rabbitmq.enableTLS cannot keep them apart." (get $seen $address) $party) }}
{{- end }}
{{- $_ := set $seen $address (toString $party) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
