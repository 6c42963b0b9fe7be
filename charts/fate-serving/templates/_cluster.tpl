{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "fate.cluster" -}}
fate-serving
{{- end }}

{{- define "fate.product" -}}
FATE-Serving
{{- end }}

{{- define "fate.versionKey" -}}
servingVersion
{{- end }}
