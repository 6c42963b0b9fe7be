# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cluster.yaml files for KubeFATE's chart fate v2.0.0: every key of theirs works, or it is said what replaces it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from .kit import Helm, Spec, merged, properties_of, spec_schema
from .test_spec import errors, kubefate_cluster

COMMON = ("nodeSelector", "tolerations", "affinity")
VOLUME = ("existingClaim", "storageClass", "accessMode", "size")
# Every key of KubeFATE's chart v2.0.0, by block; "" is the top.
KEYS: dict[str, tuple[str, ...]] = {
    "": (
        *("name", "namespace", "chartName", "chartVersion", "partyId", "registry", "pullPolicy", "imagePullSecrets"),
        *("persistence", "istio.enabled", "podSecurityPolicy", "ingressClassName", "modules", "computing"),
        *("federation", "storage", "algorithm", "device", "externalMysqlIp", "externalMysqlPort"),
        *("externalMysqlDatabase", "externalMysqlUser", "externalMysqlPassword", "servingIp", "servingPort", "serving"),
        *("skippedKeys", "lbrollsite"),
    ),
    **{
        f"ingress.{page}": ("annotations", "hosts", "tls")
        for page in ("fateboard", "client", "spark", "rabbitmq", "pulsar")
    },
    "osx": (
        *("image", "imageTag", "type", "nodePort", "loadBalancerIP", "enableTLS", "exchange.ip", "exchange.port"),
        *("partyList", "polling", "resources", *COMMON),
    ),
    "python": (
        *("image", "imageTag", "replicas", "type", "httpNodePort", "grpcNodePort", "loadBalancerIP", "logLevel"),
        *("serviceAccountName", "resources", *VOLUME, "claimName", "dependent_distribution"),
        *("failedTaskAutoRetryTimes", "failedTaskAutoRetryDelay", "clustermanager", "spark.master"),
        *("spark.driverHost", "spark.driverHostType", "spark.portMaxRetries", "spark.driverStartPort"),
        *("spark.blockManagerStartPort", "spark.pysparkPython", "spark.cores_per_node", "spark.nodes", "spark.home"),
        *(
            "hdfs.name_node",
            "hdfs.path_prefix",
            "pulsar.host",
            "pulsar.mng_port",
            "pulsar.port",
            "pulsar.topic_ttl",
            "pulsar.cluster",
        ),
        *("pulsar.tenant", "rabbitmq.host", "rabbitmq.mng_port", "rabbitmq.port", "rabbitmq.user"),
        *("rabbitmq.password", "nginx.host", "nginx.http_port", "nginx.grpc_port", "hive", *COMMON),
    ),
    "clustermanager": ("image", "imageTag", "mysqlServerTimezone", "resources", *COMMON),
    "nodemanager": (
        "image",
        "imageTag",
        "replicas",
        "sessionProcessorsPerNode",
        "subPath",
        *VOLUME,
        "resources",
        *COMMON,
    ),
    "client": ("image", "imageTag", "subPath", *VOLUME, "notebook_hashed_password", *COMMON),
    "mysql": ("image", "imageTag", "type", "ip", "port", "database", "user", "password", "subPath", *VOLUME, *COMMON),
    "fateboard": ("image", "imageTag", "type", "username", "password", *COMMON),
    "spark.master": ("image", "imageTag", "replicas", "resources", "type", "nodePort", *COMMON),
    "spark.worker": ("image", "imageTag", "replicas", "resources", "type", *COMMON),
    "hdfs": ("image", "imageTag"),
    "hdfs.namenode": ("type", "nodePort", *VOLUME, *COMMON),
    "hdfs.datanode": ("replicas", "type", *VOLUME, *COMMON),
    "nginx": (
        *("image", "imageTag", "type", "httpNodePort", "grpcNodePort", "loadBalancerIP", "exchange.ip"),
        *("exchange.httpPort", "exchange.grpcPort", "route_table", *COMMON),
    ),
    "rabbitmq": (
        *("image", "imageTag", "type", "nodePort", "loadBalancerIP", "default_user", "default_pass", "user"),
        *("password", "route_table", "resources", *COMMON),
    ),
    "pulsar": (
        *("image", "imageTag", "type", "httpNodePort", "httpsNodePort", "loadBalancerIP", "env"),
        *("confs.backlogQuotaDefaultLimitGB", "confs.brokerDeleteInactiveTopicsFrequencySeconds", "publicLB.enabled"),
        *("exchange.ip", "exchange.port", "exchange.domain", "route_table", *VOLUME, "resources", *COMMON),
    ),
}


def test_every_key_of_kubefates_chart_is_known() -> None:
    known = dict(properties_of(spec_schema()))
    missing = [
        path
        for block, keys in KEYS.items()
        for path in (f"{block}.{key}".lstrip(".") for key in keys)
        if path not in known
    ]
    assert missing == []


def test_part_of_a_block_leaves_the_rest_as_it_is(helm: Helm) -> None:
    spec = queue_cluster("Pulsar")
    spec["python"]["pulsar"] = {"topic_ttl": 5}
    conf = yaml.safe_load(helm.render(spec).data("python-config", "service_conf.yaml"))["federation"]["pulsar"]
    assert conf["topic_ttl"] == 5
    assert (conf["host"], conf["port"], conf["mng_port"], conf["tenant"]) == ("pulsar-inside", 6650, 8080, "fl-tenant")


def queue_cluster(federation: str, **changes: Any) -> Spec:
    """KubeFATE's sample cluster-spark-rabbitmq.yaml or cluster-spark-pulsar.yaml, as data."""
    block = federation.lower()
    spec: Spec = yaml.safe_load(Path(__file__).with_name("kubefate-spark.yaml").read_text(encoding="utf-8"))
    spec["federation"] = federation
    spec["modules"] = [*spec["modules"], block]
    return merged(spec, changes)


def as_the_collection_reads_it(spec: Spec) -> Spec:
    """Keys of tables and ids as text."""
    spec = copy.deepcopy(spec)
    spec["partyId"] = str(spec["partyId"])
    for block in ("nginx", "rabbitmq", "pulsar"):
        table = spec[block].get("route_table")
        if table:
            spec[block]["route_table"] = {str(key): value for key, value in table.items()}
    return spec


@pytest.mark.parametrize(
    ("federation", "changes", "workloads"),
    [
        ("RabbitMQ", {}, {"spark-master", "spark-worker", "namenode", "datanode", "nginx", "rabbitmq"}),
        ("Pulsar", {}, {"spark-master", "spark-worker", "namenode", "datanode", "nginx", "pulsar"}),
        (
            "Pulsar",
            {"computing": "Spark_local", "storage": "LocalFS", "modules": ["mysql", "python", "nginx", "pulsar"]},
            {"nginx", "pulsar"},
        ),
    ],
)
def test_samples_of_kubefate_for_spark_are_taken(
    helm: Helm, federation: str, changes: Spec, workloads: set[str]
) -> None:
    spec = as_the_collection_reads_it(queue_cluster(federation, **changes))
    assert errors(spec) == []
    manifests = helm.render(spec)
    assert workloads <= manifests.names("Deployment") | manifests.names("StatefulSet")
    assert manifests.container("python")["image"] == "harbor.example.com/federatedai/fateflow-spark:2.0.0-release"
    table = yaml.safe_load(manifests.data("nginx-route-table", "route_table.yaml"))
    assert table[10000]["fateflow"] == [{"host": "192.168.10.1", "http_port": 30103, "grpc_port": 30108}]
    block = federation.lower()
    routes = yaml.safe_load(manifests.data(f"{block}-route-table", f"{block}_route_table.yaml"))
    assert (routes["10000"]["host"], routes["10000"]["port"]) == ("192.168.10.1", 30104)
    assert routes["9999"]["host"] == f"{block}-inside", "its own, however the sample names it"


def test_sample_of_kubefate_for_eggroll_with_other_blocks_is_taken(helm: Helm) -> None:
    assert errors(kubefate_cluster()) == []
    assert {"osx", "clustermanager"} <= helm.render(kubefate_cluster()).names("Deployment")
