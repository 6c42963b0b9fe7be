# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts in the manner of KubeFATE's, of each type and line, with the habits of their values templates.

They are not KubeFATE's charts: what is alike is how a spec becomes values. Habits: membership tests on ``modules``,
``with`` over blocks that may be missing, defaults in the template, ``<no value>`` where a key is not given, ``toYaml``
with ``indent``, numbers that become text and numbers again, ranges over lists and maps, keys dropped on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OBJECTS = """\
{{- range $module, $given := .Values.modules }}
{{- if and (kindIs "map" $given) $given.include }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $module | lower }}
  labels: &labels
    fateMoudle: {{ $module }}
    name: {{ $.Values.partyName }}
    partyId: {{ $.Values.partyId | quote }}
    owner: kubefate
    cluster: {{ $.Chart.Name }}
spec:
  replicas: {{ $given.replicas | default 1 }}
  selector: {matchLabels: {fateMoudle: {{ $module }}}}
  template:
    metadata: {labels: *labels}
    spec: {containers: [{name: main, image: "example.test/{{ $module | lower }}:1"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ $module | lower }}-config"}
data: {settings: {{ omit $given "include" | toJson | quote }}}
{{- end }}
{{- end }}
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """meta: Chart.yaml. template: of the values. spec: a cluster.yaml as its users have it."""

    meta: str
    template: str
    spec: str
    values: str = "modules: {}\n"
    objects: str = OBJECTS

    def files(self) -> dict[str, str]:
        return {
            "Chart.yaml": self.meta,
            "values.yaml": self.values,
            "values-template.yaml": self.template,
            "templates/all.yaml": self.objects,
        }

    def write(self, folder: Path) -> Path:
        for name, text in self.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder


COMMON = """\
image:
  registry: {{ .registry | default "federatedai" }}
  isThridParty: {{ empty .registry | ternary "false" "true" }}
  pullPolicy: {{ .pullPolicy | default "IfNotPresent" }}
  {{- with .imagePullSecrets }}
  imagePullSecrets:
{{ toYaml . | indent 2 }}
  {{- end }}
partyId: {{ .partyId | int64 | toString }}
partyName: {{ .name }}
istio: {enabled: {{ ((.istio | default dict).enabled) | default false }}}
"""

FATE_1 = Shape(
    "apiVersion: v1\nname: fate\nversion: v1.11.2\nappVersion: v1.11.2\n",
    COMMON
    + """\
partyList:
{{- with .rollsite }}
{{- range .partyList }}
  - partyId: {{ .partyId }}
    partyIp: {{ .partyIp }}
    partyPort: {{ .partyPort }}
{{- end }}
{{- end }}
exchange:
{{- with .rollsite }}
{{- with .exchange }}
  partyIp: {{ .ip }}
  partyPort: {{ .port }}
{{- end }}
{{- end }}
persistence: {enabled: {{ .persistence | default "false" }}}
modules:
  rollsite:
    include: {{ has "rollsite" .modules }}
    {{- with .rollsite }}
    ip: rollsite
    type: {{ .type | default "ClusterIP" }}
    nodePort: {{ .nodePort }}
    loadBalancerIP: {{ .loadBalancerIP }}
    enableTLS: {{ .enableTLS | default false }}
    {{- with .polling }}
    polling:
      enabled: {{ .enabled }}
      type: {{ .type }}
      clientList:
{{ toYaml .clientList | indent 6 }}
      concurrency: {{ .concurrency | default 50 }}
    {{- end }}
    {{- end }}
  python:
    include: {{ has "python" .modules }}
    backend: {{ .backend | default "eggroll" }}
    {{- with .python }}
    resources:
{{ toYaml .resources | indent 6 }}
    {{- with .tolerations }}
    tolerations:
{{ toYaml . | indent 6 }}
    {{- end }}
    accessMode: {{ .accessMode | default "ReadWriteOnce" }}
    clustermanager: {cores_per_node: {{ (.clustermanager | default dict).cores_per_node | default 16 }}}
    {{- end }}
  lbrollsite:
    include: {{ has "lbrollsite" .modules }}
    {{- with .lbrollsite }}
    size: {{ .size | default "2M" }}
    {{- end }}
""",
    """\
name: fate-9999
namespace: fate-9999
chartName: fate
chartVersion: v1.11.2
partyId: 9999
registry: ""
imageTag: 1.11.2-release
pullPolicy:
imagePullSecrets:
- name: myregistrykey
persistence: false
istio:
  enabled: false
backend: eggroll
modules:
  - rollsite
  - python
rollsite:
  type: NodePort
  nodePort: 30691
  polling:
    enabled: true
    type: server
    clientList:
    - partID: 10000
  partyList:
  - partyId: 10000
    partyIp: 192.168.10.1
    partyPort: 30101
python:
  tolerations:
  - {key: fate, operator: Exists}
""",
)

FATE_2 = Shape(
    "apiVersion: v1\nname: fate\nversion: v2.0.0\nappVersion: v2.0.0\n",
    COMMON
    + """\
persistence:
  enabled: {{ .persistence | default "false" }}
computing: {{ .computing }}
federation: {{ .federation }}
storage: {{ .storage }}
algorithm: {{ .algorithm | default "Basic" }}
skippedKeys:
{{- range .skippedKeys }}
- {{ . }}
{{- end }}
ingress:
  fateboard:
    {{- with (.ingress | default dict).fateboard }}
    {{- with .annotations }}
    annotations:
{{ toYaml . | indent 6 }}
    {{- end }}
    hosts:
    {{- range .hosts }}
    - name: {{ .name }}
      path: {{ .path | default "/" }}
    {{- end }}
    {{- with .tls }}
    tls:
{{ toYaml . | indent 4 }}
    {{- end }}
    {{- end }}
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
    {{- end }}
  nodemanager:
    include: {{ has "nodemanager" .modules }}
    {{- with .nodemanager }}
    sessionProcessorsPerNode: {{ .sessionProcessorsPerNode }}
    replicas: {{ .replicas | default 2 }}
    subPath: {{ .subPath | quote }}
    storageClass: {{ .storageClass | default "nodemanager" }}
    {{- end }}
  pulsar:
    include: {{ has "pulsar" .modules }}
    {{- with .pulsar }}
    size: {{ .size | default "1Gi" }}
    {{- with .env }}
    env:
{{ toYaml . | indent 4 }}
    {{- end }}
    {{- with .route_table }}
    route_table:
    {{- range $key, $val := . }}
      {{ $key }}:
{{ toYaml $val | indent 8 }}
    {{- end }}
    {{- end }}
    {{- end }}
externalMysqlIp: {{ .externalMysqlIp }}
externalMysqlPort: {{ .externalMysqlPort | default 3306 }}
""",
    """\
name: fate-10000
namespace: fate-10000
chartName: fate
chartVersion: v2.0.0
partyId: 10000
registry: "registry.example.com/"
persistence: true
modules: [osx, nodemanager, pulsar]
computing: Spark
federation: Pulsar
storage: HDFS
skippedKeys: [route_table]
ingress:
  fateboard:
    annotations:
      nginx.ingress.kubernetes.io/proxy-body-size: "0"
    hosts:
    - name: party10000.fateboard.example.com
osx:
  type: NodePort
  nodePort: 30691
  partyList:
  - partyId: 9999
    partyIp: 192.168.9.1
    partyPort: 30691
nodemanager:
  sessionProcessorsPerNode: 4
pulsar:
  env:
    - {name: PULSAR_MEM, value: "-Xms1g -Xmx2g"}
  route_table:
    9999: {host: 192.168.9.1, port: 30094, sslPort: 30099}
    10001: {host: pulsar.example.com, port: 6650}
""",
)

SERVING = Shape(
    "apiVersion: v1\nname: fate-serving\nversion: v2.1.6\nappVersion: v2.1.6\n",
    COMMON
    + """\
ingressClassName: {{ .ingressClassName | default "nginx" }}
modules:
  servingProxy:
    include: {{ has "servingProxy" .modules }}
    {{- with .servingProxy }}
    type: {{ .type }}
    nodePort: {{ .nodePort }}
    partyList:
    {{- range .partyList }}
    - partyId: {{ .partyId }}
      partyIp: {{ .partyIp }}
      partyPort: {{ .partyPort }}
    {{- end }}
    {{- with .exchange }}
    exchange:
      partyIp: {{ .ip }}
      partyPort: {{ .port }}
    {{- end }}
    {{- end }}
  servingServer:
    include: {{ has "servingServer" .modules }}
    {{- with .servingServer }}
    fateflow:
      ip: {{ .fateflow.ip }}
      port: {{ .fateflow.port }}
    cacheSwitch: {{ .cacheType | default true }}
    singleAdaptor: {{ .singleAdaptor | default "com.example.MockAdapter" }}
    {{- end }}
  servingRedis:
    include: {{ has "servingRedis" .modules }}
    {{- with .servingRedis }}
    password: {{ .password | default "fate_dev" }}
    storageClass: {{ .storageClass | default "serving-redis" }}
    {{- end }}
externalRedisIp: {{ .externalRedisIp }}
""",
    """\
name: fate-serving-9999
namespace: fate-serving-9999
chartName: fate-serving
chartVersion: v2.1.6
partyId: 9999
registry: ""
modules:
  - servingProxy
  - servingRedis
  - servingServer
servingProxy:
  nodePort: 30096
  type: NodePort
  partyList:
  - partyId: 10000
    partyIp: 192.168.10.1
    partyPort: 30096
servingServer:
  type: NodePort
  nodePort: 30095
  fateflow:
    ip: 192.168.9.1
    port: 30097
servingRedis:
  password: fate_dev
""",
)

EXCHANGE = Shape(
    "apiVersion: v1\nname: fate-exchange\nversion: v1.11.2\nappVersion: v1.11.2\n",
    """\
partyId: {{ .partyId }}
partyName: {{ .name }}
image: {registry: {{ .registry | default "federatedai" }}}
modules:
  rollsite:
    include: {{ has "rollsite" .modules }}
    {{- with .rollsite }}
    nodePort: {{ .nodePort | default 30001 }}
    partyList:
{{ toYaml .partyList | indent 4 }}
    {{- end }}
  nginx:
    include: {{ has "nginx" .modules }}
    {{- with .nginx }}
    httpNodePort: {{ .httpNodePort }}
    route_table:
    {{- range $key, $val := .route_table }}
      {{ $key }}:
      {{- range $side, $entries := $val }}
        {{ $side }}:
{{ toYaml $entries | indent 8 }}
      {{- end }}
    {{- end }}
    {{- end }}
  trafficServer:
    include: {{ has "trafficServer" .modules }}
    {{- with .trafficServer }}
    nodePort: {{ .nodePort }}
    route_table:
      sni:
      {{- range .route_table.sni }}
      - fqdn: {{ .fqdn }}
        tunnelRoute: {{ .tunnelRoute }}
      {{- end }}
    {{- end }}
""",
    """\
name: fate-exchange
namespace: fate-exchange
chartName: fate-exchange
chartVersion: v1.11.2
partyId: 1
registry: ""
modules: [rollsite, nginx, trafficServer]
rollsite:
  partyList:
  - partyId: 9999
    partyIp: 192.168.9.1
    partyPort: 30091
nginx:
  httpNodePort: 30003
  route_table:
    9999:
      proxy:
      - {host: 192.168.9.1, http_port: 30093, grpc_port: 30098}
      fateflow:
      - {host: 192.168.9.1, http_port: 30097, grpc_port: 30092}
trafficServer:
  nodePort: 30007
  route_table:
    sni:
    - fqdn: 9999.fate.org
      tunnelRoute: 192.168.9.1:30109
""",
)

UPGRADE_MANAGER = Shape(
    "apiVersion: v2\nname: fate-upgrade-manager\nversion: v1.0.0\nappVersion: v1.0.0\n",
    'username: {{ .username | default "fate" }}\npassword: {{ .password | default "fate_dev" }}\n'
    "start: {{ .start }}\ntarget: {{ .target }}\n",
    """\
name: fate-upgrade-manager
namespace: fate-9999
chartName: fate-upgrade-manager
chartVersion: v1.0.0
username: fate
start: 1.9.0
target: 1.11.2
""",
    "username: fate\npassword: fate_dev\nstart: v1.11.2\ntarget: v1.11.2\n",
    """\
apiVersion: batch/v1
kind: Job
metadata: {name: fate-mysql-upgrade-job, labels: {fateMoudle: upgrade, cluster: fate-upgrade-manager}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          image: example.test/fate-upgrade-manager:1
          args: ["{{ .Values.username }}", "{{ .Values.start }}", "{{ .Values.target }}"]
""",
)

FEDML = Shape(
    "apiVersion: v2\nname: fedml\nversion: 0.3.1\nappVersion: 0.3.1\n",
    """\
partyName: {{ .name }}
partyId: {{ .partyId | default 0 }}
{{- $run := .run | default dict }}
run:
  id: {{ $run.id }}
  account: {{ $run.account | quote }}
  rounds: {{ $run.rounds | default 10 }}
  rate: {{ $run.rate | default 0.03 }}
modules:
  server: {include: {{ eq .role "server" }}}
  client:
    include: {{ eq .role "client" }}
    replicas: {{ (.client | default dict).replicas | default 1 }}
    {{- with (.client | default dict).nodeSelector }}
    nodeSelector: {{ toYaml . | nindent 6 }}
    {{- end }}
""",
    """\
name: fedml-client
namespace: fedml-client
chartName: fedml
chartVersion: 0.3.1
role: client
run:
  id: 1234567
  account: 00123
  rate: 1e-3
client:
  replicas: 2
  nodeSelector:
    "some.test/gpu": "true"
""",
)

SHAPES: Mapping[str, Shape] = {
    "fate-1.x": FATE_1,
    "fate-2.x": FATE_2,
    "fate-serving": SERVING,
    "fate-exchange": EXCHANGE,
    "upgrade-manager": UPGRADE_MANAGER,
    "fedml": FEDML,
}
