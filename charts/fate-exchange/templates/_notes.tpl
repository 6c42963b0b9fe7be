{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Where a Service is reached from outside, in words. Takes values, nodePort, service, port and namespace. */ -}}
{{- define "exchange.address" -}}
{{- if and (eq .values.type "NodePort") .nodePort -}}
<address of a node>:{{ int .nodePort }}
{{- else if and (eq .values.type "LoadBalancer") .values.loadBalancerIP -}}
{{ .values.loadBalancerIP }}:{{ .port }}
{{- else if eq .values.type "ClusterIP" -}}
{{ .service }}.{{ .namespace }}:{{ .port }}, from inside this Kubernetes only ({{ .service }} is a ClusterIP)
{{- else -}}
what this prints: kubectl --namespace {{ .namespace }} get service {{ .service }}
{{- end }}
{{- end }}
