{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Refuses what cannot work, before anything is made. Takes the top context. */ -}}
{{- define "fate.checks" -}}
{{- include "fate.checkEngines" . }}
{{- include "fate.checkProxy" . }}
{{- include "fate.checkServers" . }}
{{- include "fate.checkRoutes" . }}
{{- include "fate.checkTables" . }}
{{- include "fate.checkDatabase" . }}
{{- include "fate.checkClaims" . }}
{{- include "fate.checkHosts" . }}
{{- include "fate.checkMesh" . }}
{{- end }}

{{- define "fate.checkDatabase" -}}
{{- $mysql := .Values.modules.mysql }}
{{- $needed := or .Values.modules.python.include .Values.modules.clustermanager.include }}
{{- if .Values.externalMysql.host }}
{{- if $mysql.include }}
{{- fail "externalMysqlIp: it names a database, yet modules lists mysql, which would be one more. Leave out one of them." }}
{{- end }}
{{- else if and $needed (not $mysql.include) (eq $mysql.ip "mysql") }}
{{- fail "modules: python and clustermanager need a database. Add mysql to modules, or name a database of yours with externalMysqlIp." }}
{{- end }}
{{- end }}

{{- define "fate.checkClaims" -}}
{{- $modules := dict }}
{{- include "fate.modules" (dict "root" . "into" $modules) }}
{{- range $label, $module := $modules }}
{{- if and $module.values.existingClaim (include "fate.persistent" $module) (gt (int $module.replicas) 1) }}
{{- fail (printf "%s.existingClaim: %d replicas would write into one volume. Set %s.replicas to 1, or leave existingClaim out, so that each gets its own." $module.path (int $module.replicas) $module.path) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "fate.checkHosts" -}}
{{- $root := . }}
{{- range $name := list "fateboard" "client" "rabbitmq" }}
{{- $hosts := (get $root.Values.ingress $name).hosts }}
{{- if and (get $root.Values.modules $name).include (not $hosts) (gt (len $root.Values.partyId) 58) }}
{{- fail (printf "ingress.%s.hosts: the party id is too long for a host name. Name the host yourself." $name) }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Spark's driver and executors call each other by pod addresses and ports of their own, which a mesh does not know. */ -}}
{{- define "fate.checkMesh" -}}
{{- if and .Values.istio.enabled (eq .Values.computing "Spark") }}
{{- fail "istio.enabled: it does not go with computing Spark, whose driver and executors call each other past the mesh. Leave Istio out and use ingress, or compute with Eggroll or Spark_local." }}
{{- end }}
{{- end }}
