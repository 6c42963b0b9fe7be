{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* FATE-Flow's log level as Python's number. Takes the top context. */ -}}
{{- define "fate.python.logLevel" -}}
{{- get (dict "DEBUG" 10 "INFO" 20 "WARNING" 30 "ERROR" 40 "CRITICAL" 50) .Values.modules.python.logLevel }}
{{- end }}

{{- /*
service_conf.yaml, with names between at signs for what the pod fills in at its start: POD_IP, MYSQL_USER,
MYSQL_PASSWORD and, with RabbitMQ, RABBITMQ_USER and RABBITMQ_PASSWORD.
*/ -}}
{{- define "fate.python.serviceConf" -}}
{{- $database := include "fate.database" . | fromYaml }}
{{- $serving := .Values.serving }}
{{- $cores := include "fate.cores" . | fromYaml }}
{{- $spark := .Values.modules.python.spark }}
{{- $home := $spark.home | default (include "fate.facts" . | fromYaml).spark.home -}}
party_id: {{ .Values.partyId | quote }}
use_registry: false
log_level: {{ include "fate.python.logLevel" . }}
encrypt:
  key_0:
    module: fate_flow.hub.encrypt.password_encrypt#pwdecrypt
    private_path: private_key.pem
fateflow:
  # FATE-Flow listens here, and tells others to call back here.
  host: '@POD_IP@'
  http_port: 9380
  grpc_port: 9360
  proxy_name: {{ include "fate.proxy" . }}
  nginx:
    host:
    http_port:
database:
  engine: mysql
  decrypt_key:
  mysql:
    name: {{ $database.name | quote }}
    user: '@MYSQL_USER@'
    passwd: '@MYSQL_PASSWORD@'
    host: {{ $database.host | quote }}
    port: {{ int $database.port }}
    max_connections: 100
    stale_timeout: 30
  sqlite:
    path:
default_engines:
  computing: {{ include "fate.engine.computing" . }}
  federation: {{ include "fate.engine.federation" . }}
  storage: {{ include "fate.engine.storage" . }}
default_provider:
  name: fate
  version:
  device: local
computing:
  standalone:
    cores: {{ int $cores.standalone }}
  {{- if eq .Values.computing "Eggroll" }}
  eggroll:
    # What all nodemanagers compute with together, and how many they are.
    cores: {{ int $cores.eggroll }}
    nodes: {{ int $cores.nodes }}
    host: clustermanager
    port: 4670
  {{- end }}
  {{- if eq (include "fate.engine.computing" .) "spark" }}
  spark:
    home: {{ $home | quote }}
    cores: {{ int $cores.spark }}
  {{- end }}
federation:
  {{- include "fate.python.federation" . | nindent 2 }}
storage:
  {{- if eq .Values.storage "HDFS" }}
  hdfs:
    name_node: {{ .Values.modules.python.hdfs.name_node | default "hdfs://namenode:9000" | quote }}
  {{- else }} {}
  {{- end }}
hook_module:
  client_authentication: fate_flow.hook.flow.client_authentication
  site_authentication: fate_flow.hook.flow.site_authentication
  permission: fate_flow.hook.flow.permission
authentication:
  client: false
  site: false
  permission: false
model_store:
  engine: file
  decrypt_key:
  file:
    path:
servings:
  hosts: {{ empty $serving.ip | ternary list (list (printf "%s:%d" $serving.ip (int $serving.port))) | toJson }}
zookeeper:
  hosts: []
  use_acl: false
{{- end }}

{{- /* spark-defaults.conf, with @POD_IP@ for FATE-Flow's own address, which executors call back. Takes the top context. */ -}}
{{- define "fate.python.sparkDefaults" -}}
{{- $spark := .Values.modules.python.spark }}
{{- $local := eq .Values.computing "Spark_local" }}
{{- $own := eq $spark.driverHost "fateflow" -}}
spark.master {{ $local | ternary (printf "local[%d]" (int .Values.modules.python.cores)) ($spark.master | default "spark://spark-master:7077") }}
spark.driver.host {{ $own | ternary "@POD_IP@" $spark.driverHost }}
{{- if or (not $own) $spark.blockManagerStartPort }}
spark.driver.bindAddress 0.0.0.0
{{- end }}
{{- with $spark.driverStartPort }}
spark.driver.port {{ int . }}
{{- end }}
{{- with $spark.portMaxRetries }}
spark.port.maxRetries {{ int . }}
{{- end }}
{{- with $spark.blockManagerStartPort }}
spark.blockManager.port {{ int . }}
{{- end }}
{{- with $spark.pysparkPython }}
spark.pyspark.python {{ . }}
spark.pyspark.driver.python python
{{- end }}
{{- range $key, $value := $spark.conf }}
{{ $key }} {{ $value }}
{{- end }}
{{- end }}
