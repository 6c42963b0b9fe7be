{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "fate.cluster" -}}
fate
{{- end }}
