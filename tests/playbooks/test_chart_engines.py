"""Chart fate with every engine: the API server takes what it renders, and parties with all of them run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from support import ROOT, Federation, required

sys.path.append(str(ROOT))  # for the specs of the chart's own tests

from tests.unit.charts.kit import Helm, Spec, merged, party, pulsar_party, rabbitmq_party
from tests.unit.charts.test_engines import COMBINATIONS

SECURE: Spec = {"nginx": {"enableTLS": True}, "rabbitmq": {"enableTLS": True}}
PULSAR: Spec = {"pulsar": {"enableTLS": True, "publicLB": {"enabled": True}}}
SPECS: dict[str, Spec] = {
    **{name: entry[0] for name, entry in COMBINATIONS.items()},
    "rabbitmq-tls": merged(rabbitmq_party(persistence=True), SECURE),
    "pulsar-tls": merged(pulsar_party(persistence=True), PULSAR),
    "cards": party(algorithm="NN", device="GPU", persistence=True, osx={"enableTLS": True, "type": "LoadBalancer"}),
}
WORKLOADS = ("Deployment", "StatefulSet")


def pods_of(manifest: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The pods of a workload themselves: of a workload, the API server does not refuse what its pods may not do."""
    template = json.loads(json.dumps(manifest["spec"]["template"]))
    claims = manifest["spec"].get("volumeClaimTemplates", [])
    volumes = [{"name": claim["metadata"]["name"], "emptyDir": {}} for claim in claims]
    template["spec"]["volumes"] = [*template["spec"].get("volumes", []), *volumes]
    template["metadata"]["name"] = name
    yield {"apiVersion": "v1", "kind": "Pod", **template}


def accept(federation: Federation, level: str, objects: list[dict[str, Any]]) -> None:
    """Have the API server try objects in a namespace that enforces a Pod Security level."""
    namespace = f"{federation.prefix}-{level}"
    labels = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "warn")}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
    federation.kubectl("apply", "--filename", "-", stdin=json.dumps(space))
    for item in objects:
        item["metadata"]["namespace"] = namespace
    text = "\n---\n".join(json.dumps(item) for item in objects)
    done = federation.kubectl(
        "apply",
        "--server-side",
        "--force-conflicts",
        "--dry-run=server",
        "--output",
        "name",
        "--filename",
        "-",
        stdin=text,
    )
    assert len(done.splitlines()) == len(objects)


@pytest.mark.parametrize(
    ("level", "profile", "specs"),
    [
        ("baseline", "baseline", list(SPECS)),
        ("restricted", "restricted", ["eggroll-osx", "rabbitmq-tls", "pulsar-tls"]),
        ("restricted", "arbitrary", ["eggroll-osx", "rabbitmq-tls", "pulsar-tls"]),
    ],
)
def test_api_server_takes_every_object_and_pod(
    federation: Federation, level: str, profile: str, specs: list[str]
) -> None:
    helm = Helm(required("KUBEFATE_HELM3"))
    known = {name: {**SPECS[name], "securityProfile": profile} for name in specs}
    seen: dict[str, dict[str, Any]] = {}
    for name, manifests in zip(known, helm.render_all(list(known.values())), strict=True):
        for item in manifests.objects:
            seen[json.dumps(item, sort_keys=True)] = item
            if item["kind"] in WORKLOADS:
                for pod in pods_of(item, f"{name}-{item['metadata']['name']}"):
                    seen[json.dumps(pod["spec"], sort_keys=True)] = pod
    accept(federation, level, list(seen.values()))


SMALL = ["mysql", "python", "nginx"]
SPARK: Spec = {"computing": "Spark", "storage": "HDFS", "resourceProfile": "small"}
LOCAL: Spec = {"computing": "Spark_local", "storage": "LocalFS", "resourceProfile": "small"}


def peers(party_id: str, namespace: str) -> Spec:
    """What a party of RabbitMQ or Pulsar knows of another one in the same Kubernetes."""
    hosts = {"host": f"nginx.{namespace}.svc", "http_port": 9300, "grpc_port": 9310}
    return {
        "nginx": {"route_table": {party_id: {"fateflow": [hosts]}}},
        "rabbitmq": {"route_table": {party_id: {"host": f"rabbitmq.{namespace}.svc", "port": 5672}}},
        "pulsar": {"route_table": {party_id: {"host": f"pulsar.{namespace}.svc"}}},
    }


def test_parties_with_other_engines_run_and_stay_as_they_are(federation: Federation) -> None:
    brokers, topics = ["9999", "10000"], ["11", "12"]
    apart = [*product(brokers, [*topics, "13"]), *product(topics, ["13"])]
    federation.defaults = {
        "fate_chart_version": "2.0.0",
        "fate_routes": "spec",
        "fate_spec_defaults": {},
        "fate_links": [{"between": [f"party-{one}", f"party-{other}"], "via": "never"} for one, other in apart],
    }
    rabbitmq = {**SPARK, "federation": "RabbitMQ", "modules": [*SMALL, "spark", "hdfs", "rabbitmq"]}
    pulsar = {**LOCAL, "federation": "Pulsar", "modules": [*SMALL, "pulsar"]}
    alone = {"computing": "Standalone", "storage": "Standalone", "modules": ["osx", "mysql", "python"]}
    space = f"{federation.prefix}-{{}}"
    federation.add("9999", fate_spec=merged(rabbitmq, peers("10000", space.format("10000"))))
    federation.add("10000", fate_spec=merged(rabbitmq, peers("9999", space.format("9999"))))
    federation.add("11", fate_spec=merged(pulsar, peers("12", space.format("12"))))
    federation.add("12", fate_spec=merged(pulsar, peers("11", space.format("11"))))
    federation.add("13", fate_spec=alone)
    first = federation.play("deploy_fate")
    assert first.code == 0, first.failed()
    for module in ("rabbitmq", "spark-worker", "datanode", "namenode", "nginx", "pulsar", "osx"):
        assert f"{module} ok" in first.text
    secret = federation.one("secret", "fate-rabbitmq", "party-9999")
    assert set(secret["data"]) == {"username", "password"}
    assert federation.one("secret", "fate-rabbitmq", "party-10000")["data"]["password"] != secret["data"]["password"]
    assert federation.play("deploy_fate").changed() == 0

    more = {"route_table": {"77": {"host": "elsewhere.example.com", "port": 5672}}}
    federation.hosts["party-9999"]["fate_spec"] = merged(
        federation.hosts["party-9999"]["fate_spec"], {"rabbitmq": more}
    )
    planned = federation.play("deploy_fate", "--check", "--diff", "--limit", "party-9999")
    assert "rabbitmq-route-table" in planned.text and "restart " not in planned.text
