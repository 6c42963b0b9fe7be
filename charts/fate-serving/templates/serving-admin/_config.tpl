{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "serving.adminSecret" -}}
{{- .Values.modules.servingAdmin.existingSecret | default "fate-serving-admin" }}
{{- end }}

{{- /* application.properties, filled in when the pod starts, as that of serving-server is. Takes the top context. */ -}}
{{- define "serving.admin.properties" -}}
server.port=8350
admin.username=@ADMIN_USERNAME@
admin.password=@ADMIN_PASSWORD@
admin.isEncrypt=false
local.cache.expire=300
grpc.timeout=5000
spring.mvc.pathmatch.matching-strategy=ANT_PATH_MATCHER
{{ include "serving.zookeeperSettings" . }}
{{- end }}

{{- /* The module with its file, as that of serving-server. Takes the top context; gives JSON. */ -}}
{{- define "serving.admin.module" -}}
{{- $secret := include "serving.adminSecret" . }}
{{- $secrets := include "serving.zookeeperVariables" . | fromJson }}
{{- $_ := set $secrets "ADMIN_USERNAME" (dict "secret" $secret "key" "username") }}
{{- $_ := set $secrets "ADMIN_PASSWORD" (dict "secret" $secret "key" "password") }}
{{- dict
  "name" "servingAdmin"
  "file" "application.properties"
  "text" (include "serving.admin.properties" .)
  "secrets" $secrets
  "ports" (dict "http" 8350)
  "probe" 8350
  "check" (include "serving.admin.check" .)
  | toJson }}
{{- end }}

{{- define "serving.admin.check" -}}
# Spring reads these as references to other settings and offers no way to write them.
case "$ADMIN_USERNAME$ADMIN_PASSWORD" in
  *'${'* | *'#{'*)
    echo 'FATE-Serving takes no user name or password with a dollar or number sign before a brace.' >&2
    exit 1
    ;;
esac
{{- end }}
