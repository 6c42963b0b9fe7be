{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Shell text that runs nginx. The route table's names are looked up here, over and over: Lua's balancer takes addresses. A
change of settings or certificates is taken over without a restart once nginx finds it good.
*/ -}}
{{- define "fate.nginx.run" -}}
set -u
cd {{ include "fate.nginx.home" . }}
with_addresses() {
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      *'host: '*)
        name=${line##*host: }
        address=$(getent ahostsv4 "$name" | sed -n '1s/ .*//p')
        line="${line%%host: *}host: ${address:-$name}"
        ;;
    esac
    printf '%s\n' "$line"
  done < /etc/fate/route_table.yaml > conf/route_table.new
  if cmp -s conf/route_table.new conf/route_table.yaml; then
    rm conf/route_table.new
  else
    mv conf/route_table.new conf/route_table.yaml
  fi
}
settings() {
  cat /etc/fate/nginx.conf {{ include "fate.nginx.certificates" . }}/* 2> /dev/null | cksum
}
with_addresses
loaded=$( settings )
cp /etc/fate/nginx.conf conf/nginx.conf
openresty -g 'daemon off;' &
nginx=$!
trap 'kill -QUIT "$nginx"' TERM INT
while kill -0 "$nginx" 2> /dev/null; do
  sleep 5 &
  wait $!
  with_addresses
  found=$( settings )
  if [ "$found" != "$loaded" ]; then
    loaded=$found
    cp /etc/fate/nginx.conf conf/nginx.conf
    if openresty -t; then
      openresty -s reload && echo 'nginx goes on with new settings.'
    else
      echo 'nginx refuses its new settings and goes on with the old ones.' >&2
    fi
  fi
done
wait "$nginx"
{{- end }}

{{- /* Pod of nginx. Takes a module with tls and secret. */ -}}
{{- define "fate.nginx.pod" -}}
terminationGracePeriodSeconds: 30
containers:
  - name: nginx
    workingDir: {{ include "fate.nginx.home" . }}
    command:
      - sh
      - -c
      - |
        {{- include "fate.nginx.run" . | nindent 8 }}
    ports:
      - {name: http, containerPort: 9300, protocol: TCP}
      - {name: grpc, containerPort: 9310, protocol: TCP}
      - {name: health, containerPort: 9302, protocol: TCP}
      {{- if .tls }}
      - {name: http-tls, containerPort: 9301, protocol: TCP}
      - {name: grpc-tls, containerPort: 9311, protocol: TCP}
      {{- end }}
    {{- include "fate.httpProbes" (dict "port" 9302 "path" "/test") | nindent 4 }}
    volumeMounts:
      # The folder as a whole, so that changes arrive.
      - {name: config, mountPath: /etc/fate, readOnly: true}
      {{- if .tls }}
      - {name: certificates, mountPath: {{ include "fate.nginx.certificates" . }}, readOnly: true}
      {{- end }}
volumes:
  - name: config
    projected:
      sources:
        - configMap: {name: nginx-config}
        - configMap: {name: nginx-route-table}
  {{- if .tls }}
  - name: certificates
    secret:
      secretName: {{ .secret | quote }}
      defaultMode: 0400
  {{- end }}
{{- end }}
