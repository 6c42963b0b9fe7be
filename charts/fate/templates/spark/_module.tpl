{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Spark's master and workers. The images' own programs start them; Spark reads these variables (conf/spark-env.sh). A worker
looks for spark://spark-master:7077, which is written into its image. Takes the module.
*/ -}}
{{- define "fate.spark.pod" -}}
{{- $worker := eq .name "spark-worker" }}
{{- $page := $worker | ternary 8081 8080 -}}
containers:
  - name: {{ .name }}
    env:
      - {name: SPARK_DAEMON_MEMORY, value: {{ (include "fate.jvm" . | fromYaml).heap | int }}m}
      {{- if $worker }}
      - {name: SPARK_WORKER_CORES, value: {{ int .values.cores | toString | quote }}}
      - {name: SPARK_WORKER_MEMORY, value: {{ include "fate.mebibytes" .values.memory }}m}
      {{- end }}
    ports:
      - {name: web, containerPort: {{ $page }}, protocol: TCP}
      {{- if not $worker }}
      - {name: master, containerPort: 7077, protocol: TCP}
      - {name: rest, containerPort: 6066, protocol: TCP}
      {{- end }}
    {{- include "fate.httpProbes" (dict "port" $page "path" "/") | nindent 4 }}
{{- end }}
