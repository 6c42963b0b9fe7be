{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* What a module takes if its block says nothing: see facts/resources. Takes a module. */ -}}
{{- define "fate.needs" -}}
{{- include "fate.profileNeeds" . }}
{{- end }}
