{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Pod of the notebook. Takes the module. */ -}}
{{- define "fate.client.pod" -}}
{{- $serving := .root.Values.serving }}
{{- $secret := .values.existingSecret | default "fate-notebook" -}}
containers:
  - name: client
    workingDir: /data/projects/fate
    command:
      - sh
      - -c
      - |
        set -eu
        pipeline init --ip "$FATE_FLOW_IP" --port "$FATE_FLOW_PORT"
        flow init --ip "$FATE_FLOW_IP" --port "$FATE_FLOW_PORT"
        exec jupyter notebook --config=/etc/fate/jupyter_config.py
    env:
      - name: partyId
        value: {{ .root.Values.partyId | quote }}
      - name: FATE_FLOW_IP
        value: fateflow
      - name: FATE_FLOW_PORT
        value: "9380"
      {{- if $serving.ip }}
      - name: FATE_SERVING_HOST
        value: {{ printf "%s:%d" $serving.ip (int $serving.port) | quote }}
      {{- end }}
      - name: NOTEBOOK_HASHED_PASSWORD
        valueFrom:
          secretKeyRef:
            name: {{ $secret | quote }}
            key: hashed-password
      - name: JUPYTER_TOKEN
        valueFrom:
          secretKeyRef:
            name: {{ $secret | quote }}
            key: token
    ports:
      - {name: http, containerPort: 20000, protocol: TCP}
    {{- include "fate.httpProbes" (dict "port" 20000 "path" "/") | nindent 4 }}
    volumeMounts:
      - {name: config, mountPath: /etc/fate, readOnly: true}
      - name: persistence
        mountPath: /data/projects/fate/persistence
        {{- with .values.subPath }}
        subPath: {{ . | quote }}
        {{- end }}
volumes:
  - name: config
    configMap: {name: client-config}
{{- end }}
