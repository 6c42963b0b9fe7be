{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Which engines go together: FATE-Flow refuses others when it starts (engine/relation_ship.py), or its tasks find no way to
their data. Takes the top context.
*/ -}}
{{- define "fate.checkEngines" -}}
{{- if .Values.modules.python.include }}
{{- $computing := include "fate.engine.computing" . }}
{{- $storage := include "fate.engine.storage" . }}
{{- $federation := include "fate.engine.federation" . }}
{{- $storages := dict "eggroll" (list "eggroll") "spark" (list "hdfs" "file") "standalone" (list "standalone") }}
{{- $words := dict "eggroll" "Eggroll" "hdfs" "HDFS" "file" "LocalFS" "standalone" "Standalone" }}
{{- if not (has $storage (get $storages $computing)) }}
{{- $known := list }}
{{- range get $storages $computing }}
{{- $known = append $known (get $words .) }}
{{- end }}
{{- fail (printf "storage: %s does not work with computing %s; %s does." .Values.storage .Values.computing (join " or " $known)) }}
{{- end }}
{{- if and (eq .Values.computing "Spark") (eq $storage "file") }}
{{- fail "storage: LocalFS is a folder of FATE-Flow's pod, which workers of Spark do not see. Use HDFS, or computing Spark_local." }}
{{- end }}
{{- if and (eq $federation "standalone") (eq $computing "eggroll") }}
{{- fail "federation: Standalone keeps FATE-Flow to itself, and does not work with computing Eggroll. Use OSX." }}
{{- end }}
{{- $own := .Values.modules.nodemanager.image }}
{{- if and (has $federation (list "rabbitmq" "pulsar")) (eq $computing "eggroll") (not $own) }}
{{- fail (printf "federation: with computing Eggroll, %s needs its client in Eggroll's image too, and no image has it. Use OSX, or name images of yours with nodemanager.image and python.image." .Values.federation) }}
{{- end }}
{{- if and (eq (include "fate.osx.mode" .) "stream") (ne $computing "eggroll") (eq $federation "osx") }}
{{- fail (printf "osx.mode: stream goes straight into Eggroll, and computing is %s. Leave it out, or set queue, here and for the other parties." .Values.computing) }}
{{- end }}
{{- end }}
{{- end }}

{{- /* FATE-Flow's own messages need a way to other parties. Takes the top context. */ -}}
{{- define "fate.checkProxy" -}}
{{- $queues := has (include "fate.engine.federation" .) (list "rabbitmq" "pulsar") }}
{{- if and .Values.modules.python.include $queues }}
{{- $proxy := include "fate.proxy" . }}
{{- if not (include "fate.proxy.there" (dict "root" . "name" $proxy)) }}
{{- $other := eq $proxy "nginx" | ternary " (or name one of yours with python.nginx.host)" "" }}
{{- fail (printf "modules: FATE-Flow's messages to other parties go through osx or nginx, and %s is not there. Add it to modules%s." $proxy $other) }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Servers that an engine needs: the party's own, or some of yours. Takes the top context. */ -}}
{{- define "fate.checkServers" -}}
{{- $modules := .Values.modules }}
{{- $python := $modules.python }}
{{- $missing := list }}
{{- if $python.include }}
{{- $federation := include "fate.engine.federation" . }}
{{- if and (eq $federation "rabbitmq") (not $modules.rabbitmq.include) (not $python.rabbitmq.host) }}
{{- $missing = append $missing "federation RabbitMQ needs rabbitmq in modules, or a broker of yours named by python.rabbitmq.host." }}
{{- end }}
{{- if and (eq $federation "pulsar") (not $modules.pulsar.include) (not $python.pulsar.host) }}
{{- $missing = append $missing "federation Pulsar needs pulsar in modules, or a broker of yours named by python.pulsar.host." }}
{{- end }}
{{- if and (eq .Values.computing "Spark") (not $modules.spark.include) (not $python.spark.master) }}
{{- $missing = append $missing "computing Spark needs spark in modules, or a master of yours named by python.spark.master." }}
{{- end }}
{{- if and (eq .Values.storage "HDFS") (not $modules.hdfs.include) (not $python.hdfs.name_node) }}
{{- $missing = append $missing "storage HDFS needs hdfs in modules, or a name node of yours named by python.hdfs.name_node." }}
{{- end }}
{{- end }}
{{- if $missing }}
{{- fail (printf "modules: %s" (join " " $missing)) }}
{{- end }}
{{- end }}
