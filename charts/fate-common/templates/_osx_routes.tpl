{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
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

{{- /* Routes to the parties of partyList. Takes OSX's block; gives JSON. */ -}}
{{- define "fate.osx.peers" -}}
{{- $ownTLS := .enableTLS }}
{{- $table := dict }}
{{- range .partyList }}
{{- $endpoint := include "fate.osx.endpoint" (dict "ip" .partyIp "port" .partyPort "useSSL" .useSSL "ownTLS" $ownTLS) | fromJson }}
{{- $_ := set $table .partyId (dict "default" (list $endpoint)) }}
{{- end }}
{{- toJson $table }}
{{- end }}

{{- /* Refuses a partyList that lists a party twice, or wants TLS without certificates. Takes OSX's block. */ -}}
{{- define "fate.osx.checkPeers" -}}
{{- $enableTLS := .enableTLS }}
{{- $seen := dict }}
{{- range .partyList }}
{{- if hasKey $seen .partyId }}
{{- fail (printf "osx.partyList: it lists party %s twice. Keep one entry." .partyId) }}
{{- end }}
{{- if and .useSSL (not $enableTLS) }}
{{- fail (printf "osx.partyList: useSSL of party %s needs osx.enableTLS, which brings the certificates." .partyId) }}
{{- end }}
{{- $_ := set $seen .partyId true }}
{{- end }}
{{- end }}
