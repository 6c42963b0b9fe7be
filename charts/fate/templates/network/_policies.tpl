{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Words of `when` in facts/common/network.yaml that hold, as YAML. Takes the top context. */ -}}
{{- define "fate.network.holds" -}}
{{- $root := . }}
{{- $holds := list (include "fate.engine.computing" .) }}
{{- range $name := list "osx" "nginx" "rabbitmq" "pulsar" }}
{{- $tls := include "fate.speaksTLS" (dict "root" $root "name" $name) }}
{{- $holds = append $holds (printf "%s-%s" $name (empty $tls | ternary "plain" "tls")) }}
{{- end }}
{{- toYaml $holds }}
{{- end }}

{{- /* What may be reached from elsewhere, as YAML: label -> list of {ports, from}. Takes root, modules and graph. */ -}}
{{- define "fate.network.open" -}}
{{- $root := .root }}
{{- $settings := .root.Values.networkPolicy }}
{{- $holds := include "fate.network.holds" .root | fromYamlArray }}
{{- $graph := .graph }}
{{- $open := dict }}
{{- range $label, $module := .modules }}
{{- $rules := list }}
{{- range get $graph.parties $label | default list }}
{{- if has .when $holds }}
{{- $from := list }}
{{- range $settings.parties }}
{{- $from = append $from (dict "ipBlock" (dict "cidr" .)) }}
{{- end }}
{{- $rules = append $rules (dict "ports" .ports "from" $from) }}
{{- end }}
{{- end }}
{{- if and (hasKey $graph.published $label) (ne ($module.values.type | default "ClusterIP") "ClusterIP") }}
{{- $rules = append $rules (dict "ports" (get $graph.published $label)) }}
{{- end }}
{{- if and (hasKey $graph.pages $label) (include "fate.network.shown" (dict "root" $root "label" $label)) }}
{{- $rules = append $rules (dict "ports" (list (get $graph.pages $label)) "from" $settings.pages) }}
{{- end }}
{{- if and (eq $label "python") $settings.apiServer }}
{{- $from := list }}
{{- range $settings.apiServer }}
{{- $from = append $from (dict "ipBlock" (dict "cidr" .)) }}
{{- end }}
{{- $rules = append $rules (dict "ports" (list 9380) "from" $from) }}
{{- end }}
{{- if eq $label "python" }}
{{- $drivers := list }}
{{- range include "fate.python.driverPorts" $root | fromYamlArray }}
{{- $drivers = append $drivers .port }}
{{- end }}
{{- with $drivers }}
{{- $rules = append $rules (dict "ports" .) }}
{{- end }}
{{- end }}
{{- $_ := set $open $label $rules }}
{{- end }}
{{- toYaml $open }}
{{- end }}

{{- /* Ports that modules reach anywhere, as YAML: those of other parties and of servers that are not the party's own. */ -}}
{{- define "fate.network.outside" -}}
{{- $modules := .Values.modules }}
{{- /* The usual ports of a party, without TLS and, behind a Service of this Kubernetes, with it. */ -}}
{{- $outside := dict "osx" (list 9370 9883) "nginx" (list) "rabbitmq" (list) "pulsar" (list) "python" (list) "clustermanager" (list) "client" (list) }}
{{- range $modules.osx.partyList }}
{{- $_ := set $outside "osx" (append $outside.osx (int .partyPort)) }}
{{- end }}
{{- with $modules.osx.exchange }}
{{- if .ip }}
{{- $_ := set $outside "osx" (append $outside.osx (int .port)) }}
{{- end }}
{{- end }}
{{- with include "fate.nginx.ports" . | fromYamlArray }}
{{- $_ := set $outside "nginx" (concat . (list 9301 9311)) }}
{{- end }}
{{- with include "fate.rabbitmq.ports" . | fromYamlArray }}
{{- $_ := set $outside "rabbitmq" (concat . (list 5671)) }}
{{- end }}
{{- with include "fate.pulsar.ports" . | fromYamlArray }}
{{- $_ := set $outside "pulsar" (concat . (list 6651)) }}
{{- end }}
{{- $python := list }}
{{- if or .Values.externalMysql.host (not $modules.mysql.include) }}
{{- $port := int (include "fate.database" . | fromYaml).port }}
{{- $python = append $python $port }}
{{- $_ := set $outside "clustermanager" (list $port) }}
{{- end }}
{{- $python = concat $python (include "fate.python.externalPorts" . | fromYamlArray) }}
{{- $_ := set $outside "python" $python }}
{{- with .Values.serving.ip }}
{{- $_ := set $outside "client" (list (int $.Values.serving.port)) }}
{{- end }}
{{- toYaml $outside }}
{{- end }}

{{- /* "true" if the page of a module is shown. Takes root and label. */ -}}
{{- define "fate.network.shown" -}}
{{- $name := eq .label "spark-master" | ternary "spark" .label }}
{{- $settings := get .root.Values.ingress $name | default dict }}
{{- if and $settings.enabled (or (not (has $name (list "spark" "pulsar"))) $settings.hosts) }}true{{ end }}
{{- end }}
