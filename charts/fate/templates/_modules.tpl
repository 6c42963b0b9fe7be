{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
The modules that are there: puts into the dict `into`, for each value of the label fateMoudle, a module (root, name,
path, values) with replicas. Takes root and into.
*/ -}}
{{- define "fate.modules" -}}
{{- $root := .root }}
{{- $into := .into }}
{{- $all := .root.Values.modules }}
{{- $blocks := dict
  "osx" $all.osx "clustermanager" $all.clustermanager "nodemanager" $all.nodemanager "mysql" $all.mysql
  "python" $all.python "fateboard" $all.fateboard "client" $all.client "nginx" $all.nginx "rabbitmq" $all.rabbitmq
  "pulsar" $all.pulsar "spark-master" $all.spark.master "spark-worker" $all.spark.worker
  "namenode" $all.hdfs.namenode "datanode" $all.hdfs.datanode
}}
{{- range $name, $values := $blocks }}
{{- $module := include "fate.moduleHead" $name | fromYaml }}
{{- if (get $all (splitList "." $module.path | first)).include }}
{{- $replicas := int ($values.replicas | default 1) }}
{{- $_ := set $into $name (merge (dict "root" $root "values" $values "replicas" $replicas) $module) }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Name and path of a module, as YAML. Takes its name. */ -}}
{{- define "fate.moduleHead" -}}
name: {{ . }}
path: {{ get (dict "spark-master" "spark.master" "spark-worker" "spark.worker" "namenode" "hdfs.namenode" "datanode" "hdfs.datanode") . | default . }}
{{- end }}
