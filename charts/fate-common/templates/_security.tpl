{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Security contexts. The profile `baseline` is the default: FATE's images run as root and hold files of other users, hence
DAC_OVERRIDE; all that is added is allowed by the Pod Security level "baseline". The profile `restricted` fits the level
of that name, and `arbitrary` leaves the user to the platform, as OpenShift wants it. Those two are admitted; that FATE's
images run under them was not shown.

All take a module and, optionally, user and group (numbers of an image that needs no root in any case; its volumes become
those of its group), capabilities, and readOnly (true: the image writes to its volumes only).
*/ -}}
{{- define "fate.securityProfile" -}}
{{- .root.Values.securityProfile | default "baseline" }}
{{- end }}

{{- define "fate.podSecurity" -}}
{{- $profile := include "fate.securityProfile" . -}}
seccompProfile:
  type: RuntimeDefault
{{- if eq $profile "arbitrary" }}
runAsNonRoot: true
{{- else if or .user (eq $profile "restricted") }}
runAsNonRoot: true
runAsUser: {{ .user | default 1000 }}
runAsGroup: {{ .group | default 0 }}
fsGroup: {{ .user | default 1000 }}
{{- end }}
{{- end }}

{{- define "fate.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: ["ALL"]
  {{- if and (eq (include "fate.securityProfile" .) "baseline") (not .user) }}
  add: {{ .capabilities | default (list "DAC_OVERRIDE") | toJson }}
  {{- end }}
{{- if .readOnly }}
readOnlyRootFilesystem: true
{{- end }}
{{- end }}

{{- /* Of a container that needs nothing but to run: one that waits or tests. Takes root. */ -}}
{{- define "fate.bareSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: ["ALL"]
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- if ne (include "fate.securityProfile" .) "arbitrary" }}
runAsUser: 65534
{{- end }}
{{- end }}
