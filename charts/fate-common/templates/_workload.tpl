{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
A Deployment or StatefulSet with all that modules have in common. Takes a module and

  kind      Deployment or StatefulSet
  pod       what is particular about its pod, as YAML: containers (the first is the module's own), and, if there are
            any, initContainers, volumes and other fields of a pod
  replicas  default: 1
  object    name of the object; default: the module's label
  service   of a StatefulSet
  claim     name of the volume with its data, if it has one: claim template or claim
  spec      more fields of the object's spec, as a dict
  read, annotations, extraLabels: see fate.podMetadata; user, capabilities, readOnly: see _security.tpl

Env, volumes, mounts and containers of the user's own are put in here and nowhere else. A container that names no image
gets the module's.
*/ -}}
{{- define "fate.workload" -}}
{{- $pod := dict }}
{{- include "fate.pod" (dict "module" . "into" $pod) -}}
apiVersion: apps/v1
kind: {{ .kind }}
metadata:
  name: {{ .object | default (include "fate.moudle" .) }}
  labels:
    {{- include "fate.labels" . | nindent 4 }}
    {{- with .extraLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  replicas: {{ include "fate.replicas" . }}
  {{- if eq .kind "Deployment" }}
  strategy:
    type: Recreate
  {{- else }}
  serviceName: {{ .service }}
  {{- end }}
  {{- with .spec }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "fate.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      {{- include "fate.podMetadata" . | nindent 6 }}
    spec:
      {{- toYaml $pod | nindent 6 }}
  {{- if .claim }}
  {{- if eq .kind "StatefulSet" }}
  {{- with include "fate.claimTemplates" . }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- else }}
  {{- with include "fate.ownClaim" . }}
---
{{ . }}
  {{- end }}
  {{- end }}
  {{- end }}
{{- end }}

{{- define "fate.replicas" -}}
{{- int (kindIs "invalid" .replicas | ternary 1 .replicas) }}
{{- end }}

{{- /* Puts the spec of the pod of a workload into a dict. Takes module and into. */ -}}
{{- define "fate.pod" -}}
{{- $module := .module }}
{{- $pod := .into }}
{{- $given := fromYaml $module.pod }}
{{- if $given.Error }}
{{- fail (printf "the chart makes no YAML of the pod of %s: %s" (include "fate.path" $module) $given.Error) }}
{{- end }}
{{- $_ := mergeOverwrite $pod (include "fate.podCommon" $module | fromYaml) $given }}
{{- if and (gt (include "fate.replicas" $module | int) 1) (not $pod.topologySpreadConstraints) }}
{{- $_ := set $pod "topologySpreadConstraints" (include "fate.spread" $module | fromYamlArray) }}
{{- end }}
{{- range $list, $extra := dict "containers" "extraContainers" "initContainers" "extraInitContainers" }}
{{- range $index, $container := get $pod $list | default list }}
{{- if and (eq $list "containers") (eq $index 0) }}
{{- include "fate.ownContainer" (dict "module" $module "into" $container) }}
{{- else }}
{{- include "fate.otherContainer" (dict "module" $module "into" $container) }}
{{- end }}
{{- end }}
{{- with concat (get $pod $list | default list) (get $module.values $extra | default list) }}
{{- $_ := set $pod $list . }}
{{- end }}
{{- end }}
{{- $volumes := $pod.volumes | default list }}
{{- if $module.claim }}
{{- $text := "" }}
{{- if eq $module.kind "Deployment" }}
{{- $text = include "fate.ownVolume" (merge (dict "volume" $module.claim) $module) }}
{{- else }}
{{- $text = include "fate.dataVolume" $module }}
{{- end }}
{{- $volumes = concat $volumes (fromYamlArray ($text | default "[]")) }}
{{- end }}
{{- with concat $volumes ($module.values.extraVolumes | default list) }}
{{- $_ := set $pod "volumes" . }}
{{- end }}
{{- end }}

{{- /* Completes the module's own container. Takes module and into, the container. */ -}}
{{- define "fate.ownContainer" -}}
{{- $container := .into }}
{{- $module := .module }}
{{- range $key, $value := include "fate.containerCommon" $module | fromYaml }}
{{- if not (hasKey $container $key) }}
{{- $_ := set $container $key $value }}
{{- end }}
{{- end }}
{{- with $module.values.extraEnv }}
{{- $_ := set $container "env" (include "fate.env" (merge (dict "env" ($container.env | default list)) $module) | fromYamlArray) }}
{{- end }}
{{- with $module.values.extraVolumeMounts }}
{{- $_ := set $container "volumeMounts" (concat ($container.volumeMounts | default list) .) }}
{{- end }}
{{- end }}

{{- /* Completes another container of the chart's. Takes module and into, the container. */ -}}
{{- define "fate.otherContainer" -}}
{{- $container := .into }}
{{- if not $container.image }}
{{- $_ := set $container "image" (include "fate.image" .module) }}
{{- end }}
{{- $_ := set $container "imagePullPolicy" .module.root.Values.image.pullPolicy }}
{{- if not $container.securityContext }}
{{- $_ := set $container "securityContext" (include "fate.containerSecurity" .module | fromYaml) }}
{{- end }}
{{- end }}

{{- /* Pods of one module on different nodes, as far as that goes: never a reason not to run one. Takes a module. */ -}}
{{- define "fate.spread" -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "fate.selectorLabels" . | nindent 6 }}
{{- end }}
