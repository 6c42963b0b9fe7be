{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Pod of FATE-Board. Takes the module. */ -}}
{{- define "fate.fateboard.pod" -}}
{{- $facts := (include "fate.facts" .root | fromYaml).fateboard }}
{{- $secret := .values.existingSecret | default "fate-fateboard" -}}
containers:
  - name: fateboard
    workingDir: {{ $facts.home }}
    command:
      - sh
      - -c
      - |
        set -eu
        # Spring reads these as references to other settings and offers no way to write them.
        case "$BOARD_USERNAME$BOARD_PASSWORD" in
          *'${'* | *'#{'*)
            echo 'FATE-Board takes no user name or password with a dollar or number sign before a brace.' >&2
            exit 1
            ;;
        esac
        {{- include "fate.fill" . | nindent 8 }}
        {{- include "fate.fillProperties" . | nindent 8 }}
        BOARD_USERNAME=$(printf '%s' "$BOARD_USERNAME" | in_properties)
        BOARD_PASSWORD=$(printf '%s' "$BOARD_PASSWORD" | in_properties)
        fill {{ $facts.home }}/conf/application.properties BOARD_USERNAME BOARD_PASSWORD \
          < /etc/fate/application.properties
        unset BOARD_USERNAME BOARD_PASSWORD
        exec java {{ include "fate.jvmOptions" . }} \
          -Dspring.config.location={{ $facts.home }}/conf/application.properties \
          -Dssh_config_file={{ $facts.sshConfig }} \
          '{{ join "' '" $facts.launch }}'
    env:
      - name: BOARD_USERNAME
        valueFrom:
          secretKeyRef:
            name: {{ $secret | quote }}
            key: username
      - name: BOARD_PASSWORD
        valueFrom:
          secretKeyRef:
            name: {{ $secret | quote }}
            key: password
    ports:
      - {name: http, containerPort: 8080, protocol: TCP}
    {{- include "fate.httpProbes" (dict "port" 8080 "path" "/") | nindent 4 }}
    volumeMounts:
      - {name: config, mountPath: /etc/fate, readOnly: true}
volumes:
  - name: config
    configMap: {name: fateboard-config}
{{- end }}
