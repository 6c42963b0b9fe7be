{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
spec of a Service that may be published. Takes a module and ports: a list of dicts name, port and, where the block has
one, nodePort. A node port is only written where the type has one.
*/ -}}
{{- define "fate.publishedService" -}}
{{- $type := .values.type | default "ClusterIP" -}}
type: {{ $type }}
{{- if and (eq $type "LoadBalancer") .values.loadBalancerIP }}
loadBalancerIP: {{ .values.loadBalancerIP | quote }}
{{- end }}
selector:
  {{- include "fate.selectorLabels" . | nindent 2 }}
ports:
  {{- range .ports }}
  - name: {{ .name }}
    port: {{ .port }}
    targetPort: {{ .port }}
    protocol: TCP
    {{- if and (ne $type "ClusterIP") .nodePort }}
    nodePort: {{ int .nodePort }}
    {{- end }}
  {{- end }}
{{- end }}

{{- /*
spec of a Service without an address, for names of pods. Takes a module; ports as above; early: also before a pod is
ready.
*/ -}}
{{- define "fate.headlessService" -}}
type: ClusterIP
clusterIP: None
{{- if .early }}
publishNotReadyAddresses: true
{{- end }}
selector:
  {{- include "fate.selectorLabels" . | nindent 2 }}
ports:
  {{- range .ports }}
  - name: {{ .name }}
    port: {{ .port }}
    targetPort: {{ .port }}
    protocol: TCP
  {{- end }}
{{- end }}
