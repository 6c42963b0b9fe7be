{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Questions to ZooKeeper: a process that works answers ruok with imok; one that serves says in which mode, if it is asked
for that with srvr.
*/ -}}
{{- define "serving.zookeeper.answers" -}}
exec:
  command:
    - bash
    - -c
    - exec 3<> /dev/tcp/127.0.0.1/2181 && printf ruok >&3 && [ "$(timeout 3 head -c 4 <&3)" = imok ]
{{- end }}

{{- define "serving.zookeeper.serves" -}}
exec:
  command:
    - bash
    - -c
    - exec 3<> /dev/tcp/127.0.0.1/2181 && printf srvr >&3 && timeout 3 cat <&3 | grep -q '^Mode:'
{{- end }}

{{- /* Pod of ZooKeeper. Takes the module. */ -}}
{{- define "serving.zookeeper.pod" -}}
containers:
  - name: zookeeper
    # The image makes its configuration of these. Without ZOO_SERVERS it is one server, whatever its name.
    env:
      - {name: ZOO_PORT_NUMBER, value: "2181"}
      - {name: ZOO_TICK_TIME, value: "2000"}
      - {name: ZOO_MAX_CLIENT_CNXNS, value: "60"}
      - {name: ZOO_MAX_SESSION_TIMEOUT, value: "40000"}
      - {name: ZOO_4LW_COMMANDS_WHITELIST, value: "srvr,mntr,ruok"}
      - {name: ZOO_AUTOPURGE_INTERVAL, value: "24"}
      - {name: ZOO_AUTOPURGE_RETAIN_COUNT, value: "3"}
      - {name: ZOO_ENABLE_AUTH, value: "no"}
      - {name: ALLOW_ANONYMOUS_LOGIN, value: "yes"}
      - {name: ZOO_LOG_LEVEL, value: ERROR}
      - {name: ZOO_HEAP_SIZE, value: {{ (include "fate.jvm" . | fromYaml).heap | int | quote }}}
    ports:
      - {name: client, containerPort: 2181, protocol: TCP}
    startupProbe:
      {{- include "serving.zookeeper.answers" . | nindent 6 }}
      periodSeconds: 5
      timeoutSeconds: 5
      failureThreshold: 60
    livenessProbe:
      {{- include "serving.zookeeper.answers" . | nindent 6 }}
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      {{- include "serving.zookeeper.serves" . | nindent 6 }}
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 3
    volumeMounts:
      - name: data
        mountPath: /bitnami/zookeeper
        {{- with .values.subPath }}
        subPath: {{ . | quote }}
        {{- end }}
{{- end }}
