{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* `federation` of service_conf.yaml: what carries data, and what carries FATE-Flow's messages. Takes the top context. */ -}}
{{- define "fate.python.federation" -}}
{{- $python := .Values.modules.python }}
{{- $federation := include "fate.engine.federation" . -}}
{{- $osx := and .Values.modules.osx.include (has "osx" (list $federation (include "fate.proxy" .))) }}
{{- $nginx := eq (include "fate.proxy" .) "nginx" -}}
{{- if not (or $osx $nginx (has $federation (list "rabbitmq" "pulsar"))) -}}
{}
{{- end }}
{{- if $osx -}}
osx:
  host: {{ include "fate.osx.insideService" .Values.modules.osx }}
  port: 9370
  # Stream: data go straight into Eggroll. Both parties of a job must use the same mode.
  mode: {{ include "fate.osx.mode" . }}
{{- end }}
{{- if $nginx }}
nginx:
  host: {{ include "fate.engine.host" (dict "root" . "name" "nginx") | quote }}
  http_port: {{ int $python.nginx.http_port }}
  grpc_port: {{ int $python.nginx.grpc_port }}
  protocol: http
{{- end }}
{{- if eq $federation "rabbitmq" }}
rabbitmq:
  host: {{ include "fate.engine.host" (dict "root" . "name" "rabbitmq") | quote }}
  port: {{ int $python.rabbitmq.port }}
  mng_port: {{ int $python.rabbitmq.mng_port }}
  user: '@RABBITMQ_USER@'
  password: '@RABBITMQ_PASSWORD@'
  max_message_size: {{ int $python.rabbitmq.max_message_size }}
  mode: replication
{{- else if eq $federation "pulsar" }}
pulsar:
  host: {{ include "fate.engine.host" (dict "root" . "name" "pulsar") | quote }}
  port: {{ int $python.pulsar.port }}
  mng_port: {{ int $python.pulsar.mng_port }}
  topic_ttl: {{ int $python.pulsar.topic_ttl }}
  cluster: {{ $python.pulsar.cluster | quote }}
  tenant: {{ $python.pulsar.tenant | quote }}
  max_message_size: {{ int $python.pulsar.max_message_size }}
  mode: replication
{{- end }}
{{- end }}

{{- /* Ports of servers that are not the party's own, as YAML. */ -}}
{{- define "fate.python.externalPorts" -}}
{{- $modules := .Values.modules }}
{{- $python := $modules.python }}
{{- $federation := include "fate.engine.federation" . }}
{{- $ports := list }}
{{- if and (eq $federation "rabbitmq") (not $modules.rabbitmq.include) }}
{{- $ports = append (append $ports (int $python.rabbitmq.port)) (int $python.rabbitmq.mng_port) }}
{{- end }}
{{- if and (eq $federation "pulsar") (not $modules.pulsar.include) }}
{{- $ports = append (append $ports (int $python.pulsar.port)) (int $python.pulsar.mng_port) }}
{{- end }}
{{- if and (eq (include "fate.proxy" .) "nginx") (not $modules.nginx.include) }}
{{- $ports = append (append $ports (int $python.nginx.http_port)) (int $python.nginx.grpc_port) }}
{{- end }}
{{- if and (eq .Values.storage "HDFS") (not $modules.hdfs.include) }}
{{- $ports = concat $ports (list (regexFind "[0-9]+$" $python.hdfs.name_node | default "8020" | int) 9866) }}
{{- end }}
{{- if and (eq .Values.computing "Spark") (not $modules.spark.include) }}
{{- $ports = append $ports (regexFind "[0-9]+$" $python.spark.master | default "7077" | int) }}
{{- end }}
{{- toYaml $ports }}
{{- end }}

{{- /*
Ports of Service fateflow-sparkdriver, as YAML: as many pairs as Spark may try, if it is told where to begin and drivers
are called by another name than the pod's own. With type NodePort they are node ports of the same number.
*/ -}}
{{- define "fate.python.driverPorts" -}}
{{- $spark := .Values.modules.python.spark }}
{{- $ports := list }}
{{- if and (eq .Values.computing "Spark") $spark.portMaxRetries (ne $spark.driverHost "fateflow") }}
{{- range $index := until (int $spark.portMaxRetries) }}
{{- range $name, $start := dict "spark-driver-port" $spark.driverStartPort "spark-block-manager-port" $spark.blockManagerStartPort }}
{{- if $start }}
{{- $port := add (int $start) $index | int }}
{{- $ports = append $ports (dict "name" (printf "%s-%d" $name $index) "port" $port "nodePort" $port) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $ports }}
{{- end }}
