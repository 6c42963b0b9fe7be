{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* OSX of an exchange: nobody itself, and with a route to each member. Takes the top context. */ -}}
{{- define "exchange.osx.routeTable" -}}
{{- $table := include "fate.osx.peers" .Values.modules.osx | fromJson }}
{{- dict "route_table" $table "self_party" (list "default") | toPrettyJson }}
{{- end }}
