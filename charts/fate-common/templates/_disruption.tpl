{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
A PodDisruptionBudget of a module with several pods: one at a time may go. A module with one pod gets none, since it
could only be in the way of whoever empties a node. Takes a module and replicas.
*/ -}}
{{- define "fate.disruptionBudget" -}}
{{- if and .root.Values.podDisruptionBudget.enabled (gt (int .replicas) 1) -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "fate.moudle" . }}
  labels:
    {{- include "fate.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "fate.selectorLabels" . | nindent 6 }}
{{- end }}
{{- end }}
