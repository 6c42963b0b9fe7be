# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Combinations of engines, as parties that charts/fate renders: each has a row, and every check takes the rows that it
is about."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from .kit import CHART, Helm, Manifests, Spec, party

ENGINES = ("computing", "federation", "storage")
# What cluster.yaml calls an engine, where FATE-Flow has another word for it.
WORDS = {"spark_local": "spark", "localfs": "file"}


@dataclass(frozen=True, slots=True)
class Combination:
    """One row.

    :param spec: what differs from the usual cluster.yaml of the tests of charts.
    :param federation: what FATE-Flow's parsers make of the federation: kind, and key and content of its configuration.
    """

    name: str
    spec: dict[str, Any]
    federation: tuple[str, str, dict[str, Any]] = ("", "", {})
    chart: str = "fate"

    @property
    def cluster(self) -> Spec:
        """The whole cluster.yaml."""
        return party(**self.spec) if self.chart == "fate" else self.spec

    def render(self, helm: Helm) -> Manifests:
        return helm.render(self.cluster, CHART.parent / self.chart)

    def has(self, module: str) -> bool:
        return module in self.spec["modules"]

    def known(self) -> bool:
        """Whether the chart is there and has its engines."""
        path = CHART.parent / self.chart / "spec.schema.json"
        if not path.exists():
            return False
        known = json.loads(path.read_text(encoding="utf-8"))["properties"]
        return all(self.spec[key] in known[key]["enum"] for key in ENGINES if key in self.spec)

    @property
    def engines(self) -> tuple[str, str, str]:
        """Computing, federation and storage as FATE-Flow calls them."""
        words = [str(self.spec[key]).lower() for key in ("computing", "federation", "storage")]
        computing, federation, storage = (WORDS.get(word, word) for word in words)
        return computing, federation, storage

    @property
    def database(self) -> str:
        """A name for a database of its own."""
        return re.sub(r"\W", "_", self.name)


PEER = {"partyId": "10000", "partyIp": "192.168.10.1", "partyPort": 30101}
EGGROLL: dict[str, Any] = {
    "modules": ["osx", "clustermanager", "nodemanager", "mysql", "python", "fateboard"],
    "computing": "Eggroll",
    "federation": "OSX",
    "storage": "Eggroll",
    "osx": {"partyList": [PEER]},
}


def stream(host: str) -> tuple[str, str, dict[str, Any]]:
    """OSX in mode stream, which FATE-Flow treats as a rollsite."""
    return "rollsite", "rollsite_config", {"host": host, "port": 9370}


def queue(host: str) -> tuple[str, str, dict[str, Any]]:
    """OSX in mode queue."""
    return "osx", "osx_config", {"host": host, "port": 9370}


def spark(federation: str, **more: Any) -> dict[str, Any]:
    """A party with Spark, HDFS, nginx and a queue of its own."""
    queues = federation.lower()
    return {
        "modules": ["nginx", queues, "spark", "hdfs", "mysql", "python", "fateboard"],
        "computing": "Spark",
        "federation": federation,
        "storage": "HDFS",
        **more,
    }


def slim(federation: str, modules: list[str], **more: Any) -> dict[str, Any]:
    """A party that computes in FATE-Flow's own pod."""
    return {
        "modules": [*modules, "mysql", "python", "fateboard"],
        "computing": "Spark_local",
        "federation": federation,
        "storage": "LocalFS",
        **more,
    }


HOST, NODE = "192.168.10.1", "192.168.9.1"
NGINX_ROUTES = {"10000": {"fateflow": [{"host": HOST, "http_port": 30103, "grpc_port": 30108}]}}
RABBITMQ_ROUTES = {"10000": {"host": HOST, "port": 30104}}
PULSAR_ROUTES = {"10000": {"host": HOST, "port": 30104, "sslPort": 30109, "proxy": ""}}
WITH_RABBITMQ: dict[str, Any] = {
    "nginx": {"route_table": NGINX_ROUTES},
    "rabbitmq": {"route_table": RABBITMQ_ROUTES},
}
WITH_PULSAR: dict[str, Any] = {"nginx": {"route_table": NGINX_ROUTES}, "pulsar": {"route_table": PULSAR_ROUTES}}
RABBITMQ_TLS = {name: {"enableTLS": True, **block} for name, block in WITH_RABBITMQ.items()}
RABBITMQ = ("rabbitmq", "rabbitmq_config", {"host": "rabbitmq-inside", "port": 5672, "mng_port": 15672})
PULSAR = ("pulsar", "pulsar_config", {"host": "pulsar-inside", "port": 6650, "mng_port": 8080})
# No source names images with Spark of this version: the chart asks for the user's own.
OWN_IMAGE = {"image": "example/fate", "imageTag": "1"}
OF_2_2_0: dict[str, Any] = {
    "fateVersion": "2.2.0",
    "python": {**OWN_IMAGE, "imageSuffix": ""},
    "spark": {"master": OWN_IMAGE, "worker": OWN_IMAGE},
    "nginx": {"route_table": NGINX_ROUTES, **OWN_IMAGE},
}
STANDALONE = {"modules": ["osx", "mysql", "python", "fateboard"], "computing": "Standalone", "storage": "Standalone"}

SERVING: dict[str, Any] = {
    "name": "fate-serving-9999",
    "partyId": "9999",
    "modules": ["servingServer", "servingProxy", "servingAdmin", "servingRedis", "servingZookeeper"],
}
SERVING_ROUTES = {
    "partyList": [{"partyId": "10000", "partyIp": HOST, "partyPort": 30106}],
    "exchange": {"ip": "192.168.0.1", "port": 30100},
}
EXCHANGE: dict[str, Any] = {
    "name": "fate-exchange",
    "fateVersion": "2.0.0",
    "modules": ["osx", "nginx", "trafficServer"],
    "osx": {"partyList": [PEER, {"partyId": "9999", "partyIp": NODE, "partyPort": 30091}]},
    "nginx": {"route_table": NGINX_ROUTES},
    "trafficServer": {"route_table": {"sni": [{"fqdn": "10000.fate.org", "tunnelRoute": f"{HOST}:30109"}]}},
}

ROWS = [
    Combination("eggroll-osx", EGGROLL, stream("osx")),
    Combination("eggroll-osx-2.2.0", {**EGGROLL, "fateVersion": "2.2.0"}, stream("osx")),
    Combination("eggroll-osx-tls", {**EGGROLL, "osx": {"enableTLS": True, "partyList": [PEER]}}, stream("osx-inside")),
    Combination("spark-rabbitmq-hdfs", spark("RabbitMQ", **WITH_RABBITMQ), RABBITMQ),
    Combination("spark-rabbitmq-hdfs-2.2.0", spark("RabbitMQ", **{**WITH_RABBITMQ, **OF_2_2_0}), RABBITMQ),
    Combination("spark-rabbitmq-tls", spark("RabbitMQ", **RABBITMQ_TLS), RABBITMQ),
    Combination("spark-pulsar-hdfs", spark("Pulsar", **WITH_PULSAR), PULSAR),
    Combination(
        "spark-osx-hdfs",
        {
            "modules": ["osx", "spark", "hdfs", "mysql", "python", "fateboard"],
            "computing": "Spark",
            "federation": "OSX",
            "storage": "HDFS",
            "osx": {"partyList": [PEER]},
        },
        queue("osx"),
    ),
    Combination("local-rabbitmq", slim("RabbitMQ", ["nginx", "rabbitmq"], **WITH_RABBITMQ), RABBITMQ),
    Combination("local-pulsar", slim("Pulsar", ["nginx", "pulsar"], **WITH_PULSAR), PULSAR),
    Combination("local-osx", slim("OSX", ["osx"], osx={"partyList": [PEER]}), queue("osx")),
    Combination("standalone-osx", {**STANDALONE, "federation": "OSX", "osx": {"partyList": [PEER]}}, queue("osx")),
    Combination(
        "alone",
        {
            "modules": ["mysql", "python"],
            "computing": "Standalone",
            "federation": "Standalone",
            "storage": "Standalone",
        },
        ("standalone", "parties", {}),
    ),
    Combination("serving", {**SERVING, "servingProxy": SERVING_ROUTES}, chart="fate-serving"),
    Combination(
        "serving-cached",
        {**SERVING, "servingServer": {"cacheType": "redis", "cacheSwitch": True}, "servingProxy": SERVING_ROUTES},
        chart="fate-serving",
    ),
    Combination("exchange", EXCHANGE, chart="fate-exchange"),
]
COMBINATIONS = [row for row in ROWS if row.known()]
PARTIES = [row for row in COMBINATIONS if row.chart == "fate"]
