{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "fate.osx.certificates" -}}
/data/projects/fate/osx/conf/certificates
{{- end }}

{{- /* Service that leads to the plain port. Takes the top context. */ -}}
{{- define "fate.osx.insideService" -}}
{{- .Values.modules.osx.enableTLS | ternary "osx-inside" "osx" }}
{{- end }}

{{- /* One endpoint of the route table. Takes ip, port, useSSL and ownTLS, the default of useSSL; gives JSON. */ -}}
{{- define "fate.osx.endpoint" -}}
{{- $endpoint := dict "ip" .ip "port" (int .port) }}
{{- if kindIs "bool" .useSSL | ternary .useSSL .ownTLS }}
{{- $folder := include "fate.osx.certificates" . }}
{{- $_ := set $endpoint "useSSL" true }}
{{- $_ := set $endpoint "certChainFile" (printf "%s/tls.crt" $folder) }}
{{- $_ := set $endpoint "privateKeyFile" (printf "%s/tls.key" $folder) }}
{{- $_ := set $endpoint "caFile" (printf "%s/ca.crt" $folder) }}
{{- end }}
{{- toJson $endpoint }}
{{- end }}

{{- define "fate.osx.routeTable" -}}
{{- $osx := .Values.modules.osx }}
{{- $ownTLS := $osx.enableTLS }}
{{- $table := dict .Values.partyId (dict "fateflow" (list (dict "ip" "fateflow" "port" 9360))) }}
{{- range $osx.partyList }}
{{- $endpoint := include "fate.osx.endpoint" (dict "ip" .partyIp "port" .partyPort "useSSL" .useSSL "ownTLS" $ownTLS) | fromJson }}
{{- $_ := set $table .partyId (dict "default" (list $endpoint)) }}
{{- end }}
{{- with $osx.exchange }}
{{- if .ip }}
{{- $endpoint := include "fate.osx.endpoint" (dict "ip" .ip "port" .port "useSSL" .useSSL "ownTLS" $ownTLS) | fromJson }}
{{- $_ := set $table "default" (dict "default" (list $endpoint)) }}
{{- end }}
{{- end }}
{{- dict "route_table" $table "self_party" (list .Values.partyId) | toPrettyJson }}
{{- end }}

{{- define "fate.osx.brokerProperties" -}}
{{- $osx := .Values.modules.osx }}
{{- $facts := (include "fate.facts" . | fromYaml).osx -}}
self.party={{ .Values.partyId }}
grpc.port=9370
open.http.server=false
http.port=8087
open.grpc.tls.server={{ $osx.enableTLS }}
grpc.tls.port=9883
{{- if $osx.enableTLS }}
{{- $folder := include "fate.osx.certificates" . }}
grpc.server.cert.chain.file={{ $folder }}/tls.crt
grpc.server.private.key.file={{ $folder }}/tls.key
grpc.server.ca.file={{ $folder }}/ca.crt
grpc.ssl.open.client.validate=true
{{- end }}
mapped.file.size=134217728
{{- if eq .Values.computing "Eggroll" }}
eggroll.cluster.manager.ip=clustermanager
eggroll.cluster.manager.port=4670
{{- end }}
{{- range $key, $value := $facts.brokerProperties }}
{{ $key }}={{ $value }}
{{- end }}
{{- end }}
