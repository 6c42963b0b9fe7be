{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* "true" if the module keeps its data, else nothing. Takes a module. */ -}}
{{- define "fate.persistent" -}}
{{- $own := .values.persistence }}
{{- if kindIs "bool" $own | ternary $own .root.Values.persistence.enabled }}true{{ end }}
{{- end }}

{{- /* The module's volume, unless a claim template makes it. Takes a module; claim: name of volume and template. */ -}}
{{- define "fate.dataVolume" -}}
{{- if not (include "fate.persistent" .) -}}
- name: {{ .claim }}
  emptyDir: {}
{{- else if .values.existingClaim -}}
- name: {{ .claim }}
  persistentVolumeClaim:
    claimName: {{ .values.existingClaim | quote }}
{{- end }}
{{- end }}

{{- /* volumeClaimTemplates of the module, where they are wanted. Takes a module; claim: name of the template. */ -}}
{{- define "fate.claimTemplates" -}}
{{- if and (include "fate.persistent" .) (not .values.existingClaim) -}}
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: {{ .claim }}
      labels:
        {{- include "fate.stableLabels" . | nindent 8 }}
    spec:
      accessModes:
        - {{ .values.accessMode }}
      {{- if eq .values.storageClass "-" }}
      storageClassName: ""
      {{- else if .values.storageClass }}
      storageClassName: {{ .values.storageClass | quote }}
      {{- end }}
      resources:
        requests:
          storage: {{ .values.size }}
{{- end }}
{{- end }}
