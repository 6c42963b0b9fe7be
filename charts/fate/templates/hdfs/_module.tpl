{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Settings of HDFS. The image's entry point makes properties of variables: behind CORE_CONF_ or HDFS_CONF_ it reads `_` as a
dot, `__` as `_` and `___` as a dash. No file is mounted over one that it writes to. Takes the top context.
*/ -}}
{{- define "fate.hdfs.properties" -}}
{{- $datanodes := int .Values.modules.hdfs.datanode.replicas -}}
core:
  fs.defaultFS: hdfs://namenode:9000
  hadoop.http.staticuser.user: root
hdfs:
  dfs.webhdfs.enabled: "true"
  dfs.permissions.enabled: "false"
  # Not more copies than there are nodes.
  dfs.replication: {{ min 3 $datanodes | toString | quote }}
  dfs.namenode.datanode.registration.ip-hostname-check: "false"
  dfs.client.use.datanode.hostname: "false"
  dfs.datanode.use.datanode.hostname: "false"
  dfs.namenode.rpc-bind-host: 0.0.0.0
  dfs.namenode.servicerpc-bind-host: 0.0.0.0
  dfs.namenode.http-bind-host: 0.0.0.0
  dfs.namenode.https-bind-host: 0.0.0.0
{{- end }}

{{- define "fate.hdfs.env" -}}
MULTIHOMED_NETWORK: "0"
{{- range $file, $settings := (include "fate.hdfs.properties" . | fromYaml) }}
{{- range $name, $value := $settings }}
{{ upper $file }}_CONF_{{ $name | replace "_" "__" | replace "-" "___" | replace "." "_" }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- /*
Pod of a namenode or datanode. A namenode only formats an empty folder, and a new ext4 volume has lost+found in it. Takes
the module with persistent ("true" or nothing).
*/ -}}
{{- define "fate.hdfs.pod" -}}
{{- $namenode := eq .name "namenode" }}
{{- $folder := $namenode | ternary "/hadoop/dfs/name" "/hadoop/dfs/data" }}
{{- $port := $namenode | ternary 9870 9864 }}
{{- $mount := dict "name" "dfs" "mountPath" $folder }}
{{- with .values.subPath }}
{{- $_ := set $mount "subPath" . }}
{{- end -}}
terminationGracePeriodSeconds: 60
{{- if and $namenode .persistent }}
initContainers:
  - name: delete-lost-found
    command: [sh, -c, "rmdir {{ $folder }}/lost+found 2> /dev/null || true"]
    volumeMounts:
      - {{ toJson $mount }}
    resources:
      requests: {cpu: 10m, memory: 16Mi}
      limits: {memory: 64Mi}
{{- end }}
containers:
  - name: {{ .name }}
    envFrom:
      - configMapRef: {name: {{ .name }}-env}
    env:
      - {name: HADOOP_HEAPSIZE_MAX, value: {{ (include "fate.jvm" . | fromYaml).heap | int }}m}
      {{- if $namenode }}
      - {name: CLUSTER_NAME, value: fate}
      {{- else }}
      - {name: SERVICE_PRECONDITION, value: "namenode:9000"}
      {{- end }}
    ports:
      - {name: http, containerPort: {{ $port }}, protocol: TCP}
      {{- if $namenode }}
      - {name: rpc, containerPort: 9000, protocol: TCP}
      {{- else }}
      - {name: data, containerPort: 9866, protocol: TCP}
      - {name: ipc, containerPort: 9867, protocol: TCP}
      {{- end }}
    {{- include "fate.httpProbes" (dict "port" $port "path" "/") | nindent 4 }}
    volumeMounts:
      - {{ toJson $mount }}
{{- end }}
