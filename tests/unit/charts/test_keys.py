# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key of a cluster.yaml does something, or is marked as one that does nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .kit import (
    ALL_MODULES,
    CHART,
    Helm,
    Spec,
    merged,
    party,
    properties_of,
    pulsar_party,
    rabbitmq_party,
    spec_schema,
)
from .test_spec import errors

# Keys that say which chart and release this is, not what is in it, and those that only go with others.
NOT_IN_MANIFESTS = {"namespace", "chartName", "computing", "federation", "storage"}
# Keys that go into a Secret, as do all that are marked as secrets.
INTO_SECRETS = {
    *("mysql.user", "fateboard.username", "externalMysqlUser", "rabbitmq.user", "rabbitmq.default_user"),
    "python.rabbitmq.user",
}
QUEUES = ("nginx", "rabbitmq", "spark", "hdfs", "python.spark", "python.nginx", "python.rabbitmq", "python.hdfs")
CLAIM: Spec = {"persistence": True, "nodemanager": {"replicas": 1}, "python": {"replicas": 1}}
EXTERNAL: Spec = {
    "modules": [name for name in ALL_MODULES if name != "mysql"],
    "externalMysqlIp": "db.example.com",
}
PEER = {"partyId": "10000", "partyIp": "peer", "partyPort": 30101}
OF_NAME: dict[str, Any] = {
    "resources": {"limits": {"cpu": "7"}},
    "requests": {"cpu": "7"},
    "limits": {"cpu": "7"},
    "claims": [{"name": "gpu"}],
    "tolerations": [{"key": "x"}],
    "affinity": {"podAffinity": {}},
    "topologySpreadConstraints": [{"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
    "extraEnv": [{"name": "X", "value": "y"}],
    "extraVolumes": [{"name": "v", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "v", "mountPath": "/v"}],
    "extraContainers": [{"name": "c", "image": "i"}],
    "extraInitContainers": [{"name": "c", "image": "i"}],
    "extraIngress": [{"ports": [{"port": 1}]}],
    "extraEgress": [{"ports": [{"port": 1}]}],
    "podSecurityContext": {"fsGroup": 7},
    "securityContext": {"privileged": False},
    "annotations": {"x": "y"},
    "hosts": [{"name": "h.example.com"}],
    "tls": [{"secretName": "t"}],
    "imagePullSecrets": [{"name": "s"}],
    "jvmHeap": "300Mi",
    "jvmDirect": "200Mi",
    "size": "9Gi",
    "imageTag": "changed",
    "image": "changed/image",
    "logLevel": "DEBUG",
    "type": "NodePort",
    "algorithm": "NN",
    "device": "IPCL",
    "fateVersion": "2.2.0",
    "partyId": "7777",
    "mysqlServerTimezone": "GMT+8",
    "chartVersion": "v2.0.0",
    "imageSuffix": "-own",
    "replicas": 5,
    "master": "spark://elsewhere:7077",
    "name_node": "hdfs://elsewhere:8020",
    "env": [{"name": "X", "value": "y"}],
    "pages": [{"podSelector": {}}],
    "parties": ["10.0.0.0/8"],
    "apiServer": ["10.0.0.1/32"],
    "memory": "3Gi",
    "mode": "queue",
    "proxy": "osx",
    "securityProfile": "restricted",
    "resourceProfile": "small",
}
OF_PATH: dict[str, Any] = {
    "modules": ["osx"],
    "osx.partyList": [PEER],
    "gpu.modules": ["nodemanager"],
    "nginx.route_table": {"10000": {"fateflow": [{"host": "other", "http_port": 1, "grpc_port": 2}]}},
    "rabbitmq.route_table": {"10000": {"host": "other", "port": 1}},
    "pulsar.route_table": {"10000": {"host": "other"}},
}


def is_shared(path: str) -> bool:
    """Whether a key is one that modules have in common; those are looked at in one module only."""
    module = path.rpartition(".")[0]
    shared = spec_schema()["$defs"]
    return (
        bool(module) and any(part in shared for part in path.split(".")[1:]) and not path.startswith(("osx.", "pods."))
    )


def context_of(path: str) -> Spec:
    """What else must be said for a key to matter."""
    block, _rest, key = path.rpartition(".")
    spec = party()
    if path.startswith(QUEUES) or path in ("python.proxy", "ingress.rabbitmq", "ingress.spark"):
        spec = rabbitmq_party()
    if path.startswith(("ingress.rabbitmq", "ingress.spark")):
        spec = merged(rabbitmq_party(), {"ingress": {"spark": {"hosts": [{"name": "spark.example.com"}]}}})
    if path.startswith(("pulsar", "python.pulsar", "ingress.pulsar")):
        spec = merged(pulsar_party(), {"ingress": {"pulsar": {"hosts": [{"name": "pulsar.example.com"}]}}})
    if path in ("python.proxy",):
        spec = merged(spec, {"modules": [*spec["modules"], "osx"]})
    if path == "python.cores":
        spec = party(modules=["osx", "mysql", "python"], computing="Standalone", storage="Standalone")
    if path.startswith("gpu."):
        spec = party(algorithm="NN", device="GPU")
    if key in ("existingClaim", "storageClass", "accessMode", "size"):
        spec = merged(spec, {**CLAIM, "osx": {"persistence": True}})
    if key.endswith(("nodePort", "NodePort")):
        spec = merged(spec, nested(block, {"type": "NodePort"}))
    if key == "loadBalancerIP":
        spec = merged(spec, nested(block, {"type": "LoadBalancer"}))
    if ".tls." in path or path.endswith("tls.existingSecret"):
        spec = merged(spec, nested(path.split(".")[0], {"enableTLS": True}))
    if path.startswith("osx.exchange."):
        spec = merged(spec, {"osx": {"enableTLS": True, "exchange": {"ip": "exchange", "port": 30000}}})
    if path.startswith("nginx.exchange."):
        spec = merged(spec, {"nginx": {"enableTLS": True, "exchange": {"ip": "hub", "httpPort": 1, "grpcPort": 2}}})
    if path.startswith("pulsar.exchange."):
        spec = merged(spec, {"pulsar": {"exchange": {"ip": "hub", "port": 1}}})
    if path.startswith("osx.partyList[]"):
        spec = merged(spec, {"osx": {"enableTLS": True, "partyList": [copy.deepcopy(PEER)]}})
    if path.startswith("externalMysql"):
        spec = merged(spec, copy.deepcopy(EXTERNAL))
    if path == "python.rabbitmq.existingSecret":
        modules = [name for name in spec["modules"] if name != "rabbitmq"]
        spec = merged(spec, {"modules": modules, "python": {"rabbitmq": {"host": "mq"}}})
    if path.startswith(("python.spark.cores_per_node", "python.spark.nodes")):
        spec = merged(spec, {"python": {"spark": {"cores_per_node": 3, "nodes": 5}}})
    if path.startswith(("python.spark.driver", "python.spark.port", "python.spark.block")):
        spark = {"driverHost": "flow.example.com", "driverStartPort": 31000, "portMaxRetries": 2}
        spec = merged(spec, {"python": {"spark": spark}})
    if path == "servingPort":
        spec = merged(spec, {"servingIp": "serving"})
    if path == "chartVersion":
        spec = merged(spec, {"fateVersion": None, "modules": ["osx"]})
    if path == "fateVersion":
        spec = merged(spec, {"modules": ["osx"]})
    return spec


def nested(path: str, value: Any) -> Spec:
    for part in reversed(path.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def changed(path: str, schema: dict[str, Any], before: Spec) -> Any:
    """A value that the key does not have otherwise."""
    name = path.rsplit(".", 1)[-1]
    if path in OF_PATH:
        return OF_PATH[path]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "properties" in schema and name not in ("resources",):
        return None
    if name in OF_NAME and not (name in ("hosts", "tls", "modules") and "array" not in kinds):
        return OF_NAME[name]
    if "boolean" in kinds:
        if name == "enabled" and path.startswith("ingress."):
            return False
        return name != "useSSL" and not schema.get("default", False)
    if "integer" in kinds:
        return 31234 if schema.get("maximum") == 65535 else max(6, 2 * schema.get("minimum", 0))
    if "enum" in schema:
        return next(item for item in schema["enum"] if item not in (None, schema.get("default")))
    if "object" in kinds:
        return {"x": "y"}
    if "array" in kinds:
        return None
    return "/changed" if name == "path" else "changed"


def with_value(spec: Spec, path: str, value: Any) -> Spec:
    spec = copy.deepcopy(spec)
    node: Any = spec
    parts = path.split(".")
    for part in parts[:-1]:
        if part.endswith("[]"):
            node = node.setdefault(part[:-2], [{}])[0]
        else:
            node[part] = node.get(part) or {}
            node = node[part]
    node[parts[-1]] = value
    return spec


def cases() -> Iterator[tuple[str, Spec, Spec]]:
    """For each key a spec without it and one with it."""
    for path, schema in properties_of(spec_schema()):
        quiet = "x-ignored" in schema or schema.get("x-secret") or path in NOT_IN_MANIFESTS | INTO_SECRETS
        detail = any(part in path for part in ("extraEnv[].", "env[].", ".hosts[]", ".tls[]", "imagePullSecrets[]"))
        if quiet or detail or is_shared(path) or "type" not in schema:
            continue
        before = context_of(path)
        value = changed(path, schema, before)
        if value is not None:
            yield path, before, with_value(before, path, value)


def test_every_key_that_is_not_marked_as_ignored_changes_the_manifests(helm3: Helm) -> None:
    pairs = list(cases())
    assert len(pairs) > 160
    for path, _before, after in pairs:
        assert errors(after) == [], path
    assert without_effect(helm3, pairs) == []


def without_effect(helm: Helm, pairs: Sequence[tuple[str, Spec, Spec]], chart: Path = CHART) -> list[str]:
    """Keys of which the manifests say nothing."""
    texts = [(json.dumps(before), json.dumps(after)) for _path, before, after in pairs]
    specs = sorted({text for pair in texts for text in pair})
    made = dict(zip(specs, helm.render_all([json.loads(text) for text in specs], chart), strict=True))
    return [path for (path, *_rest), (before, after) in zip(pairs, texts, strict=True) if made[before] == made[after]]


def test_ignored_keys_change_nothing(helm3: Helm) -> None:
    spec = party()
    for path, schema in properties_of(spec_schema()):
        if "x-ignored" in schema:
            spec = with_value(spec, path, {"ignored": 1})
    assert errors(spec) == []
    first, second = helm3.values_of([spec, party()])
    assert pruned(first) == pruned(second)


def pruned(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    kept = {key: pruned(value) for key, value in node.items()}
    return {key: value for key, value in kept.items() if value != {}}
