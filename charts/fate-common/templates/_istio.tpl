{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
A Gateway, and a VirtualService for each web page. Takes root and pages: modules with domain, service and port, as for
fate.ingress. The certificate of a page is the Secret <page>-credential in the namespace of the ingress gateway.
*/ -}}
{{- define "fate.istio.gateway" -}}
{{- $gateway := printf "%s-gateway" (include "fate.partyName" .root) -}}
apiVersion: networking.istio.io/v1beta1
kind: Gateway
metadata:
  name: {{ $gateway }}
  labels:
    {{- include "fate.labels" (dict "root" .root "name" "gateway" "values" dict) | nindent 4 }}
spec:
  selector:
    istio: ingressgateway
  servers:
    {{- range .pages }}
    - port:
        number: 443
        name: https-{{ .service }}
        protocol: HTTPS
      # A Secret in the namespace of the ingress gateway.
      tls:
        mode: SIMPLE
        credentialName: {{ kebabcase .name }}-credential
      hosts:
        {{- range (include "fate.ingressHosts" . | fromYaml).hosts }}
        - {{ .name | quote }}
        {{- end }}
    {{- end }}
{{- range .pages }}
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata:
  name: {{ .service }}
  labels:
    {{- include "fate.labels" . | nindent 4 }}
spec:
  gateways:
    - {{ $gateway }}
  hosts:
    {{- $hosts := (include "fate.ingressHosts" . | fromYaml).hosts }}
    {{- range $hosts }}
    - {{ .name | quote }}
    {{- end }}
  http:
    {{- $page := . }}
    {{- range $hosts }}
    - match:
        - authority:
            exact: {{ .name | quote }}
          uri:
            prefix: {{ .path | quote }}
      route:
        - destination:
            host: {{ $page.service }}
            port:
              number: {{ $page.port }}
    {{- end }}
{{- end }}
{{- end }}
