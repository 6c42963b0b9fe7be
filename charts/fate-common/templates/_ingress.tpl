{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Hosts of a web page, as YAML {hosts: [{name, path}]}: those of the values, else one of the party's own. Takes root, name
(of the module) and domain.
*/ -}}
{{- define "fate.ingressHosts" -}}
{{- $own := dict "name" (printf "party%s.%s.example.com" .root.Values.partyId .domain) "path" "/" }}
{{- $hosts := list }}
{{- range (get .root.Values.ingress .name).hosts | default (list $own) }}
{{- $hosts = append $hosts (dict "name" .name "path" (.path | default "/")) }}
{{- end }}
{{- dict "hosts" $hosts | toYaml }}
{{- end }}

{{- /* "true" if a web page gets an Ingress. Takes root and name. */ -}}
{{- define "fate.hasIngress" -}}
{{- $values := .root.Values }}
{{- if and (get $values.modules .name).include (get $values.ingress .name).enabled (not ($values.istio | default dict).enabled) }}true{{ end }}
{{- end }}

{{- /* Ingress of a web page. Takes a module; domain; service and port. */ -}}
{{- define "fate.ingress" -}}
{{- $ingress := get .root.Values.ingress .name }}
{{- $service := .service }}
{{- $port := .port -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ kebabcase .name }}
  labels:
    {{- include "fate.labels" . | nindent 4 }}
  {{- with $ingress.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .root.Values.ingressClassName }}
  ingressClassName: {{ . | quote }}
  {{- end }}
  rules:
    {{- range (include "fate.ingressHosts" . | fromYaml).hosts }}
    - host: {{ .name | quote }}
      http:
        paths:
          - path: {{ .path | quote }}
            pathType: Prefix
            backend:
              service:
                name: {{ $service }}
                port:
                  number: {{ $port }}
    {{- end }}
  {{- with $ingress.tls }}
  tls:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
