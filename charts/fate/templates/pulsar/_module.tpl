{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Where FATE-Flow is told other parties' brokers are, as YAML. A `default` stands for parties behind the exchange only: it
makes names <party id>.<domain> of them. Takes the top context.
*/ -}}
{{- define "fate.pulsar.routes" -}}
{{- $root := . }}
{{- $pulsar := .Values.modules.pulsar }}
{{- $own := dict "host" (include "fate.engine.host" (dict "root" . "name" "pulsar")) "port" (int .Values.modules.python.pulsar.port) "sslPort" 6651 "proxy" "" }}
{{- $routes := dict .Values.partyId $own }}
{{- range $party, $peer := $pulsar.route_table }}
{{- $party = toString $party }}
{{- if eq $party "default" }}
{{- $_ := set $routes "default" (dict "domain" $peer.domain "brokerPort" (int ($peer.brokerPort | default 6650)) "brokerSslPort" (int ($peer.brokerSslPort | default 6651)) "proxy" ($peer.proxy | default "")) }}
{{- else if ne $party $root.Values.partyId }}
{{- $_ := set $routes $party (dict "host" $peer.host "port" (int ($peer.port | default 6650)) "sslPort" (int ($peer.sslPort | default 6651)) "proxy" ($peer.proxy | default "")) }}
{{- end }}
{{- end }}
{{- with $pulsar.exchange }}
{{- if .ip }}
{{- $_ := set $routes "default" (dict "domain" (include "fate.domain" $root) "brokerPort" 6650 "brokerSslPort" 6651 "proxy" (printf "%s:%d" .ip (int .port))) }}
{{- end }}
{{- end }}
{{- toYaml $routes }}
{{- end }}

{{- /* What Pulsar is told of the other parties, as JSON: party id -> cluster. See files/pulsar_routes.py. */ -}}
{{- define "fate.pulsar.clusters" -}}
{{- $own := .Values.partyId }}
{{- $clusters := dict }}
{{- range $party, $peer := (include "fate.pulsar.routes" . | fromYaml) }}
{{- if not (has $party (list "default" $own)) }}
{{- $cluster := dict
  "serviceUrl" "" "serviceUrlTls" "" "peerClusterNames" (list) "proxyProtocol" "SNI"
  "brokerServiceUrl" (printf "pulsar://%s:%d" $peer.host (int $peer.port))
  "brokerServiceUrlTls" (printf "pulsar+ssl://%s:%d" $peer.host (int $peer.sslPort))
  "proxyServiceUrl" ""
}}
{{- with $peer.proxy }}
{{- $_ := set $cluster "proxyServiceUrl" (printf "pulsar+ssl://%s" .) }}
{{- end }}
{{- $_ := set $clusters $party $cluster }}
{{- end }}
{{- end }}
{{- toPrettyJson $clusters }}
{{- end }}

{{- /* Ports at which the broker reaches others, as YAML. */ -}}
{{- define "fate.pulsar.ports" -}}
{{- $tls := include "fate.speaksTLS" (dict "root" . "name" "pulsar") }}
{{- $ports := list }}
{{- range $party, $peer := (include "fate.pulsar.routes" . | fromYaml) }}
{{- if ne $party $.Values.partyId }}
{{- if $peer.proxy }}
{{- $ports = append $ports (splitList ":" $peer.proxy | last | int) }}
{{- else if $tls }}
{{- $ports = append $ports (int ($peer.sslPort | default $peer.brokerSslPort)) }}
{{- else }}
{{- $ports = append $ports (int ($peer.port | default $peer.brokerPort)) }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $ports }}
{{- end }}

{{- /*
standalone.conf. A standalone broker has its clients come through the address that they used, so its own name matters
only to itself; with TLS it is one that stands in its certificate.
*/ -}}
{{- define "fate.pulsar.conf" -}}
{{- $pulsar := .Values.modules.pulsar -}}
{{- $tls := include "fate.speaksTLS" (dict "root" . "name" "pulsar") -}}
clusterName=standalone
zookeeperServers=
configurationStoreServers=
bindAddress=0.0.0.0
advertisedAddress={{ empty $tls | ternary "" "pulsar" }}
brokerServicePort=6650
webServicePort=8080
{{- if $tls }}
brokerServicePortTls=6651
tlsEnabled=true
tlsCertificateFilePath=/opt/pulsar/certs/broker.cert.pem
tlsKeyFilePath=/opt/pulsar/certs/broker.key-pk8.pem
tlsTrustCertsFilePath=/opt/pulsar/certs/ca.cert.pem
tlsAllowInsecureConnection=false
tlsHostnameVerificationEnabled={{ $pulsar.tls.verifyNames }}
brokerClientTlsEnabled=true
brokerClientTrustCertsFilePath=/opt/pulsar/certs/ca.cert.pem
{{- end }}
managedLedgerDefaultEnsembleSize=1
managedLedgerDefaultWriteQuorum=1
managedLedgerDefaultAckQuorum=1
allowLoopback=true
loadBalancerEnabled=false
allowAutoTopicCreation=true
replicationMetricsEnabled=true
maxMessageSize=134217728
nettyMaxFrameSizeBytes=134217728
ttlDurationDefaultInSeconds=0
backlogQuotaDefaultLimitGB={{ int $pulsar.confs.backlogQuotaDefaultLimitGB }}
brokerDeleteInactiveTopicsEnabled=true
brokerDeleteInactiveTopicsFrequencySeconds={{ int $pulsar.confs.brokerDeleteInactiveTopicsFrequencySeconds }}
# FATE's clients log in nowhere: NetworkPolicies and certificates are what guards this server.
authenticationEnabled=false
authorizationEnabled=false
{{- end }}
