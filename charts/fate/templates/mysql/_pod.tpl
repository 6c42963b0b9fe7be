{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Pod of MySQL. Takes the module. */ -}}
{{- define "fate.mysql.pod" -}}
{{- $secret := include "fate.mysqlSecret" .root -}}
containers:
  - name: mysql
    env:
      # The image makes this database and gives the user all rights on it, when the volume is still empty.
      - name: MYSQL_DATABASE
        value: {{ .values.database | quote }}
      - name: MYSQL_ROOT_PASSWORD
        valueFrom:
          secretKeyRef:
            name: {{ $secret | quote }}
            key: root-password
      {{- include "fate.databaseEnv" $secret | nindent 6 }}
    ports:
      - {name: mysql, containerPort: 3306, protocol: TCP}
    # 10 minutes: the first start fills the volume.
    {{- $probes := include "fate.tcpProbes" (dict "port" 3306 "startup" 120) | fromYaml }}
    {{- omit $probes "readinessProbe" | toYaml | nindent 4 }}
    # A real query: `mysqladmin ping` is content even when the login is refused.
    readinessProbe:
      exec:
        command:
          - sh
          - -c
          - MYSQL_PWD="$MYSQL_PASSWORD" exec mysql -h 127.0.0.1 -u "$MYSQL_USER" -D "$MYSQL_DATABASE" -e 'SELECT 1'
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 3
    volumeMounts:
      - name: data
        mountPath: /var/lib/mysql
        {{- with .values.subPath }}
        subPath: {{ . | quote }}
        {{- end }}
{{- end }}
