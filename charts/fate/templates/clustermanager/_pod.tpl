{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Pod of Eggroll's cluster manager. Takes the module. */ -}}
{{- define "fate.clustermanager.pod" -}}
{{- $home := include "fate.eggroll.home" . -}}
initContainers:
  {{- include "fate.waitForDatabase" (dict "root" .root "name" "prepare-mysql" "sql" true) | nindent 2 }}
containers:
  - name: clustermanager
    workingDir: {{ $home }}
    command:
      - sh
      - -c
      - |
        set -eu
        {{- include "fate.fill" . | nindent 8 }}
        {{- include "fate.fillProperties" . | nindent 8 }}
        NODEMANAGER_HOST=
        MYSQL_USER=$(printf '%s' "$MYSQL_USER" | in_properties)
        MYSQL_PASSWORD=$(printf '%s' "$MYSQL_PASSWORD" | in_properties)
        fill {{ $home }}/conf/eggroll.properties NODEMANAGER_HOST MYSQL_USER MYSQL_PASSWORD \
          < /etc/fate/eggroll.properties
        unset MYSQL_USER MYSQL_PASSWORD
        # Eggroll would write all its settings into its log, the password too.
        if [ -f conf/log4j2.xml ]; then
          sed -i 's|<Loggers>|<Loggers><Logger name="org.fedai.eggroll.core.config.MetaInfo" level="warn"/>|' \
            conf/log4j2.xml
        fi
        {{- include "fate.eggroll.java" (merge (dict "port" 4670) .) | nindent 8 }}
    env:
      {{- include "fate.databaseEnv" (include "fate.database" .root | fromYaml).secret | nindent 6 }}
    ports:
      - {name: grpc, containerPort: 4670, protocol: TCP}
    {{- include "fate.tcpProbes" (dict "port" 4670) | nindent 4 }}
    volumeMounts:
      - {name: eggroll-config, mountPath: /etc/fate, readOnly: true}
volumes:
  - name: eggroll-config
    configMap: {name: eggroll-config}
  - name: mysql-config
    configMap: {name: mysql-config}
{{- end }}
