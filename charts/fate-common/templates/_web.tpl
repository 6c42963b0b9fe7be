{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
How a browser gets to a web page: by an Ingress, on OpenShift by Routes; nothing where it is not shown or where Istio
shows it. A page is a module with domain, service and port (see _ingress.tpl) and, for one that asks for no password,
guarded: false. Such a page is only shown if the values name hosts for it.
*/ -}}
{{- define "fate.page" -}}
{{- if include "fate.hasPage" . }}
{{- if include "fate.usesRoutes" .root }}
{{- include "fate.routes" . }}
{{- else }}
{{- include "fate.ingress" . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "fate.hasPage" -}}
{{- $open := eq (toString .guarded) "false" }}
{{- if and (include "fate.hasIngress" .) (or (not $open) (get .root.Values.ingress .name).hosts) }}true{{ end }}
{{- end }}

{{- /* "true" if pages are shown by Routes: as route.enabled says, else where the API server has them. Takes root. */ -}}
{{- define "fate.usesRoutes" -}}
{{- $route := .Values.route | default dict }}
{{- if kindIs "bool" $route.enabled }}
{{- if $route.enabled }}true{{ end }}
{{- else if .Capabilities.APIVersions.Has "route.openshift.io/v1" }}true{{ end }}
{{- end }}

{{- /* A Route for each host. TLS ends at OpenShift's router, with its certificate for its own domain. */ -}}
{{- define "fate.routes" -}}
{{- $page := . }}
{{- range $index, $host := (include "fate.ingressHosts" . | fromYaml).hosts }}
---
apiVersion: route.openshift.io/v1
kind: Route
metadata:
  name: {{ kebabcase $page.name }}{{ if $index }}-{{ $index }}{{ end }}
  labels:
    {{- include "fate.labels" $page | nindent 4 }}
  {{- with (get $page.root.Values.ingress $page.name).annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  host: {{ $host.name | quote }}
  path: {{ $host.path | quote }}
  to:
    kind: Service
    name: {{ $page.service }}
    weight: 100
  port:
    targetPort: {{ $page.port }}
  tls:
    termination: edge
    insecureEdgeTerminationPolicy: Redirect
  wildcardPolicy: None
{{- end }}
{{- end }}
