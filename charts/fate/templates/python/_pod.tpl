{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* What FATE-Flow's pod needs with the engines that were chosen, as YAML. Takes the top context. */ -}}
{{- define "fate.python.uses" -}}
{{- $federation := include "fate.engine.federation" . -}}
eggroll: {{ eq .Values.computing "Eggroll" }}
spark: {{ eq (include "fate.engine.computing" .) "spark" }}
rabbitmq: {{ eq $federation "rabbitmq" }}
pulsar: {{ eq $federation "pulsar" }}
queues: {{ has $federation (list "rabbitmq" "pulsar") }}
{{- end }}

{{- /* Shell text that puts the settings where FATE-Flow reads them, and starts it. Takes the top context. */ -}}
{{- define "fate.python.run" -}}
{{- $uses := include "fate.python.uses" . | fromYaml }}
{{- $home := include "fate.eggroll.home" . -}}
set -eu
{{ include "fate.fill" . }}
{{- if $uses.eggroll }}
(
  NODEMANAGER_HOST=$POD_IP MYSQL_USER= MYSQL_PASSWORD=
  mkdir -p {{ $home }}/conf
  fill {{ $home }}/conf/eggroll.properties NODEMANAGER_HOST MYSQL_USER MYSQL_PASSWORD \
    < /etc/fate/eggroll.properties
)
{{- end }}
{{- if $uses.spark }}
mkdir -p "$SPARK_CONF_DIR"
fill "$SPARK_CONF_DIR/spark-defaults.conf" POD_IP < /etc/fate/spark-defaults.conf
{{- end }}
{{- if $uses.queues }}
# A link, so that a changed table is read by the next job.
for table in /etc/fate/routes/*_route_table.yaml; do
  ln -sfn "$table" "fate_flow/conf/${table##*/}"
done
{{- end }}
{{ include "fate.fillYaml" . }}
MYSQL_USER=$(printf '%s' "$MYSQL_USER" | in_yaml)
MYSQL_PASSWORD=$(printf '%s' "$MYSQL_PASSWORD" | in_yaml)
{{- if $uses.rabbitmq }}
RABBITMQ_USER=$(printf '%s' "$RABBITMQ_USER" | in_yaml)
RABBITMQ_PASSWORD=$(printf '%s' "$RABBITMQ_PASSWORD" | in_yaml)
{{- end }}
fill fate_flow/conf/service_conf.yaml POD_IP MYSQL_USER MYSQL_PASSWORD{{ if $uses.rabbitmq }} RABBITMQ_USER RABBITMQ_PASSWORD{{ end }} \
  < /etc/fate/service_conf.yaml
# FATE-Flow writes its variables into the logs of tasks.
unset MYSQL_USER MYSQL_PASSWORD{{ if $uses.rabbitmq }} RABBITMQ_USER RABBITMQ_PASSWORD{{ end }}
exec python fate_flow/python/fate_flow/fate_flow_server.py
{{- end }}

{{- /* Entries of env, as YAML. Takes the top context. */ -}}
{{- define "fate.python.env" -}}
{{- $uses := include "fate.python.uses" . | fromYaml }}
{{- $facts := include "fate.facts" . | fromYaml }}
{{- $spark := .Values.modules.python.spark -}}
- name: POD_IP
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
- name: LOG_LEVEL
  value: {{ include "fate.python.logLevel" . | quote }}
- name: FATE_PROJECT_BASE
  value: /data/projects/fate
- name: PYTHONPATH
  value: {{ join ":" $facts.fateflow.pythonPath }}
- name: HUGGINGFACE_HUB_CACHE
  value: /data/projects/fate/llm
{{- if $uses.spark }}
{{- with $spark.home | default $facts.spark.home }}
- name: SPARK_HOME
  value: {{ . | quote }}
{{- end }}
- name: SPARK_CONF_DIR
  value: /data/projects/fate/spark-conf
{{- end }}
{{ include "fate.databaseEnv" (include "fate.database" . | fromYaml).secret }}
{{- if $uses.rabbitmq }}
{{ include "fate.rabbitmq.env" . }}
{{- end }}
{{- end }}

{{- /* Pod of FATE-Flow. Takes the module. */ -}}
{{- define "fate.python.pod" -}}
{{- $root := .root }}
{{- $uses := include "fate.python.uses" $root | fromYaml -}}
terminationGracePeriodSeconds: 60
initContainers:
  {{- include "fate.waitForDatabase" (dict "root" $root "name" "ping-mysql") | nindent 2 }}
containers:
  - name: fateflow
    workingDir: /data/projects/fate
    command:
      - sh
      - -c
      - |
        {{- include "fate.python.run" $root | nindent 8 }}
    env:
      {{- include "fate.python.env" $root | nindent 6 }}
    ports:
      - {name: grpc, containerPort: 9360, protocol: TCP}
      - {name: http, containerPort: 9380, protocol: TCP}
    {{- include "fate.httpProbes" (dict "port" 9380 "path" "/v2/server/fateflow" "startup" 120) | nindent 4 }}
    volumeMounts:
      - {name: config, mountPath: /etc/fate, readOnly: true}
      {{- if $uses.queues }}
      - {name: routes, mountPath: /etc/fate/routes, readOnly: true}
      {{- end }}
      {{- range $folder := list "logs" "jobs" "model" "data" "localfs" }}
      - {name: python-data, mountPath: /data/projects/fate/fate_flow/{{ $folder }}, subPath: {{ $folder }}}
      {{- end }}
      - {name: python-data, mountPath: /data/projects/fate/llm, subPath: llm}
  {{- if $uses.pulsar }}
  {{- include "fate.python.pulsarRoutes" $root | nindent 2 }}
  {{- end }}
volumes:
  - name: config
    projected:
      sources:
        - configMap: {name: python-config}
        {{- if $uses.eggroll }}
        - configMap: {name: eggroll-config}
        {{- end }}
  {{- if $uses.queues }}
  - name: routes
    configMap: {name: {{ include "fate.engine.federation" $root }}-route-table}
  {{- end }}
{{- end }}

{{- /* The container that tells Pulsar where other parties' brokers are. Takes the top context. */ -}}
{{- define "fate.python.pulsarRoutes" -}}
- name: pulsar-routes
  command:
    - python
    - /etc/fate/routes/pulsar_routes.py
    - /etc/fate/routes/clusters.json
    - http://{{ include "fate.engine.host" (dict "root" . "name" "pulsar") }}:{{ int .Values.modules.python.pulsar.mng_port }}
    - /tmp/told
  # Until then a job would not find the other parties.
  readinessProbe:
    exec:
      command: [test, -f, /tmp/told]
    periodSeconds: 5
  volumeMounts:
    - {name: routes, mountPath: /etc/fate/routes, readOnly: true}
  resources:
    requests: {cpu: 10m, memory: 32Mi}
    limits: {memory: 128Mi}
{{- end }}
