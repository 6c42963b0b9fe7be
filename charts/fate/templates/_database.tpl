{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Where the database is, as YAML: host, port, name, and secret, which holds username and password. Takes the top context.
*/ -}}
{{- define "fate.database" -}}
{{- $mysql := .Values.modules.mysql }}
{{- $external := .Values.externalMysql }}
{{- if $external.host -}}
host: {{ $external.host | quote }}
port: {{ int $external.port }}
name: {{ $external.database | default $mysql.database | quote }}
secret: {{ $external.existingSecret | default "fate-external-mysql" | quote }}
{{- else -}}
host: {{ $mysql.ip | quote }}
port: {{ int $mysql.port }}
name: {{ $mysql.database | quote }}
secret: {{ include "fate.mysqlSecret" . | quote }}
{{- end }}
{{- end }}

{{- /* Secret of the party's own MySQL. Takes the top context. */ -}}
{{- define "fate.mysqlSecret" -}}
{{- .Values.modules.mysql.existingSecret | default "fate-mysql" }}
{{- end }}

{{- /* Variables MYSQL_USER and MYSQL_PASSWORD. Takes the name of the Secret. */ -}}
{{- define "fate.databaseEnv" -}}
- name: MYSQL_USER
  valueFrom:
    secretKeyRef:
      name: {{ . | quote }}
      key: username
- name: MYSQL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . | quote }}
      key: password
{{- end }}

{{- /*
Init container that waits until the database answers the party's own user. A refused login ends it soon, as waiting does
not mend that. Takes root, name (of the container) and, optionally, sql: whether to run /etc/fate/*.sql then.
*/ -}}
{{- define "fate.waitForDatabase" -}}
{{- $database := include "fate.database" .root | fromYaml -}}
- name: {{ .name }}
  image: {{ include "fate.mysqlImage" .root | quote }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command:
    - bash
    - -c
    - |
      set -eu
      export MYSQL_PWD="$MYSQL_PASSWORD"
      ask() {
        mysql --no-auto-rehash --connect-timeout=5 -h "$MYSQL_HOST" -P "$MYSQL_PORT" -u "$MYSQL_USER" \
          -D "$MYSQL_DATABASE" "$@"
      }
      where="$MYSQL_HOST:$MYSQL_PORT, database $MYSQL_DATABASE"
      refusals=0
      said=
      until answer=$(ask -e 'SELECT 1' 2>&1); do
        if [ "$answer" != "$said" ]; then
          echo "Waiting for MySQL at $where: $answer"
          said=$answer
        fi
        case $answer in
          *"Access denied"* | *"Unknown database"*) refusals=$((refusals + 1)) ;;
          *) refusals=0 ;;
        esac
        if [ "$refusals" -ge 5 ]; then
          echo "MySQL at $where refuses the user and password of Secret {{ $database.secret }}. Correct the Secret or the account." >&2
          exit 1
        fi
        if [ "$SECONDS" -ge "$WAIT_SECONDS" ]; then
          echo "MySQL at $where did not answer within $WAIT_SECONDS s." >&2
          exit 1
        fi
        sleep 2
      done
      echo "MySQL at $where answers."
      {{- if .sql }}
      for file in /etc/fate/*.sql; do
        ask < "$file"
      done
      echo "The tables of Eggroll are there."
      {{- end }}
  env:
    - name: MYSQL_HOST
      value: {{ $database.host | quote }}
    - name: MYSQL_PORT
      value: {{ int $database.port | quote }}
    - name: MYSQL_DATABASE
      value: {{ $database.name | quote }}
    - name: WAIT_SECONDS
      value: {{ int .root.Values.modules.mysql.waitTimeout | quote }}
    {{- include "fate.databaseEnv" $database.secret | nindent 4 }}
  # The last lines of the log become the reason that the pod's status shows; they name no secret.
  terminationMessagePolicy: FallbackToLogsOnError
  {{- if .sql }}
  volumeMounts:
    - name: mysql-config
      mountPath: /etc/fate
      readOnly: true
  {{- end }}
  securityContext:
    {{- include "fate.bareSecurity" . | nindent 4 }}
  resources:
    requests:
      cpu: 50m
      memory: 64Mi
    limits:
      memory: 128Mi
{{- end }}

{{- /* Image of containers that only ask the database something: that of mysql. Takes the top context. */ -}}
{{- define "fate.mysqlImage" -}}
{{- include "fate.image" (dict "root" . "name" "mysql" "values" .Values.modules.mysql) }}
{{- end }}
