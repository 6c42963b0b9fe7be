{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* What every pod has in common. Takes a module. */ -}}
{{- define "fate.podCommon" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- $given := deepCopy (.values.podSecurityContext | default dict) }}
  {{- mergeOverwrite (dict "seccompProfile" (dict "type" "RuntimeDefault")) $given | toYaml | nindent 2 }}
{{- with .root.Values.image.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /*
What every container of a module has in common. FATE's images run as root and hold files of other users, hence
DAC_OVERRIDE; all that is added is allowed by the Pod Security level "baseline". Takes a module.
*/ -}}
{{- define "fate.containerCommon" -}}
image: {{ include "fate.image" . | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- if .values.securityContext }}
  {{- toYaml .values.securityContext | nindent 2 }}
  {{- else }}
  allowPrivilegeEscalation: false
  capabilities:
    drop: ["ALL"]
    add: {{ .capabilities | default (list "DAC_OVERRIDE") | toJson }}
  {{- end }}
resources:
  {{- include "fate.resources" . | nindent 2 }}
{{- end }}

{{- /* Probes of a TCP port. Takes port and, optionally, startup: how long a start may take, in steps of 5 s. */ -}}
{{- define "fate.tcpProbes" -}}
startupProbe:
  tcpSocket:
    port: {{ .port }}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: {{ .startup | default 60 }}
livenessProbe:
  tcpSocket:
    port: {{ .port }}
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  tcpSocket:
    port: {{ .port }}
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
{{- end }}

{{- /* Probes that ask by HTTP whether to start and to serve, and by TCP whether to live. Takes port, path, startup. */ -}}
{{- define "fate.httpProbes" -}}
startupProbe:
  httpGet:
    path: {{ .path }}
    port: {{ .port }}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: {{ .startup | default 60 }}
livenessProbe:
  tcpSocket:
    port: {{ .port }}
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  httpGet:
    path: {{ .path }}
    port: {{ .port }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}
