{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Refuses what cannot work, before anything is made. Takes the top context. */ -}}
{{- define "fate.checks" -}}
{{- $modules := .Values.modules }}
{{- include "fate.osx.checkPeers" $modules.osx }}
{{- if hasKey ($modules.nginx.route_table | default dict) "default" }}
{{- fail "nginx.route_table: an exchange has no entry default: what it does not know would go round in circles. List each party by its id." }}
{{- end }}
{{- if $modules.nginx.include }}
{{- $module := dict }}
{{- include "exchange.nginx.fill" (dict "root" . "into" $module) }}
{{- include "fate.nginx.checkRoutes" (dict "path" "nginx.route_table" "routes" $module.routes) }}
{{- range $party, $services := $modules.nginx.route_table }}
{{- if and (eq (toString $services.useSSL) "true") (not $modules.nginx.enableTLS) }}
{{- fail (printf "nginx.route_table: useSSL of party %s needs nginx.enableTLS, which brings the certificates." $party) }}
{{- end }}
{{- end }}
{{- end }}
{{- $seen := dict }}
{{- range $modules.trafficServer.route_table.sni }}
{{- if hasKey $seen .fqdn }}
{{- fail (printf "trafficServer.route_table.sni: it lists %s twice. Keep one entry." .fqdn) }}
{{- end }}
{{- $_ := set $seen .fqdn true }}
{{- end }}
{{- end }}
