{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
serving-server.properties, with names between at signs for what the pod fills in at its start: REDIS_PASSWORD and those
of ZooKeeper. Takes the top context.
*/ -}}
{{- define "serving.server.properties" -}}
{{- $server := .Values.modules.servingServer }}
{{- $redis := include "serving.redis" . | fromYaml }}
{{- $registered := include "serving.zookeeperUrl" . | empty | not -}}
port=8000
server.port=8080
remoteModelInferenceResultCacheSwitch={{ $server.cacheSwitch }}
cache.type={{ $server.cacheType }}
model.cache.path={{ (include "fate.facts" . | fromYaml).servingServer.home }}
{{- if $redis.host }}
redis.ip={{ $redis.host }}
redis.port={{ int $redis.port }}
redis.password=@REDIS_PASSWORD@
{{- end }}
proxy=serving-proxy:8879
feature.single.adaptor={{ $server.singleAdaptor }}
feature.batch.adaptor={{ $server.batchAdaptor }}
http.adapter.url={{ $server.AdapterURL }}
{{- with $server.fateflow }}
{{- if .ip }}
model.transfer.url=http://{{ .ip }}:{{ int .port }}/v1/model/transfer
{{- end }}
{{- end }}
useRegister={{ $registered }}
useZkRouter={{ $registered }}
{{ include "serving.zookeeperSettings" . }}
{{- end }}

{{- /* The module with its file. Takes the top context; gives what serving.java takes, but root, as JSON. */ -}}
{{- define "serving.server.module" -}}
{{- $home := (include "fate.facts" . | fromYaml).servingServer.home }}
{{- $secrets := include "serving.zookeeperVariables" . | fromJson }}
{{- $redis := include "serving.redis" . | fromYaml }}
{{- if $redis.host }}
{{- $_ := set $secrets "REDIS_PASSWORD" (dict "secret" $redis.secret "key" "password") }}
{{- end }}
{{- dict
  "name" "servingServer"
  "file" "serving-server.properties"
  "text" (include "serving.server.properties" .)
  "secrets" $secrets
  "ports" (dict "grpc" 8000 "http" 8080)
  "probe" 8000
  "claim" "serving-server-data"
  "mounts" (list
    (dict "name" "serving-server-data" "mountPath" "/root/.fate" "subPath" "cache")
    (dict "name" "serving-server-data" "mountPath" (printf "%s/.fate" $home) "subPath" "model_cache")
  ) | toJson }}
{{- end }}
