{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Pod of an Eggroll node. Takes the module. */ -}}
{{- define "fate.nodemanager.pod" -}}
{{- $home := include "fate.eggroll.home" . -}}
containers:
  - name: nodemanager
    workingDir: {{ $home }}
    command:
      - /tini
      - --
      - sh
      - -c
      - |
        set -eu
        {{- include "fate.fill" . | nindent 8 }}
        # Tables are bound to this name: it must be the pod's own and outlive the pod.
        NODEMANAGER_HOST=$POD_NAME.nodemanager
        MYSQL_USER=
        MYSQL_PASSWORD=
        fill {{ $home }}/conf/eggroll.properties NODEMANAGER_HOST MYSQL_USER MYSQL_PASSWORD \
          < /etc/fate/eggroll.properties
        {{- include "fate.eggroll.java" (merge (dict "port" 4671) .) | nindent 8 }}
    env:
      - name: POD_NAME
        valueFrom:
          fieldRef:
            fieldPath: metadata.name
      - name: PYTHONPATH
        value: {{ join ":" (include "fate.facts" .root | fromYaml).eggroll.pythonPath }}
      - name: HUGGINGFACE_HUB_CACHE
        value: /data/projects/fate/llm
    ports:
      - {name: grpc, containerPort: 4671, protocol: TCP}
    {{- include "fate.tcpProbes" (dict "port" 4671) | nindent 4 }}
    volumeMounts:
      - {name: eggroll-config, mountPath: /etc/fate, readOnly: true}
      - name: data-dir
        mountPath: {{ $home }}/data
        {{- with .values.subPath }}
        subPath: {{ . | quote }}
        {{- end }}
      - {name: data-dir, mountPath: /data/projects/fate/llm, subPath: llm}
      - {name: logs, mountPath: {{ $home }}/logs}
volumes:
  - name: eggroll-config
    configMap: {name: eggroll-config}
  - name: logs
    emptyDir: {}
{{- end }}
