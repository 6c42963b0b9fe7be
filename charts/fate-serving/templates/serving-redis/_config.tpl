{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Megabytes of data that Redis may hold: three quarters of what the container may take, so that it never is killed for
them. It is a cache: what was not asked for longest is given up. Takes the module.
*/ -}}
{{- define "serving.redis.megabytes" -}}
{{- $resources := include "fate.resources" . | fromYaml }}
{{- $room := ($resources.limits | default dict).memory | default ($resources.requests | default dict).memory }}
{{- div (mul 3 (include "fate.mebibytes" $room | int)) 4 }}
{{- end }}

{{- /* redis.conf, with a name between at signs for what the pod fills in at its start: REDIS_PASSWORD. Takes the module. */ -}}
{{- define "serving.redis.conf" -}}
bind 0.0.0.0
port 6379
databases 50
dir /data
maxmemory {{ include "serving.redis.megabytes" . }}mb
maxmemory-policy allkeys-lru
requirepass "@REDIS_PASSWORD@"
{{- end }}
