{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Refuses what cannot work, before anything is made. Takes the top context. */ -}}
{{- define "fate.checks" -}}
{{- include "serving.checkParty" . }}
{{- include "serving.checkRoutes" . }}
{{- include "serving.checkRegistry" . }}
{{- include "serving.checkCache" . }}
{{- include "serving.checkHosts" . }}
{{- end }}

{{- define "serving.checkParty" -}}
{{- if and .Values.modules.servingProxy.include (or (gt (len .Values.partyId) 10) (gt (.Values.partyId | int64) 2147483647)) }}
{{- fail (printf "partyId: serving-proxy keeps it as a number of 32 bits, so it cannot be %s; the largest is 2147483647." .Values.partyId) }}
{{- end }}
{{- end }}

{{- define "serving.checkRoutes" -}}
{{- $own := .Values.partyId }}
{{- $proxy := .Values.modules.servingProxy }}
{{- $seen := dict }}
{{- range $proxy.partyList }}
{{- if eq .partyId $own }}
{{- fail (printf "servingProxy.partyList: it lists %s, the party itself. Leave it out: the route to itself is made by the chart." $own) }}
{{- end }}
{{- if hasKey $seen .partyId }}
{{- fail (printf "servingProxy.partyList: it lists party %s twice. Keep one entry." .partyId) }}
{{- end }}
{{- if and .useSSL (not $proxy.enableTLS) }}
{{- fail (printf "servingProxy.partyList: useSSL of party %s needs servingProxy.enableTLS, which brings the certificates." .partyId) }}
{{- end }}
{{- $_ := set $seen .partyId true }}
{{- end }}
{{- with $proxy.exchange }}
{{- if and .ip (not .port) }}
{{- fail (printf "servingProxy.exchange: port of the exchange %s is missing." .ip) }}
{{- end }}
{{- if and .useSSL (not $proxy.enableTLS) }}
{{- fail "servingProxy.exchange: useSSL needs servingProxy.enableTLS, which brings the certificates." }}
{{- end }}
{{- end }}
{{- end }}

{{- define "serving.checkRegistry" -}}
{{- $modules := .Values.modules }}
{{- if and .Values.externalZookeeper.url $modules.servingZookeeper.include }}
{{- fail "externalZookeeperUrl: it names a ZooKeeper, yet modules lists servingZookeeper, which would be one more. Leave out one of them." }}
{{- end }}
{{- if and $modules.servingAdmin.include (not (include "serving.zookeeperUrl" .)) }}
{{- fail "modules: servingAdmin finds the others through ZooKeeper. Add servingZookeeper to modules, or name a ZooKeeper of yours with externalZookeeperUrl." }}
{{- end }}
{{- end }}

{{- define "serving.checkCache" -}}
{{- $server := .Values.modules.servingServer }}
{{- if and .Values.externalRedis.host .Values.modules.servingRedis.include }}
{{- fail "externalRedisIp: it names a Redis, yet modules lists servingRedis, which would be one more. Leave out one of them." }}
{{- end }}
{{- if and $server.include $server.cacheSwitch (eq $server.cacheType "redis") (not (include "serving.redis" .)) }}
{{- fail "servingServer.cacheType: redis needs one. Add servingRedis to modules, name a Redis of yours with externalRedisIp, or set cacheType to local." }}
{{- end }}
{{- end }}

{{- define "serving.checkHosts" -}}
{{- $root := . }}
{{- range $name := list "servingProxy" "servingAdmin" }}
{{- $hosts := (get $root.Values.ingress $name).hosts }}
{{- if and (get $root.Values.modules $name).include (not $hosts) (gt (len $root.Values.partyId) 58) }}
{{- fail (printf "ingress.%s.hosts: the party id is too long for a host name. Name the host yourself." $name) }}
{{- end }}
{{- end }}
{{- end }}
