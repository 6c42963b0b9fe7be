{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Where other parties reach the party. Takes the top context. */ -}}
{{- define "fate.notes.ways" -}}
{{- $root := . }}
{{- $modules := .Values.modules }}
{{- $ways := dict
  "osx" (list ($modules.osx.enableTLS | ternary 9883 9370) $modules.osx.nodePort)
  "nginx" (list 9300 $modules.nginx.httpNodePort)
  "rabbitmq" (list 5672 $modules.rabbitmq.nodePort)
  "pulsar" (list (empty (include "fate.speaksTLS" (dict "root" . "name" "pulsar")) | ternary 6650 6651) $modules.pulsar.httpNodePort)
}}
{{- range $name, $ports := $ways }}
{{- $module := get $modules $name }}
{{- if $module.include }}
{{- $port := index $ports 0 }}
{{- $nodePort := index $ports 1 }}

Other parties reach {{ $name }} at
{{- if and (eq $module.type "NodePort") $nodePort }} <address of a node>:{{ int $nodePort }}
{{- else if and (eq $module.type "LoadBalancer") $module.loadBalancerIP }} {{ $module.loadBalancerIP }}:{{ $port }}
{{- else if eq $module.type "ClusterIP" }} {{ $name }}.{{ $root.Release.Namespace }}:{{ $port }}, from inside this Kubernetes only ({{ $name }}.type is ClusterIP)
{{- else }} the address that this prints:
  kubectl --namespace {{ $root.Release.Namespace }} get service {{ $name }}
{{- end }}
{{- end }}
{{- end }}
{{- if $modules.osx.include }}
{{- $osx := $modules.osx }}

OSX has routes to {{ len $osx.partyList }} {{ eq (len $osx.partyList) 1 | ternary "party" "parties" }}
{{- if $osx.exchange.ip }}, and sends the rest to {{ $osx.exchange.ip }}:{{ int $osx.exchange.port }}{{ end }}.
{{- end }}
{{- end }}

{{- /* Web pages, and where their passwords are. Takes the top context. */ -}}
{{- define "fate.notes.pages" -}}
{{- $root := . }}
{{- $modules := .Values.modules }}
{{- range $page := list
  (dict "name" "fateboard" "domain" "fateboard" "title" "FATE-Board" "service" "fateboard" "port" 8080 "login" (printf "user and password in Secret %s" ($modules.fateboard.existingSecret | default "fate-fateboard")))
  (dict "name" "client" "domain" "notebook" "title" "Notebook" "service" "notebook" "port" 20000 "login" (printf "token in Secret %s, unless you gave it a password" ($modules.client.existingSecret | default "fate-notebook")))
  (dict "name" "rabbitmq" "domain" "rabbitmq" "title" "RabbitMQ" "service" "rabbitmq-inside" "port" 15672 "login" (printf "user and password in Secret %s" (include "fate.rabbitmq.secret" .)))
  (dict "name" "spark" "domain" "spark" "title" "Spark" "service" "spark-client" "port" 8080 "guarded" false "login" "no password")
  (dict "name" "pulsar" "domain" "pulsar" "title" "Pulsar's administration" "service" "pulsar-inside" "port" 8080 "guarded" false "login" "no password")
}}
{{- $module := get $modules $page.name }}
{{- $page = merge (dict "root" $root "values" $module) $page }}
{{- if $module.include }}

{{ $page.title }}:
{{- if or (include "fate.hasPage" $page) (and $root.Values.istio.enabled (has $page.name (list "fateboard" "client"))) }}
{{- $secure := or $root.Values.istio.enabled (get $root.Values.ingress $page.name).tls (include "fate.usesRoutes" $root) }}
{{- range (include "fate.ingressHosts" $page | fromYaml).hosts }} http{{ if $secure }}s{{ end }}://{{ .name }}{{ .path }}{{ end }}
{{- else }} http://{{ $page.service }}.{{ $root.Release.Namespace }}:{{ $page.port }} inside this Kubernetes
{{- end }}, {{ $page.login }}
{{- end }}
{{- end }}
{{- end }}

{{- /* What FATE itself does not do. Takes the top context. */ -}}
{{- define "fate.notes.limits" -}}
{{- $modules := .Values.modules }}
{{- if .Values.serving.ip }}

FATE-Serving: FATE-Flow 2 cannot push models there (`flow model load` is empty in it); notebooks are told its address.
{{- end }}
{{- if eq .Values.federation "Pulsar" }}

Pulsar: FATE looks other parties up by numbers, which never match. So a container of pod python-0, pulsar-routes, tells
Pulsar where their brokers are; jobs work once it has. FATE logs in nowhere: {{ if $modules.pulsar.include }}NetworkPolicies guard Pulsar's plain ports.
{{- else }}let nobody but this party reach {{ include "fate.engine.host" (dict "root" . "name" "pulsar") }}.{{ end }}
{{- end }}
{{- if and (eq .Values.federation "RabbitMQ") (not $modules.rabbitmq.enableTLS) }}

RabbitMQ: what goes to other parties' brokers is not encrypted; see rabbitmq.enableTLS.
{{- end }}
{{- if and (eq .Values.federation "Pulsar") (not (include "fate.speaksTLS" (dict "root" . "name" "pulsar"))) }}

Pulsar: what goes to other parties' brokers is not encrypted; see pulsar.enableTLS.
{{- end }}
{{- if and $modules.hdfs.include (not .Values.persistence.enabled) }}

HDFS: without persistence, everything in it is gone when the name node starts again.
{{- end }}
{{- if ne .Values.securityProfile "baseline" }}

Security profile {{ .Values.securityProfile }}: Kubernetes admits these pods; that FATE's images run so was not shown.
{{- end }}
{{- end }}
