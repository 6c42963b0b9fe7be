{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
From the words of the values to those of FATE-Flow 2. All take the top context. FATE-Flow refuses `localfs`, which stands
in KubeFATE's cluster.yaml; its name is `file` (entity/types/_engine.py), and Spark reads and writes that.
*/ -}}
{{- define "fate.engine.computing" -}}
{{- get (dict "Eggroll" "eggroll" "Spark" "spark" "Spark_local" "spark" "Standalone" "standalone") .Values.computing }}
{{- end }}

{{- define "fate.engine.federation" -}}
{{- lower .Values.federation }}
{{- end }}

{{- define "fate.engine.storage" -}}
{{- get (dict "Eggroll" "eggroll" "HDFS" "hdfs" "LocalFS" "file" "File" "file" "Standalone" "standalone") .Values.storage }}
{{- end }}

{{- /* Where a server is that may be the party's own: rabbitmq, pulsar or nginx. Takes root and name. */ -}}
{{- define "fate.engine.host" -}}
{{- $given := (get .root.Values.modules.python .name).host | default "" }}
{{- $module := get .root.Values.modules .name }}
{{- if and $module.include (has $given (list "" .name)) }}
{{- include "fate.insideService" (dict "name" .name "values" $module) }}
{{- else }}
{{- $given }}
{{- end }}
{{- end }}

{{- /*
Service that leads to the ports that other parties do not reach: plain ones where the others speak TLS, and those of
administration. Takes name and values.
*/ -}}
{{- define "fate.insideService" -}}
{{- if or (has .name (list "rabbitmq" "pulsar")) .values.enableTLS }}{{ .name }}-inside{{ else }}{{ .name }}{{ end }}
{{- end }}

{{- /* Whether a proxy is there: "true" or nothing. Takes root and name, osx or nginx. */ -}}
{{- define "fate.proxy.there" -}}
{{- if (get .root.Values.modules .name).include }}true
{{- else if eq .name "nginx" }}{{ with .root.Values.modules.python.nginx.host }}true{{ end }}
{{- end }}
{{- end }}

{{- /*
What carries FATE-Flow's own messages to other parties: as python.proxy says, else nginx with Spark and OSX otherwise,
as far as it is there.
*/ -}}
{{- define "fate.proxy" -}}
{{- $order := hasPrefix "Spark" .Values.computing | ternary (list "nginx" "osx") (list "osx" "nginx") }}
{{- $found := .Values.modules.python.proxy | default "" }}
{{- $root := . }}
{{- range $order }}
{{- if and (not $found) (include "fate.proxy.there" (dict "root" $root "name" .)) }}
{{- $found = . }}
{{- end }}
{{- end }}
{{- $found | default "osx" }}
{{- end }}

{{- /* How OSX passes data on: stream, straight into Eggroll, or queue. Both parties of a job must do the same. */ -}}
{{- define "fate.osx.mode" -}}
{{- .Values.modules.osx.mode | default (eq .Values.computing "Eggroll" | ternary "stream" "queue") }}
{{- end }}

{{- /* Whether a server that speaks TLS does so: "true" or nothing. Takes root and name. */ -}}
{{- define "fate.speaksTLS" -}}
{{- $values := get .root.Values.modules .name }}
{{- if or $values.enableTLS (and (eq .name "pulsar") $values.exchange.ip) }}true{{ end }}
{{- end }}

{{- /* Domain of the names <party id>.<domain>, by which parties know each other's certificates. */ -}}
{{- define "fate.domain" -}}
{{- .Values.modules.pulsar.exchange.domain | default "fate.org" }}
{{- end }}

{{- /* Cores that FATE-Flow may give to tasks, as YAML: eggroll, nodes, spark, standalone. */ -}}
{{- define "fate.cores" -}}
{{- $modules := .Values.modules }}
{{- $nodes := int $modules.nodemanager.replicas }}
{{- $spark := $modules.python.spark }}
{{- $cores := int $modules.python.cores }}
{{- if eq .Values.computing "Spark" }}
{{- if $spark.cores_per_node }}
{{- $cores = mul (int $spark.cores_per_node) (int ($spark.nodes | default 1)) }}
{{- else if $modules.spark.include }}
{{- $cores = mul (int $modules.spark.worker.replicas) (int $modules.spark.worker.cores) }}
{{- else }}
{{- $cores = 32 }}
{{- end }}
{{- end -}}
nodes: {{ $nodes }}
eggroll: {{ mul $nodes (int $modules.nodemanager.sessionProcessorsPerNode) }}
spark: {{ $cores }}
standalone: {{ int $modules.python.cores }}
{{- end }}
