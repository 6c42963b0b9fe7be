{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
OSX, in a party and in an exchange. What differs comes with the module: self (who it is), routes (the whole route table,
as text) and settings (more lines of broker.properties, as a dict).
*/ -}}
{{- define "fate.osx.certificates" -}}
/data/projects/fate/osx/conf/certificates
{{- end }}

{{- /* Service that leads to the plain port. Takes OSX's block. */ -}}
{{- define "fate.osx.insideService" -}}
{{- .enableTLS | ternary "osx-inside" "osx" }}
{{- end }}

{{- /* broker.properties. Takes a module with self and settings. */ -}}
{{- define "fate.osx.brokerProperties" -}}
self.party={{ .self }}
grpc.port=9370
open.http.server=false
http.port=8087
open.grpc.tls.server={{ .values.enableTLS }}
grpc.tls.port=9883
{{- if .values.enableTLS }}
{{- $folder := include "fate.osx.certificates" . }}
grpc.server.cert.chain.file={{ $folder }}/tls.crt
grpc.server.private.key.file={{ $folder }}/tls.key
grpc.server.ca.file={{ $folder }}/ca.crt
grpc.ssl.open.client.validate=true
{{- end }}
mapped.file.size=134217728
{{- range $key, $value := merge (dict) (.settings | default dict) ((include "fate.facts" .root | fromYaml).osx.brokerProperties | default dict) }}
{{ $key }}={{ kindIs "float64" $value | ternary (int64 $value) $value }}
{{- end }}
{{- end }}

{{- /* ConfigMaps of OSX. Takes a module with self, settings and routes. */ -}}
{{- define "fate.osx.configMaps" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: osx-config
  labels:
    {{- include "fate.labels" . | nindent 4 }}
data:
  broker.properties: |
    {{- include "fate.osx.brokerProperties" . | nindent 4 }}
---
# OSX reads this file again when it changes: nothing restarts.
apiVersion: v1
kind: ConfigMap
metadata:
  name: osx-route-table
  labels:
    {{- include "fate.labels" . | nindent 4 }}
data:
  route_table.json: |
    {{- .routes | nindent 4 }}
{{- end }}

{{- /*
Services of OSX. The published one keeps its node port when TLS comes or goes: one that moved to another Service would be
refused as long as the old one has it. Takes a module.
*/ -}}
{{- define "fate.osx.services" -}}
{{- $plain := dict "name" "tcp-osx" "port" 9370 }}
{{- $tls := dict "name" "tcp-osx-tls" "port" 9883 }}
{{- $port := merge (dict "nodePort" .values.nodePort) (.values.enableTLS | ternary $tls $plain) }}
{{- include "fate.service" (merge (dict "object" "osx" "kind" "published" "ports" (list $port)) .) }}
{{- if .values.enableTLS }}
---
# The plain port, for FATE-Flow and Eggroll, stays inside.
{{ include "fate.service" (merge (dict "object" (include "fate.osx.insideService" .values) "kind" "inside" "ports" (list $plain)) .) }}
{{- end }}
{{- end }}

{{- /* Pod of OSX. Takes a module. */ -}}
{{- define "fate.osx.pod" -}}
{{- $facts := (include "fate.facts" .root | fromYaml).osx -}}
containers:
  - name: osx
    workingDir: /data/projects/fate/osx
    command:
      - sh
      - -c
      - |
        exec java -server {{ include "fate.jvmOptions" . }} \
          -XX:+UseG1GC -XX:G1HeapRegionSize=16m -XX:InitiatingHeapOccupancyPercent=30 \
          -cp '{{ join ":" $facts.classPath }}' {{ $facts.mainClass }} -c /data/projects/fate/osx/conf
    {{- $env := list }}
    {{- range $name, $value := $facts.env }}
    {{- $env = append $env (dict "name" $name "value" (toString $value)) }}
    {{- end }}
    {{- with $env }}
    env:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    ports:
      - {name: grpc, containerPort: 9370, protocol: TCP}
      {{- if .values.enableTLS }}
      - {name: grpc-tls, containerPort: 9883, protocol: TCP}
      {{- end }}
    {{- include "fate.tcpProbes" (dict "port" 9370) | nindent 4 }}
    volumeMounts:
      # The folder as a whole, so that a changed route table reaches the running process.
      - {name: broker, mountPath: /data/projects/fate/osx/conf/broker, readOnly: true}
      # What queues hold.
      - name: osx-data
        mountPath: /data/projects/fate/osx/mapped
        {{- with .values.subPath }}
        subPath: {{ . | quote }}
        {{- end }}
      {{- if .values.enableTLS }}
      - {name: certificates, mountPath: {{ include "fate.osx.certificates" . }}, readOnly: true}
      {{- end }}
volumes:
  - name: broker
    projected:
      sources:
        - configMap: {name: osx-config}
        - configMap: {name: osx-route-table}
  {{- if .values.enableTLS }}
  - name: certificates
    secret:
      secretName: {{ .values.tls.existingSecret | default "osx-certs" | quote }}
      defaultMode: 0400
  {{- end }}
{{- end }}

{{- /* Deployment of OSX. Takes a module with self and settings. */ -}}
{{- define "fate.osx.deployment" -}}
{{- include "fate.workload" (merge (dict
  "kind" "Deployment" "claim" "osx-data" "read" (include "fate.osx.brokerProperties" .) "pod" (include "fate.osx.pod" .)
) .) }}
{{- end }}
