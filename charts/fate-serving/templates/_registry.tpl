{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Address of ZooKeeper, where the modules find each other; nothing if there is none. Takes the top context. */ -}}
{{- define "serving.zookeeperUrl" -}}
{{- $external := .Values.externalZookeeper.url }}
{{- if $external }}
{{- $external }}
{{- else if .Values.modules.servingZookeeper.include -}}
serving-zookeeper:2181
{{- end }}
{{- end }}

{{- /* Whether nodes in ZooKeeper are protected by a user and password: "true" or nothing. Takes the top context. */ -}}
{{- define "serving.zookeeperAcl" -}}
{{- if and .Values.externalZookeeper.url .Values.externalZookeeper.acl }}true{{ end }}
{{- end }}

{{- define "serving.zookeeperSecret" -}}
{{- .Values.externalZookeeper.existingSecret | default "fate-serving-zookeeper" }}
{{- end }}

{{- /*
Settings of ZooKeeper, in the words of server, proxy and admin. The names between at signs are filled in when a pod
starts. Takes the top context.
*/ -}}
{{- define "serving.zookeeperSettings" -}}
{{- with include "serving.zookeeperUrl" . -}}
zk.url={{ . }}
{{ end -}}
acl.enable={{ include "serving.zookeeperAcl" . | default "false" }}
{{- if include "serving.zookeeperAcl" . }}
acl.username=@ZOOKEEPER_USERNAME@
acl.password=@ZOOKEEPER_PASSWORD@
{{- end }}
{{- end }}

{{- /*
Where Redis is, as YAML: host, port and secret, which holds the password; empty if there is none. Takes the top context.
*/ -}}
{{- define "serving.redis" -}}
{{- $external := .Values.externalRedis }}
{{- if $external.host -}}
host: {{ $external.host | quote }}
port: {{ int $external.port }}
secret: {{ $external.existingSecret | default "fate-serving-external-redis" | quote }}
{{- else if .Values.modules.servingRedis.include -}}
host: serving-redis
port: 6379
secret: {{ include "serving.redisSecret" . | quote }}
{{- end }}
{{- end }}

{{- define "serving.redisSecret" -}}
{{- .Values.modules.servingRedis.existingSecret | default "fate-serving-redis" }}
{{- end }}
