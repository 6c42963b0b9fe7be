{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Deployment of a Java program of FATE-Serving. It reads file, which the chart keeps in the ConfigMap <module>-config and
which is filled in when the container starts.

Takes a module; file; text (of the file); secrets (variable to {secret, key}); ports (name to number); probe (port that
tells whether it listens); volumes and mounts (more of them, as lists) and, optionally, check: shell text that looks at
the variables first.
*/ -}}
{{- define "serving.java" -}}
{{- include "fate.workload" (merge (dict "kind" "Deployment" "read" .text "pod" (include "serving.java.pod" .)) .) }}
{{- end }}

{{- define "serving.java.pod" -}}
{{- $facts := get (include "fate.facts" .root | fromYaml) .name }}
{{- $names := keys .secrets | sortAlpha -}}
containers:
  - name: {{ kebabcase .name }}
    workingDir: {{ $facts.home }}
    command:
      - sh
      - -c
      - |
        set -eu
        {{- with .check }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- include "fate.fill" . | nindent 8 }}
        {{- include "fate.fillProperties" . | nindent 8 }}
        # A setting that a Secret leaves empty is left out, as if it had no password: Redis refuses an empty one.
        absent=
        {{- range $names }}
        [ -n "${{ . }}" ] || absent="$absent -e /@{{ . }}@/d"
        {{ . }}=$(printf '%s' "${{ . }}" | in_properties)
        {{- end }}
        sed -e '' $absent /etc/fate/{{ .file }} |
          fill {{ $facts.home }}/conf/{{ .file }}{{ range $names }} {{ . }}{{ end }}
        {{- if $names }}
        unset{{ range $names }} {{ . }}{{ end }}
        {{- end }}
        exec java {{ include "fate.jvmOptions" . }} '{{ join "' '" $facts.launch }}'
    {{- with $names }}
    env:
      {{- range . }}
      {{- $from := get $.secrets . }}
      - name: {{ . }}
        valueFrom:
          secretKeyRef: {name: {{ $from.secret | quote }}, key: {{ $from.key }}}
      {{- end }}
    {{- end }}
    ports:
      {{- range $name, $port := .ports }}
      - {name: {{ $name }}, containerPort: {{ $port }}, protocol: TCP}
      {{- end }}
    {{- include "fate.tcpProbes" (dict "port" .probe) | nindent 4 }}
    volumeMounts:
      - {name: config, mountPath: /etc/fate, readOnly: true}
      {{- with .mounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: config
    configMap: {name: {{ kebabcase .name }}-config}
  {{- with .volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* The ConfigMap that such a Deployment reads. Takes a module, file and text. */ -}}
{{- define "serving.config" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ kebabcase .name }}-config
  labels:
    {{- include "fate.labels" . | nindent 4 }}
data:
  {{ .file }}: |
    {{- .text | nindent 4 }}
{{- end }}

{{- /* Variables with the user and password for ZooKeeper, where it asks for some, as JSON. Takes the top context. */ -}}
{{- define "serving.zookeeperVariables" -}}
{{- $variables := dict }}
{{- if include "serving.zookeeperAcl" . }}
{{- $secret := include "serving.zookeeperSecret" . }}
{{- $_ := set $variables "ZOOKEEPER_USERNAME" (dict "secret" $secret "key" "username") }}
{{- $_ := set $variables "ZOOKEEPER_PASSWORD" (dict "secret" $secret "key" "password") }}
{{- end }}
{{- toJson $variables }}
{{- end }}
