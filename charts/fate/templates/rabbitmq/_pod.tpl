{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Pod of RabbitMQ. It starts the server itself: the image's entry point would write a configuration of its own. Takes the
module.
*/ -}}
{{- define "fate.rabbitmq.pod" -}}
{{- $tls := .values.enableTLS -}}
terminationGracePeriodSeconds: 60
containers:
  - name: rabbitmq
    command:
      - sh
      - -c
      - |
        set -eu
        {{- include "fate.fill" . | nindent 8 }}
        case "$RABBITMQ_USER$RABBITMQ_PASSWORD" in
          *[!A-Za-z0-9._~-]*)
            echo 'RabbitMQ takes users and passwords of letters, digits and . _ ~ - only: they stand in URLs too.' >&2
            exit 1
            ;;
        esac
        fill /run/rabbitmq/rabbitmq.conf RABBITMQ_USER RABBITMQ_PASSWORD < /etc/fate/rabbitmq.conf
        unset RABBITMQ_USER RABBITMQ_PASSWORD
        exec rabbitmq-server
    env:
      {{- include "fate.rabbitmq.env" .root | nindent 6 }}
      - {name: RABBITMQ_CONFIG_FILE, value: /run/rabbitmq/rabbitmq.conf}
      - {name: RABBITMQ_ENABLED_PLUGINS_FILE, value: /etc/fate/enabled_plugins}
      # The data of a node lie under its name, which must not change with the pod's.
      - {name: RABBITMQ_NODENAME, value: rabbit@localhost}
    ports:
      - {name: amqp, containerPort: 5672, protocol: TCP}
      - {name: management, containerPort: 15672, protocol: TCP}
      {{- if $tls }}
      - {name: amqps, containerPort: 5671, protocol: TCP}
      {{- end }}
    {{- include "fate.httpProbes" (dict "port" 15672 "path" "/" "startup" 60) | nindent 4 }}
    volumeMounts:
      - {name: config, mountPath: /etc/fate, readOnly: true}
      - {name: run, mountPath: /run/rabbitmq}
      - name: rabbitmq-data
        mountPath: /var/lib/rabbitmq
        {{- with .values.subPath }}
        subPath: {{ . | quote }}
        {{- end }}
      {{- if $tls }}
      - {name: certificates, mountPath: /etc/fate/certificates, readOnly: true}
      {{- end }}
  {{- if $tls }}
  - name: tunnel
    image: {{ include "fate.image" (dict "root" .root "name" "nginx" "values" .root.Values.modules.nginx) | quote }}
    command:
      - sh
      - -c
      - |
        {{- include "fate.rabbitmq.tunnelRun" . | nindent 8 }}
    volumeMounts:
      - {name: tunnel, mountPath: /etc/fate/tunnel, readOnly: true}
      - {name: tunnel-run, mountPath: /run/tunnel}
      - {name: certificates, mountPath: /etc/fate/certificates, readOnly: true}
    resources:
      requests: {cpu: 50m, memory: 64Mi}
      limits: {memory: 256Mi}
  {{- end }}
volumes:
  - name: config
    configMap: {name: rabbitmq-config}
  # Holds the password: in memory only.
  - name: run
    emptyDir: {medium: Memory, sizeLimit: 1Mi}
  {{- if $tls }}
  - name: tunnel
    configMap: {name: rabbitmq-tunnel}
  - name: tunnel-run
    emptyDir: {}
  - name: certificates
    secret:
      secretName: {{ .values.tls.existingSecret | default "rabbitmq-certs" | quote }}
      defaultMode: 0440
  {{- end }}
{{- end }}
