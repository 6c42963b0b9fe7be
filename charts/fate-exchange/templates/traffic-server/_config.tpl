{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Settings of Apache Traffic Server 9. It passes on connections by the name that TLS asks for (SNI), and nothing else: as a
reverse proxy without any rule, it answers no request of its own clients; only CONNECT, which tunnels are to it, is
allowed, and only to the ports of the table. Takes the top context.
*/ -}}
{{- define "exchange.trafficServer.records" -}}
{{- $ports := list }}
{{- range .Values.modules.trafficServer.route_table.sni }}
{{- $ports = append $ports (regexFind "[0-9]+$" .tunnelRoute) }}
{{- end -}}
CONFIG proxy.config.http.server_ports STRING 8443:ssl
CONFIG proxy.config.http.connect_ports STRING {{ join " " (uniq $ports | sortAlpha) | default "1" }}
CONFIG proxy.config.reverse_proxy.enabled INT 1
CONFIG proxy.config.url_remap.remap_required INT 1
CONFIG proxy.config.http.cache.http INT 0
CONFIG proxy.config.http.response_server_enabled INT 0
CONFIG proxy.config.dns.search_default_domains INT 1
CONFIG proxy.config.ssl.servername.filename STRING sni.yaml
CONFIG proxy.config.ssl.server.multicert.filename STRING ssl_multicert.config
CONFIG proxy.config.ssl.server.cert.path STRING {{ include "exchange.trafficServer.certificates" . }}
CONFIG proxy.config.ssl.server.private_key.path STRING {{ include "exchange.trafficServer.certificates" . }}
CONFIG proxy.config.ssl.CA.cert.path STRING {{ include "exchange.trafficServer.certificates" . }}
CONFIG proxy.config.ssl.CA.cert.filename STRING ca.cert.pem
CONFIG proxy.config.admin.user_id STRING #-1
CONFIG proxy.config.body_factory.template_sets_dir STRING {{ include "exchange.trafficServer.folder" . }}
CONFIG proxy.config.local_state_dir STRING /run/fate
CONFIG proxy.config.log.logfile_dir STRING /run/fate
CONFIG proxy.config.log.logging_enabled INT 0
{{- range $level := list "status" "note" "warning" "error" "fatal" "alert" "emergency" }}
CONFIG proxy.config.diags.output.{{ $level }} STRING E
{{- end }}
{{- end }}

{{- define "exchange.trafficServer.folder" -}}
/etc/fate/trafficserver
{{- end }}

{{- define "exchange.trafficServer.certificates" -}}
/etc/fate/certificates
{{- end }}

{{- /* Files of the folder of settings, as YAML; those that are empty would be missed. Takes the top context. */ -}}
{{- define "exchange.trafficServer.files" -}}
records.config: |
  {{- include "exchange.trafficServer.records" . | nindent 2 }}
ssl_multicert.config: |
  dest_ip=* ssl_cert_name=proxy.cert.pem ssl_key_name=proxy.key.pem
ip_allow.yaml: |
  ip_allow:
    - apply: in
      ip_addrs: [0/0, "::/0"]
      action: allow
      methods: CONNECT
{{- range list "cache" "parent" "plugin" "remap" "storage" "volume" }}
{{ . }}.config: ""
{{- end }}
{{- end }}

{{- /* Which name leads where. Takes the top context. */ -}}
{{- define "exchange.trafficServer.sni" -}}
{{- $names := list }}
{{- range .Values.modules.trafficServer.route_table.sni }}
{{- $names = append $names (dict "fqdn" .fqdn "tunnel_route" .tunnelRoute) }}
{{- end }}
{{- dict "sni" $names | toYaml }}
{{- end }}

{{- /* Pod of the traffic server. Takes the module. */ -}}
{{- define "exchange.trafficServer.pod" -}}
{{- $folder := include "exchange.trafficServer.folder" .root -}}
containers:
  - name: traffic-server
    command:
      - {{ (include "fate.facts" .root | fromYaml).trafficServer.command }}
    env:
      # Its own folder of settings, wherever the image keeps the ones that it came with.
      - {name: PROXY_CONFIG_CONFIG_DIR, value: {{ $folder }}}
    ports:
      - {name: tls, containerPort: 8443, protocol: TCP}
    {{- include "fate.tcpProbes" (dict "port" 8443) | nindent 4 }}
    volumeMounts:
      - {name: config, mountPath: {{ $folder }}, readOnly: true}
      - {name: certificates, mountPath: {{ include "exchange.trafficServer.certificates" .root }}, readOnly: true}
      - {name: run, mountPath: /run/fate}
volumes:
  - name: config
    projected:
      sources:
        - configMap: {name: traffic-server-config}
        - configMap: {name: traffic-server-sni}
  - name: certificates
    secret:
      secretName: {{ .values.tls.existingSecret | default "traffic-server-cert" | quote }}
      defaultMode: 0400
  - name: run
    emptyDir: {}
{{- end }}
