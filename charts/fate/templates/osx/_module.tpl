{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Routes of the party: to itself, to its peers and, with an exchange, a default one. Takes the top context. */ -}}
{{- define "fate.osx.routeTable" -}}
{{- $osx := .Values.modules.osx }}
{{- $table := include "fate.osx.peers" $osx | fromJson }}
{{- $_ := set $table .Values.partyId (dict "fateflow" (list (dict "ip" "fateflow" "port" 9360))) }}
{{- with $osx.exchange }}
{{- if .ip }}
{{- $endpoint := include "fate.osx.endpoint" (dict "ip" .ip "port" .port "useSSL" .useSSL "ownTLS" $osx.enableTLS) | fromJson }}
{{- $_ := set $table "default" (dict "default" (list $endpoint)) }}
{{- end }}
{{- end }}
{{- dict "route_table" $table "self_party" (list .Values.partyId) | toPrettyJson }}
{{- end }}

{{- /* What else the broker of a party knows, as YAML. Takes the top context. */ -}}
{{- define "fate.osx.settings" -}}
{{- $settings := dict }}
{{- if eq .Values.computing "Eggroll" }}
{{- $_ := set $settings "eggroll.cluster.manager.ip" "clustermanager" }}
{{- $_ := set $settings "eggroll.cluster.manager.port" "4670" }}
{{- end }}
{{- toYaml $settings }}
{{- end }}
