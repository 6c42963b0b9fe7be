# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes the chart of ``helm create`` one for a cluster.yaml: a values template, its example, a schema."""

from __future__ import annotations

import json

VALUES_TEMPLATE = """\
# From a cluster.yaml (the dot) to the values of this chart. What is left out here keeps its default of values.yaml.
replicaCount: {{ .replicas | default 1 }}

image:
  repository: {{ printf "%s%s" (.registry | default "") (.image | default "nginx") | quote }}
  tag: {{ .imageTag | default "" | quote }}
  pullPolicy: {{ .pullPolicy | default "IfNotPresent" }}

{{- with .imagePullSecrets }}
imagePullSecrets:
{{ toYaml . | indent 2 }}
{{- end }}

service:
  type: {{ .serviceType | default "ClusterIP" }}
  port: {{ .port | default 80 }}

# By these labels outside tools find the pods of a party and of a module.
podLabels:
  name: {{ .name | quote }}
  partyId: {{ .partyId | default "" | quote }}
  owner: kubefate
  fateMoudle: {{ .chartName | quote }}

{{- with .resources }}
resources:
{{ toYaml . | indent 2 }}
{{- end }}

{{- with .nodeSelector }}
nodeSelector:
{{ toYaml . | indent 2 }}
{{- end }}
"""

_EXAMPLE = """\
# A cluster.yaml with every key that this chart takes.
name: {name}
namespace: {name}
chartName: {name}
chartVersion: {version}
partyId: "9999"
# Put before the image: registry.example.com/
registry: ""
image: nginx
# The appVersion of Chart.yaml by default.
imageTag: ""
pullPolicy: IfNotPresent
imagePullSecrets:
  - name: registry-key
replicas: 1
serviceType: ClusterIP
port: 80
resources:
  requests: {{cpu: 100m, memory: 128Mi}}
nodeSelector: {{}}
"""


def example(name: str, version: str) -> str:
    return _EXAMPLE.format(name=name, version=version)


def spec_schema(name: str) -> str:
    """Which keys a cluster.yaml may have; a key that is not here is refused with the name of the nearest one."""
    text, mapping = {"type": ["string", "null"]}, {"type": ["object", "null"]}
    properties = {
        "name": {"type": "string", "description": "Name of the cluster."},
        "namespace": {**text, "description": "Its namespace; the name by default."},
        "chartName": {**text, "description": "Name of the chart."},
        "chartVersion": {**text, "description": "Version of the chart."},
        "partyId": {"type": ["string", "null"], "format": "party-id", "description": "Id of the party."},
        "registry": {**text, "description": "Put before the image, with its slash."},
        "image": text,
        "imageTag": text,
        "pullPolicy": {"type": ["string", "null"], "enum": ["Always", "IfNotPresent", "Never", None]},
        "imagePullSecrets": {
            "type": ["array", "null"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        },
        "replicas": {"type": ["integer", "null"], "minimum": 0},
        "serviceType": {"type": ["string", "null"], "enum": ["ClusterIP", "NodePort", "LoadBalancer", None]},
        "port": {"type": ["integer", "null"], "minimum": 1, "maximum": 65535},
        "resources": mapping,
        "nodeSelector": mapping,
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"cluster.yaml of chart {name}",
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": properties,
    }
    return json.dumps(schema, indent=2) + "\n"
