"""A chart in the manner of KubeFATE's: its labels, its kind of values template, passwords in values, no schema."""

from __future__ import annotations

from pathlib import Path

CHART = """\
apiVersion: v1
name: fate
description: In the manner of KubeFATE's chart
version: v2.0.0
appVersion: v2.0.0
"""

VALUES = """\
# Defaults, which the comments of this file explain.
image: {registry: "", isThridParty: false, pullPolicy: IfNotPresent, imagePullSecrets: []}
partyId: 9999
partyName: fate-9999
computing: Eggroll
device: IPCL
persistence: {enabled: false}
modules:
  osx: {include: true, type: NodePort, nodePort: 30091, partyList: []}
  mysql: {include: true, user: fate, password: fate_dev, storageClass: null, size: 1Gi}
  nodemanager: {include: true, replicas: 2, resources: {requests: {cpu: 1}}}
  nginx: {include: false, route_table: {}}
"""

TEMPLATE = """\
image:
  registry: {{ .registry | default "" }}
  isThridParty: {{ empty .registry | ternary "false" "true" }}
  pullPolicy: {{ .pullPolicy | default "IfNotPresent" }}
  {{- with .imagePullSecrets }}
  imagePullSecrets:
{{ toYaml . | indent 4 }}
  {{- end }}

partyId: {{ .partyId | int64 | toString }}
partyName: {{ .name }}
computing: {{ .computing }}
device: {{ .device }}

persistence:
  enabled: {{ .persistence | default "false" }}

modules:
  osx:
    include: {{ has "osx" .modules }}
    {{- with .osx }}
    type: {{ .type | default "ClusterIP" }}
    nodePort: {{ .nodePort }}
    partyList:
    {{- range .partyList }}
      - partyId: {{ .partyId }}
        partyIp: {{ .partyIp }}
        partyPort: {{ .partyPort }}
    {{- end }}
    {{- with .nodeSelector }}
    nodeSelector:
{{ toYaml . | indent 6 }}
    {{- end }}
    {{- end }}
  mysql:
    include: {{ has "mysql" .modules }}
    {{- with .mysql }}
    user: {{ .user | default "fate" }}
    password: {{ .password | default "fate_dev" }}
    storageClass: {{ .storageClass }}
    size: {{ .size | default "1Gi" }}
    {{- end }}
  nodemanager:
    include: {{ has "nodemanager" .modules }}
    {{- with .nodemanager }}
    replicas: {{ .replicas | default 2 }}
    {{- with .resources }}
    resources:
{{ toYaml . | indent 6 }}
    {{- end }}
    {{- end }}
  nginx:
    include: {{ has "nginx" .modules }}
    {{- with .nginx }}
    route_table:
    {{- range $party, $routes := .route_table }}
      {{ $party }}:
{{ toYaml $routes | indent 8 }}
    {{- end }}
    {{- end }}
"""

EXAMPLE = """\
name: fate-9999
namespace: fate-9999
chartName: fate
chartVersion: v2.0.0
partyId: 9999
registry: ""
pullPolicy:
imagePullSecrets:
- name: myregistrykey
persistence: false
modules:
  - osx
  - mysql
  - nodemanager
  # - nginx
computing: Eggroll
device: CPU
# osx:
  # type: NodePort
  # nodePort: 30091
  # partyList:
  # - partyId: 10000
    # partyIp: 192.168.10.1
    # partyPort: 30101
# mysql:
  # password: fate_dev
"""

OBJECTS = """\
{{- $labels := dict "name" .Values.partyName "partyId" (toString .Values.partyId) "owner" "kubefate" "cluster" "fate" }}
{{- $marks := dict "chart" .Chart.Name "heritage" .Release.Service "release" .Release.Name }}
{{- range $module, $values := .Values.modules }}
{{- if $values.include }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $module }}
  labels: {{ merge (dict "fateMoudle" $module) $labels $marks | toJson }}
spec:
  replicas: {{ $values.replicas | default 1 }}
  selector:
    matchLabels: {{ merge (dict "fateMoudle" $module) $labels | toJson }}
  template:
    metadata:
      labels: {{ merge (dict "fateMoudle" $module) $labels $marks | toJson }}
    spec:
      nodeSelector: {{ $values.nodeSelector | default dict | toJson }}
      containers:
        - name: {{ $module }}
          image: {{ $.Values.image.registry }}federatedai/{{ $module }}:2.0.0-release
          imagePullPolicy: {{ $.Values.image.pullPolicy }}
          resources: {{ $values.resources | default dict | toJson }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $module }}-config
  labels: {{ merge (dict "fateMoudle" $module) $labels $marks | toJson }}
data:
  party: {{ $.Values.partyId | toString | quote }}
  settings: {{ omit $values "include" "unused" | toJson | quote }}
{{- end }}
{{- end }}
"""

SPEC = """\
# A user's cluster.yaml.
name: {name}
namespace: {namespace}
chartName: fate
chartVersion: v2.0.0
partyId: 9999
registry: "registry.example.com/"
persistence: true
modules:
  - osx
  - mysql
  - nodemanager
computing: Eggroll
device: CPU
osx:
  type: NodePort
  nodePort: 30691
  partyList:
    - partyId: 20000
      partyIp: 192.168.20.1
      partyPort: 30201
    - partyId: 10000
      partyIp: 192.168.10.1
      partyPort: 30101
mysql:
  password: {password}
nodemanager:
  replicas: 3
"""


def write_chart(folder: Path) -> Path:
    """The chart as a folder."""
    for name, text in (
        ("Chart.yaml", CHART),
        ("values.yaml", VALUES),
        ("values-template.yaml", TEMPLATE),
        ("values-template-example.yaml", EXAMPLE),
        ("templates/all.yaml", OBJECTS),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
