{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Pod of Pulsar, as the image's own user, 10000. Takes the module with tls ("true" or nothing). */ -}}
{{- define "fate.pulsar.pod" -}}
{{- $jvm := include "fate.jvm" . | fromYaml -}}
terminationGracePeriodSeconds: 60
containers:
  - name: pulsar
    command: [bash, -c, "exec bin/pulsar standalone -nss"]
    workingDir: /pulsar
    env:
      - {name: PULSAR_STANDALONE_CONF, value: /etc/fate/standalone.conf}
      - name: PULSAR_MEM
        value: -Xms{{ min 256 $jvm.heap }}m -Xmx{{ int $jvm.heap }}m -XX:MaxDirectMemorySize={{ int $jvm.direct }}m
    ports:
      - {name: broker, containerPort: 6650, protocol: TCP}
      - {name: admin, containerPort: 8080, protocol: TCP}
      {{- if .tls }}
      - {name: broker-tls, containerPort: 6651, protocol: TCP}
      {{- end }}
    {{- include "fate.httpProbes" (dict "port" 8080 "path" "/admin/v2/clusters" "startup" 120) | nindent 4 }}
    volumeMounts:
      - {name: config, mountPath: /etc/fate, readOnly: true}
      - name: pulsar-data
        mountPath: /pulsar/data
        {{- with .values.subPath }}
        subPath: {{ . | quote }}
        {{- end }}
      {{- if .tls }}
      - {name: certificates, mountPath: /opt/pulsar/certs, readOnly: true}
      {{- end }}
volumes:
  - name: config
    configMap: {name: pulsar-config}
  {{- if .tls }}
  - name: certificates
    secret:
      secretName: {{ .values.tls.existingSecret | default "pulsar-cert" | quote }}
      defaultMode: 0440
  {{- end }}
{{- end }}

{{- /* env of KubeFATE's block, besides extraEnv; a name that extraEnv has too counts there. Takes the values. */ -}}
{{- define "fate.pulsar.values" -}}
{{- $values := deepCopy . }}
{{- $named := list }}
{{- range $values.extraEnv }}
{{- $named = append $named .name }}
{{- end }}
{{- $all := $values.extraEnv | default list }}
{{- range $values.env }}
{{- if not (has .name $named) }}
{{- $all = append $all . }}
{{- end }}
{{- end }}
{{- $_ := set $values "extraEnv" $all }}
{{- toYaml $values }}
{{- end }}
