# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How FATE's proxies find each other, as data: which there are, where others reach them, and which keys of a
cluster.yaml hold their tables.

Source: KubeFATE's cluster.yaml for charts fate v1.11 and v2.0.0, fate-exchange v1.11.2 and fate-serving v2.1.6; FATE
2.x java/osx and c/proxy; FATE-Flow 2.x entity/spec/dag/_federation.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Port:
    """A port that others reach.

    name: what route tables and ``fate_advertise`` call it. number: of the Service. tls: of the Service where the proxy
    speaks TLS, if that is another one. node_port: path of the node port in a spec.
    """

    name: str
    number: int
    node_port: str
    tls: int = 0


@dataclass(frozen=True, slots=True)
class Proxy:
    """A program with a route table.

    block: its block in a spec, with the keys type, loadBalancerIP and enableTLS. service: name of the Service that
    others reach. ports: the first is the one that a single number means. shape: how its table is written in a spec.
    table: path of the table, default: path of the way to everybody else; empty where there is none. relay: the proxy of
    an exchange that passes its traffic on; empty where no exchange can.
    """

    name: str
    block: str
    service: str
    ports: tuple[Port, ...]
    shape: str
    table: str
    default: str = ""
    relay: str = ""


PROXIES: Mapping[str, Proxy] = {
    proxy.name: proxy
    for proxy in (
        Proxy(
            "osx",
            "osx",
            "osx",
            (Port("port", 9370, "osx.nodePort", tls=9883),),
            "party_list",
            "osx.partyList",
            "osx.exchange",
            "osx",
        ),
        Proxy(
            "rollsite",
            "rollsite",
            "rollsite",
            (Port("port", 9370, "rollsite.nodePort"),),
            "party_list",
            "rollsite.partyList",
            "rollsite.exchange",
            "rollsite",
        ),
        Proxy(
            "nginx",
            "nginx",
            "nginx",
            (Port("http_port", 9300, "nginx.httpNodePort"), Port("grpc_port", 9310, "nginx.grpcNodePort")),
            "nginx",
            "nginx.route_table",
            "nginx.exchange",
            "nginx",
        ),
        Proxy(
            "pulsar",
            "pulsar",
            "pulsar",
            (Port("port", 6650, "pulsar.httpNodePort"), Port("tls_port", 6651, "pulsar.httpsNodePort")),
            "pulsar",
            "pulsar.route_table",
            "pulsar.exchange",
            "traffic_server",
        ),
        Proxy(
            "rabbitmq",
            "rabbitmq",
            "rabbitmq",
            (Port("port", 5672, "rabbitmq.nodePort"),),
            "rabbitmq",
            "rabbitmq.route_table",
        ),
        Proxy(
            "traffic_server",
            "trafficServer",
            "traffic-server",
            (Port("port", 443, "trafficServer.nodePort"),),
            "sni",
            "trafficServer.route_table",
            "",
            "traffic_server",
        ),
        Proxy(
            "serving",
            "servingProxy",
            "serving-proxy",
            (Port("port", 8869, "servingProxy.nodePort"),),
            "party_list",
            "servingProxy.partyList",
            "servingProxy.exchange",
            "serving",
        ),
    )
}

DATA: Mapping[str, str] = {"OSX": "osx", "Pulsar": "pulsar", "RabbitMQ": "rabbitmq"}
"""What carries data between parties, by the word ``federation`` of a spec."""
ENGINE = "OSX"
"""The word of a spec that names none."""
OLD_ENGINE = ("Eggroll", "rollsite")
"""Word and module of FATE 1.x, whose proxy is a module of its own."""
CONTROL_PATH = "python.proxy"
"""Where a spec says whether FATE-Flow's own messages go through osx or nginx."""
CONTROL_OF_SPARK = ("nginx", "osx")
CONTROL = ("osx", "nginx")
"""Where it does not: the first of these that is there."""
MODE_PATH = "osx.mode"
STREAM = "Eggroll"
"""With this computing engine OSX passes data on as a stream, with every other through queues, unless the spec says.
Both parties of a job must do the same."""

DOMAIN = "fate.org"
"""Domain under which Pulsar's SNI names lie, unless a spec says otherwise."""
DOMAIN_PATH = "pulsar.exchange.domain"
SERVING_CHART = "fate-serving"
SERVING_MODULE = "servingProxy"
EXCHANGE_CHART = "fate-exchange"

OTHER_NODE_PORTS: tuple[str, ...] = (
    "python.httpNodePort",
    "python.grpcNodePort",
    "mysql.nodePort",
    "fateboard.nodePort",
    "client.nodePort",
    "spark.master.nodePort",
    "hdfs.namenode.nodePort",
    "servingServer.nodePort",
    "servingAdmin.nodePort",
)
NODE_PORTS: tuple[str, ...] = (
    *(port.node_port for proxy in PROXIES.values() for port in proxy.ports),
    *OTHER_NODE_PORTS,
)
"""Paths of node ports in a spec; each may be used once on one Kubernetes."""
INGRESSES = "ingress"
"""Block of a spec with an Ingress for each web page; each has ``hosts``, a list of entries with ``name``."""

TABLE_FILES: Mapping[str, str] = {
    "osx": "route_table.json",
    "rollsite": "route_table.json",
    "serving": "route_table.json",
    "nginx": "route_table.yaml",
    "pulsar": "pulsar_route_table.yaml",
    "rabbitmq": "rabbitmq_route_table.yaml",
    "traffic_server": "sni.yaml",
}
"""Proxy to the file, and so to the key of a ConfigMap, in which it reads its table."""
