{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
application.properties, with names between at signs for what the pod fills in at its start: BOARD_USERNAME,
BOARD_PASSWORD.
*/ -}}
{{- define "fate.fateboard.properties" -}}
{{- $flows := list }}
{{- range $index := until (int .Values.modules.python.replicas) }}
{{- $flows = append $flows (printf "http://python-%d.fateflow:9380" $index) }}
{{- end -}}
server.port=8080
fateflow.url=http://fateflow:9380
fateflow.url-list={{ join ";" $flows }}
fateflow.http_app_key=
fateflow.http_secret_key=
server.servlet.encoding.charset=UTF-8
server.servlet.encoding.enabled=true
server.tomcat.uri-encoding=UTF-8
server.tomcat.max-threads=1000
server.tomcat.max-connections=20000
server.servlet.session.timeout=4h
server.servlet.session.cookie.max-age=4h
server.compression.enabled=true
server.compression.mime-types=application/json,application/xml,text/html,text/xml,text/plain
server.board.login.username=@BOARD_USERNAME@
server.board.login.password=@BOARD_PASSWORD@
server.board.encrypt.private_key=
server.board.encrypt.enable=false
fateboard.front_end.cors=false
fateboard.front_end.url=http://localhost:8028
spring.servlet.multipart.max-file-size=10MB
spring.servlet.multipart.max-request-size=100MB
management.endpoints.web.exposure.exclude=*
feign.client.config.default.connectTimeout=10000
feign.client.config.default.readTimeout=10000
{{- range $key, $value := (include "fate.facts" . | fromYaml).fateboard.properties }}
{{ $key }}={{ kindIs "float64" $value | ternary (int64 $value) $value }}
{{- end }}
{{- end }}
