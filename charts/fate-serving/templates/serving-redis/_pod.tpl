{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Pod of Redis. Takes the module. */ -}}
{{- define "serving.redis.pod" -}}
containers:
  - name: serving-redis
    command:
      - sh
      - -c
      - |
        set -eu
        {{- include "fate.fill" . | nindent 8 }}
        # Redis reads text between double quotes with backslashes before quotes and backslashes.
        REDIS_PASSWORD=$(printf '%s' "$REDIS_PASSWORD" | sed 's/["\\]/\\&/g')
        fill /run/fate/redis.conf REDIS_PASSWORD < /etc/fate/redis.conf
        unset REDIS_PASSWORD
        exec redis-server /run/fate/redis.conf
    env:
      - name: REDIS_PASSWORD
        valueFrom:
          secretKeyRef: {name: {{ include "serving.redisSecret" .root | quote }}, key: password}
    ports:
      - {name: redis, containerPort: 6379, protocol: TCP}
    {{- $probes := include "fate.tcpProbes" (dict "port" 6379) | fromYaml }}
    {{- omit $probes "readinessProbe" | toYaml | nindent 4 }}
    # A server that asks who is there is one that works; so the probe needs no password, which may change.
    readinessProbe:
      exec:
        command:
          - sh
          - -c
          - case $(redis-cli -h 127.0.0.1 ping 2>&1) in *PONG* | *NOAUTH*) ;; *) exit 1 ;; esac
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 3
    volumeMounts:
      - {name: config, mountPath: /etc/fate, readOnly: true}
      - {name: run, mountPath: /run/fate}
      - name: serving-redis-data
        mountPath: /data
        {{- with .values.subPath }}
        subPath: {{ . | quote }}
        {{- end }}
volumes:
  - name: config
    configMap: {name: serving-redis-config}
  - name: run
    emptyDir: {medium: Memory}
{{- end }}
