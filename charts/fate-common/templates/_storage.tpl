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

{{- /* What is claimed: spec of the module's PersistentVolumeClaim. Takes a module. */ -}}
{{- define "fate.claimSpec" -}}
accessModes:
  - {{ .values.accessMode | default "ReadWriteOnce" }}
{{- $class := .values.storageClass | default "" }}
{{- if eq $class "-" }}
storageClassName: ""
{{- else if $class }}
storageClassName: {{ $class | quote }}
{{- end }}
resources:
  requests:
    storage: {{ .values.size | default "1Gi" }}
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
      {{- include "fate.claimSpec" . | nindent 6 }}
{{- end }}
{{- end }}

{{- /*
Volume of a module that is a Deployment. Its claim is an object of the chart's own. Takes a module; volume: name of the
volume; claim: name of the PersistentVolumeClaim.
*/ -}}
{{- define "fate.ownVolume" -}}
- name: {{ .volume }}
  {{- if include "fate.persistent" . }}
  persistentVolumeClaim:
    claimName: {{ .values.existingClaim | default .claim | quote }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}

{{- /*
The PersistentVolumeClaim of such a module, where one is wanted. It outlives the release, as those of StatefulSets do.
Takes a module; claim: its name.
*/ -}}
{{- define "fate.ownClaim" -}}
{{- if and (include "fate.persistent" .) (not .values.existingClaim) -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .claim }}
  labels:
    {{- include "fate.labels" . | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  {{- include "fate.claimSpec" . | nindent 2 }}
{{- end }}
{{- end }}
