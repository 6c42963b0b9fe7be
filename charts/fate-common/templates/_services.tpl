{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
A Service. Takes a module; object, its name; kind: published (see below), inside (ClusterIP) or headless; ports; and,
where the Service has another label fateMoudle than its pods, serviceMoudle.
*/ -}}
{{- define "fate.service" -}}
{{- $labelled := merge (dict "moudle" (.serviceMoudle | default (include "fate.moudle" .))) . -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .object }}
  labels:
    {{- include "fate.labels" $labelled | nindent 4 }}
  {{- if and (eq .kind "published") .values.serviceAnnotations }}
  annotations:
    {{- toYaml .values.serviceAnnotations | nindent 4 }}
  {{- end }}
spec:
  {{- if eq .kind "published" }}
  {{- include "fate.publishedService" . | nindent 2 }}
  {{- else if eq .kind "inside" }}
  {{- include "fate.publishedService" (dict "root" .root "name" .name "moudle" .moudle "values" dict "ports" .ports) | nindent 2 }}
  {{- else }}
  {{- include "fate.headlessService" . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /*
spec of a Service that may be published. Takes a module and ports: a list of dicts name, port and, where they differ or
are wanted, target and nodePort. A node port is only written where the type has one.
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
    targetPort: {{ .target | default .port }}
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
    targetPort: {{ .target | default .port }}
    protocol: TCP
  {{- end }}
{{- end }}
