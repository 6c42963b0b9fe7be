{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* FATE-Flow's log level as Python's number. Takes the top context. */ -}}
{{- define "fate.python.logLevel" -}}
{{- get (dict "DEBUG" 10 "INFO" 20 "WARNING" 30 "ERROR" 40 "CRITICAL" 50) .Values.modules.python.logLevel }}
{{- end }}

{{- /*
service_conf.yaml, with names between at signs for what the pod fills in at its start: POD_IP, MYSQL_USER,
MYSQL_PASSWORD.
*/ -}}
{{- define "fate.python.serviceConf" -}}
{{- $database := include "fate.database" . | fromYaml }}
{{- $serving := .Values.serving }}
{{- $nodemanager := .Values.modules.nodemanager }}
{{- $nodes := int $nodemanager.replicas -}}
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
  proxy_name: osx
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
  computing: {{ lower .Values.computing }}
  federation: {{ lower .Values.federation }}
  storage: {{ lower .Values.storage }}
default_provider:
  name: fate
  version:
  device: local
computing:
  standalone:
    cores: 32
  eggroll:
    # What all nodemanagers compute with together, and how many they are.
    cores: {{ mul $nodes (int $nodemanager.sessionProcessorsPerNode) }}
    nodes: {{ $nodes }}
    host: clustermanager
    port: 4670
federation:
  osx:
    host: {{ include "fate.osx.insideService" . }}
    port: 9370
    # Data go straight into Eggroll; both parties of a job must use the same mode.
    mode: {{ eq .Values.computing "Eggroll" | ternary "stream" "queue" }}
storage: {}
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
