{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Where a module must listen, as YAML: list of host:port. Takes root, label and module. */ -}}
{{- define "fate.test.addresses" -}}
{{- $values := .module.values }}
{{- $inside := include "fate.insideService" (dict "name" .label "values" $values) }}
{{- $addresses := list }}
{{- if eq .label "osx" }}
{{- $addresses = list (printf "%s:9370" (include "fate.osx.insideService" $values)) }}
{{- if $values.enableTLS }}
{{- $addresses = append $addresses "osx:9883" }}
{{- end }}
{{- else if eq .label "nodemanager" }}
{{- range $index := until (int $values.replicas) }}
{{- $addresses = append $addresses (printf "nodemanager-%d.nodemanager:4671" $index) }}
{{- end }}
{{- else if eq .label "nginx" }}
{{- $addresses = list (printf "%s:9300" $inside) (printf "%s:9310" $inside) }}
{{- else if eq .label "rabbitmq" }}
{{- $addresses = list "rabbitmq:5672" (printf "%s:5672" $inside) (printf "%s:15672" $inside) }}
{{- else if eq .label "pulsar" }}
{{- $addresses = list "pulsar:6650" (printf "%s:6650" $inside) (printf "%s:8080" $inside) }}
{{- else }}
{{- $addresses = get (dict
  "clustermanager" (list "clustermanager:4670") "mysql" (list "mysql:3306") "python" (list "fateflow:9360")
  "fateboard" (list "fateboard:8080") "client" (list "notebook:20000")
  "spark-master" (list "spark-master:7077" "spark-master:8080") "spark-worker" (list "spark-worker-1:8081")
  "namenode" (list "namenode:9000" "namenode:9870") "datanode" (list "datanode:9864")
) .label }}
{{- end }}
{{- toYaml $addresses }}
{{- end }}
