{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
What each module takes if nobody says otherwise: cpu (of a request), memory in MiB besides Java's, and for Java heap,
direct (memory outside the heap that it may ask for) and overhead (classes, threads, the process itself), in MiB.
Takes a module.
*/ -}}
{{- define "fate.needs" -}}
{{- if eq .name "osx" -}}
{cpu: 500m, memory: 0, heap: 2048, direct: 1024, overhead: 512}
{{- else if eq .name "clustermanager" -}}
{cpu: 250m, memory: 0, heap: 512, direct: 256, overhead: 256}
{{- else if eq .name "nodemanager" -}}
{{- $processors := int .values.sessionProcessorsPerNode -}}
{cpu: "{{ $processors }}", memory: {{ mul 768 $processors }}, heap: 512, direct: 256, overhead: 256}
{{- else if eq .name "fateboard" -}}
{cpu: 100m, memory: 0, heap: 1024, direct: 128, overhead: 256}
{{- else if eq .name "python" -}}
{cpu: "1", memory: 2048}
{{- else if eq .name "mysql" -}}
{cpu: 250m, memory: 1024}
{{- else if eq .name "client" -}}
{cpu: 100m, memory: 512}
{{- end -}}
{{- end }}
