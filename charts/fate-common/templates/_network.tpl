{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
NetworkPolicies: one for each module, with what the module graph of the chart's facts says and nothing else. Takes

  root
  modules   label fateMoudle -> module, of those that are there
  graph     facts/network.yaml
  holds     words of `when` in the graph that hold
  open      label -> list of {ports, from}: what may be reached from elsewhere; without from, by everybody
  outside   label -> list of ports that may be reached anywhere

Names are always looked up; the release's test pod reaches every port that is listed.
*/ -}}
{{- define "fate.networkPolicies" -}}
{{- $given := . }}
{{- range $label, $module := .modules }}
{{- $here := merge (dict "label" $label "module" $module) $given }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $label }}
  labels:
    {{- include "fate.labels" $module | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "fate.selectorLabels" $module | nindent 6 }}
  policyTypes:
    - Ingress
    - Egress
  ingress:
    {{- include "fate.network.ingress" $here | nindent 4 }}
  egress:
    {{- include "fate.network.egress" $here | nindent 4 }}
{{ end }}
{{- end }}

{{- define "fate.network.ingress" -}}
{{- $given := . -}}
- from:
    - podSelector:
        matchLabels:
          app.kubernetes.io/component: test
          app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- range .graph.connections }}
{{- if and (has $given.label .to) (or (not .when) (has .when $given.holds)) }}
{{- with include "fate.network.peers" (dict "labels" .from "modules" $given.modules) }}
- from:
    {{- . | nindent 4 }}
  {{- end }}
  {{- if include "fate.network.peers" (dict "labels" .from "modules" $given.modules) }}
  {{- include "fate.network.ports" .ports | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
{{- range get .open .label | default list }}
- {{ include "fate.network.ports" .ports | nindent 2 | trim }}
  {{- with .from }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- with include "fate.network.istio" .root }}
- from:
    {{- . | nindent 4 }}
{{- end }}
{{- with .module.values.extraIngress }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "fate.network.egress" -}}
{{- $given := . -}}
# Names: 5353 is where OpenShift's DNS listens behind its Service.
- ports:
    {{- range $port := list 53 5353 }}
    {{- range list "UDP" "TCP" }}
    - port: {{ $port }}
      protocol: {{ . }}
    {{- end }}
    {{- end }}
{{- range .graph.connections }}
{{- if and (has $given.label .from) (or (not .when) (has .when $given.holds)) }}
{{- with include "fate.network.peers" (dict "labels" .to "modules" $given.modules) }}
- to:
    {{- . | nindent 4 }}
  {{- end }}
  {{- if include "fate.network.peers" (dict "labels" .to "modules" $given.modules) }}
  {{- include "fate.network.ports" .ports | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
{{- with get .outside .label }}
- {{ include "fate.network.ports" (uniq . | sortAlpha) | nindent 2 | trim }}
{{- end }}
{{- with include "fate.network.istio" .root }}
- to:
    {{- . | nindent 4 }}
{{- end }}
{{- with .module.values.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Peers: pods of these labels, as far as they are there. Takes labels and modules. */ -}}
{{- define "fate.network.peers" -}}
{{- $modules := .modules }}
{{- range .labels }}
{{- if hasKey $modules . }}
- podSelector:
    matchLabels:
      {{- include "fate.selectorLabels" (get $modules .) | nindent 6 }}
{{- end }}
{{- end }}
{{- end }}

{{- /* ports of a rule; nothing for every port, which the graph writes as an empty list. Takes a list. */ -}}
{{- define "fate.network.ports" -}}
{{- if . -}}
ports:
  {{- range . }}
  - port: {{ int . }}
    protocol: TCP
  {{- end }}
{{- end }}
{{- end }}

{{- /* With Istio, its own namespace. Takes the top context. */ -}}
{{- define "fate.network.istio" -}}
{{- if (.Values.istio | default dict).enabled -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: istio-system
{{- end }}
{{- end }}
