{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Refuses what cannot work, before anything is made. Takes the top context. */ -}}
{{- define "fate.checks" -}}
{{- include "fate.checkRoutes" . }}
{{- include "fate.checkDatabase" . }}
{{- include "fate.checkClaims" . }}
{{- include "fate.checkHosts" . }}
{{- end }}

{{- define "fate.checkRoutes" -}}
{{- $own := .Values.partyId }}
{{- $osx := .Values.modules.osx }}
{{- $seen := dict }}
{{- range $osx.partyList }}
{{- if eq .partyId $own }}
{{- fail (printf "osx.partyList: it lists %s, the party itself. Leave it out: the route to itself is made by the chart." $own) }}
{{- end }}
{{- if hasKey $seen .partyId }}
{{- fail (printf "osx.partyList: it lists party %s twice. Keep one entry." .partyId) }}
{{- end }}
{{- if and .useSSL (not $osx.enableTLS) }}
{{- fail (printf "osx.partyList: useSSL of party %s needs osx.enableTLS, which brings the certificates." .partyId) }}
{{- end }}
{{- $_ := set $seen .partyId true }}
{{- end }}
{{- with $osx.exchange }}
{{- if and .ip (not .port) }}
{{- fail (printf "osx.exchange: port of the exchange %s is missing." .ip) }}
{{- end }}
{{- if and .useSSL (not $osx.enableTLS) }}
{{- fail "osx.exchange: useSSL needs osx.enableTLS, which brings the certificates." }}
{{- end }}
{{- end }}
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
{{- $root := . }}
{{- range $name := list "nodemanager" "python" }}
{{- $values := get $root.Values.modules $name }}
{{- $persistent := include "fate.persistent" (dict "root" $root "values" $values) }}
{{- if and $values.include $persistent $values.existingClaim (gt (int $values.replicas) 1) }}
{{- fail (printf "%s.existingClaim: %d replicas would write into one volume. Set %s.replicas to 1, or leave existingClaim out, so that each gets its own." $name (int $values.replicas) $name) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "fate.checkHosts" -}}
{{- $root := . }}
{{- range $name := list "fateboard" "client" }}
{{- $hosts := (get $root.Values.ingress $name).hosts }}
{{- if and (get $root.Values.modules $name).include (not $hosts) (gt (len $root.Values.partyId) 58) }}
{{- fail (printf "ingress.%s.hosts: the party id is too long for a host name. Name the host yourself." $name) }}
{{- end }}
{{- end }}
{{- end }}
