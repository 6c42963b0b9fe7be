{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "fate.cluster" -}}
fate
{{- end }}

{{- define "fate.product" -}}
FATE
{{- end }}

{{- define "fate.versionKey" -}}
fateVersion
{{- end }}
