{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "serving.proxy.certificates" -}}
/etc/fate-certificates
{{- end }}

{{- /* Folder of the route table, which serving-proxy looks at every 10 seconds. */ -}}
{{- define "serving.proxy.routes" -}}
/etc/fate-routes
{{- end }}

{{- /* application.properties, filled in when the pod starts, as that of serving-server is. Takes the top context. */ -}}
{{- define "serving.proxy.properties" -}}
{{- $proxy := .Values.modules.servingProxy -}}
coordinator={{ .Values.partyId }}
server.port=8059
inference.service.name=serving
route.table={{ include "serving.proxy.routes" . }}/route_table.json
auth.open=false
proxy.grpc.intra.port=8879
proxy.grpc.inter.port=8869
proxy.grpc.inter.negotiationType={{ $proxy.enableTLS | ternary "TLS" "PLAINTEXT" }}
{{- if $proxy.enableTLS }}
{{- $folder := include "serving.proxy.certificates" . }}
proxy.grpc.inter.CA.file={{ $folder }}/ca.crt
proxy.grpc.inter.server.certChain.file={{ $folder }}/tls.crt
proxy.grpc.inter.server.privateKey.file={{ $folder }}/tls.key
proxy.grpc.inter.client.certChain.file={{ $folder }}/tls.crt
proxy.grpc.inter.client.privateKey.file={{ $folder }}/tls.key
{{- end }}
useZkRouter={{ include "serving.zookeeperUrl" . | empty | not }}
{{ include "serving.zookeeperSettings" . }}
{{- end }}

{{- /* One endpoint of the route table. Takes ip, port, useSSL and ownTLS, the default of useSSL; gives JSON. */ -}}
{{- define "serving.proxy.endpoint" -}}
{{- $endpoint := dict "ip" .ip "port" (int .port) }}
{{- if kindIs "bool" .useSSL | ternary .useSSL .ownTLS }}
{{- $folder := include "serving.proxy.certificates" . }}
{{- $_ := set $endpoint "useSSL" true }}
{{- $_ := set $endpoint "negotiationType" "TLS" }}
{{- $_ := set $endpoint "certChainFile" (printf "%s/tls.crt" $folder) }}
{{- $_ := set $endpoint "privateKeyFile" (printf "%s/tls.key" $folder) }}
{{- $_ := set $endpoint "caFile" (printf "%s/ca.crt" $folder) }}
{{- end }}
{{- toJson $endpoint }}
{{- end }}

{{- define "serving.proxy.routeTable" -}}
{{- $proxy := .Values.modules.servingProxy }}
{{- $ownTLS := $proxy.enableTLS }}
{{- $table := dict .Values.partyId (dict "serving" (list (dict "ip" "serving-server" "port" 8000))) }}
{{- range $proxy.partyList }}
{{- $endpoint := include "serving.proxy.endpoint" (dict "ip" .partyIp "port" .partyPort "useSSL" .useSSL "ownTLS" $ownTLS) | fromJson }}
{{- $_ := set $table .partyId (dict "default" (list $endpoint)) }}
{{- end }}
{{- with $proxy.exchange }}
{{- if .ip }}
{{- $endpoint := include "serving.proxy.endpoint" (dict "ip" .ip "port" .port "useSSL" .useSSL "ownTLS" $ownTLS) | fromJson }}
{{- $_ := set $table "default" (dict "default" (list $endpoint)) }}
{{- end }}
{{- end }}
{{- dict "route_table" $table "permission" (dict "default_allow" true) | toPrettyJson }}
{{- end }}

{{- /* The module with its file, as that of serving-server. Takes the top context; gives JSON. */ -}}
{{- define "serving.proxy.module" -}}
{{- $proxy := .Values.modules.servingProxy }}
{{- $mounts := list (dict "name" "routes" "mountPath" (include "serving.proxy.routes" .) "readOnly" true) }}
{{- $volumes := list (dict "name" "routes" "configMap" (dict "name" "serving-proxy-route-table")) }}
{{- if $proxy.enableTLS }}
{{- $secret := dict "secretName" ($proxy.tls.existingSecret | default "serving-certs") "defaultMode" 0400 }}
{{- $mounts = append $mounts (dict "name" "certificates" "mountPath" (include "serving.proxy.certificates" .) "readOnly" true) }}
{{- $volumes = append $volumes (dict "name" "certificates" "secret" $secret) }}
{{- end }}
{{- dict
  "name" "servingProxy"
  "file" "application.properties"
  "text" (include "serving.proxy.properties" .)
  "secrets" (include "serving.zookeeperVariables" . | fromJson)
  "ports" (dict "http" 8059 "grpc-inter" 8869 "grpc-intra" 8879)
  "probe" 8869
  "mounts" $mounts
  "volumes" $volumes
  | toJson }}
{{- end }}
