# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a member is reached: as given, or as its Service, an Ingress and the nodes show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..facts.routing import PROXIES, Port, Proxy
from ..objects import Object, condition, name_of
from .model import Endpoint, Member, Unknown
from .proxies import speaks_tls

NODE = ("v1", "Node")
SERVICE = ("v1", "Service")
INGRESS = ("networking.k8s.io/v1", "Ingress")
NODE_ADDRESSES = ("ExternalIP", "InternalIP", "Hostname")
"""Types of a node's address, the best for others first."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Live objects that tell where a member is reached. nodes: None where they may not be read."""

    services: Mapping[str, Object] = field(default_factory=dict)
    ingresses: Sequence[Object] = ()
    nodes: Sequence[Object] | None = ()

    @classmethod
    def of(cls, objects: Iterable[Object], nodes: Sequence[Object] | None) -> Seen:
        """Sorts the objects of a member's namespace."""
        known = list(objects)
        return cls(
            {name_of(obj): obj for obj in known if obj.get("kind") == "Service"},
            [obj for obj in known if obj.get("kind") == "Ingress"],
            nodes,
        )


NOTHING = Seen()


def needed_ports(proxy: Proxy, relayed: bool) -> tuple[Port, ...]:
    """The ports that others need: of Pulsar, a relay that goes by names in TLS sees the last one only."""
    return proxy.ports[-1:] if relayed and proxy.relay != proxy.name else proxy.ports


def kinds_to_look_at(member: Member, proxy: Proxy) -> set[tuple[str, str]]:
    """The kinds of live objects without which it cannot be said where others reach a member."""
    if not member.managed or member.left:
        return set()
    given = _given(member, proxy)
    kind = _service_type(member, proxy)
    ports_known = all(_fixed(member, proxy, port, given) for port in proxy.ports)
    wanted = set()
    if not given.get("host") and member.inbound:
        match kind:
            case "NodePort":
                wanted.add(NODE)
            case "LoadBalancer":
                wanted.add(SERVICE)
            case _:
                wanted.add(INGRESS)
    if kind == "NodePort" and not ports_known and (given.get("host") or member.inbound):
        wanted.add(SERVICE)
    return wanted


def reach(
    member: Member, proxy: Proxy, kubernetes: str, seen: Seen = NOTHING, *, relayed: bool = False
) -> Endpoint | Unknown:
    """Where a member's proxy is reached from another Kubernetes, or from its own.

    kubernetes: that of the caller. relayed: the caller is an exchange. What is given comes first; inside one Kubernetes
    it is the Service's name.
    """
    needed = needed_ports(proxy, relayed)
    given = _given(member, proxy)
    tls = speaks_tls(member, proxy)
    if given.get("host"):
        return _with_ports(member, proxy, needed, str(given["host"]), "given", seen)
    if member.kubernetes and member.kubernetes == kubernetes:
        host = f"{proxy.service}.{member.namespace}.svc"
        return Endpoint(host, {port.name: _number(port, tls) for port in proxy.ports}, "service", tls)
    if not member.managed:
        return Unknown("it belongs to another organisation and gives no address", _give(member))
    if not member.inbound:
        return Unknown(
            "it can only call out (fate_inbound: false), and neither OSX 2.x nor any other proxy of FATE 2 can poll: "
            "nobody could answer it",
            f"Give with fate_advertise_host of {member.host} an address that reaches it, such as a tunnel's other end.",
        )
    match _service_type(member, proxy):
        case "NodePort":
            return _on_a_node(member, proxy, needed, seen)
        case "LoadBalancer":
            return _balanced(member, proxy, needed, seen)
        case _:
            return _by_ingress(member, proxy, seen)


def _give(member: Member) -> str:
    return f"Give fate_advertise_host and fate_advertise_port for {member.host}."


def _given(member: Member, proxy: Proxy) -> Mapping[str, Any]:
    """What is given for this proxy: under its own name, else for all. A number for all is that of the one proxy of a
    member that has only one."""
    common = dict(member.advertise.get("", {}))
    if proxy.shape != "party_list":
        common.pop("port", None)
    return {**common, **member.advertise.get(proxy.name, {})}


def _service_type(member: Member, proxy: Proxy) -> str:
    return str(member.says(f"{proxy.block}.type") or "ClusterIP")


def _number(port: Port, tls: bool) -> int:
    return port.tls if tls and port.tls else port.number


def _fixed(member: Member, proxy: Proxy, port: Port, given: Mapping[str, Any]) -> int:
    """A port that is known without looking: given, or the node port that the spec asks for; 0 where neither is."""
    asked = member.says(port.node_port) if _service_type(member, proxy) == "NodePort" else 0
    for value in (given.get(port.name), asked):
        if str(value or "").isdigit():
            return int(str(value))
    return 0


def _with_ports(
    member: Member, proxy: Proxy, needed: Sequence[Port], host: str, how: str, seen: Seen
) -> Endpoint | Unknown:
    """An endpoint at a host that is known."""
    given = _given(member, proxy)
    tls = speaks_tls(member, proxy)
    by_node = _service_type(member, proxy) == "NodePort"
    ports: dict[str, int] = {}
    for port in proxy.ports:
        found = _fixed(member, proxy, port, given)
        if not found and by_node:
            found = _node_port(seen.services.get(proxy.service), port)
            if not found and port not in needed:
                continue
            if not found:
                return Unknown(
                    f"{port.node_port} is not given, and Kubernetes has not chosen one yet",
                    f"Nothing is to be done: it is looked up once {member.host} is deployed.",
                    pending=True,
                )
        ports[port.name] = found or _number(port, tls)
    return Endpoint(host, ports, how, tls)


def _node_port(service: Object | None, port: Port) -> int:
    for entry in ((service or {}).get("spec") or {}).get("ports") or []:
        if entry.get("port") in (port.number, port.tls or port.number) and entry.get("nodePort"):
            return int(entry["nodePort"])
    return 0


def _on_a_node(member: Member, proxy: Proxy, needed: Sequence[Port], seen: Seen) -> Endpoint | Unknown:
    if seen.nodes is None:
        return Unknown(
            f"its nodes may not be read with the rights at {member.kubernetes}",
            f"{_give(member)[:-1]}: the address of a node, or of what leads to one.",
        )
    host = node_host(seen.nodes, member.node_address)
    if not host:
        wanted = f" of type {member.node_address}" if member.node_address else ""
        return Unknown(f"no ready node of {member.kubernetes} has an address{wanted}", _give(member))
    return _with_ports(member, proxy, needed, host, "node_port", seen)


def node_host(nodes: Iterable[Object], kind: str = "") -> str:
    """The address of a node: one that is ready, the first by name, so that it stays the same from run to run.

    kind: type of the address; by default the best that there is. Empty where there is none.
    """
    usable = sorted((node for node in nodes if _usable(node)), key=name_of)
    for wanted in (kind,) if kind else NODE_ADDRESSES:
        for node in usable:
            for entry in (node.get("status") or {}).get("addresses") or []:
                if entry.get("type") == wanted and entry.get("address"):
                    return str(entry["address"])
    return ""


def _usable(node: Object) -> bool:
    gone = (node.get("metadata") or {}).get("deletionTimestamp")
    return not gone and condition(node, "Ready").get("status") == "True"


def _balanced(member: Member, proxy: Proxy, needed: Sequence[Port], seen: Seen) -> Endpoint | Unknown:
    service = seen.services.get(proxy.service)
    if service is None or (service.get("spec") or {}).get("type") != "LoadBalancer":
        return Unknown(
            f"its Service {proxy.service} of type LoadBalancer is not there yet",
            f"Nothing is to be done: it is looked up once {member.host} is deployed.",
            pending=True,
        )
    for entry in ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []:
        host = entry.get("ip") or entry.get("hostname")
        if host:
            return _with_ports(member, proxy, needed, str(host), "load_balancer", seen)
    return Unknown(
        f"the load balancer has given its Service {proxy.service} no address yet",
        f"Look at kubectl describe service {proxy.service} --namespace {member.namespace}; or give "
        f"fate_advertise_host for {member.host}.",
        pending=True,
        awaited=True,
    )


def _by_ingress(member: Member, proxy: Proxy, seen: Seen) -> Endpoint | Unknown:
    """The host of an Ingress whose backend is the proxy's Service. An ingress controller is one port for all."""
    for ingress in sorted(seen.ingresses, key=name_of):
        spec = ingress.get("spec") or {}
        secure = {host for entry in spec.get("tls") or [] for host in entry.get("hosts") or []}
        for rule in spec.get("rules") or []:
            paths = (rule.get("http") or {}).get("paths") or []
            backends = {((path.get("backend") or {}).get("service") or {}).get("name") for path in paths}
            if rule.get("host") and proxy.service in backends:
                host = str(rule["host"])
                port = 443 if host in secure else 80
                return Endpoint(host, {entry.name: port for entry in proxy.ports}, "ingress", host in secure)
    return Unknown(
        f"its Service {proxy.service} is reached inside its own Kubernetes only",
        f"{_give(member)[:-1]}, or set {proxy.block}.type in its spec to NodePort (with {proxy.ports[0].node_port}, "
        "where its nodes may be read) or LoadBalancer.",
    )


def advertised(member: Member) -> list[str]:
    """What is wrong with the addresses that are given, in sentences."""
    wrong = []
    for name, given in member.advertise.items():
        known = {port.name for proxy in PROXIES.values() if name in ("", proxy.name) for port in proxy.ports}
        if name and name not in PROXIES:
            wrong.append(f"fate_advertise of {member.host} names {name}, which is none of {', '.join(PROXIES)}.")
            continue
        for key in given:
            if key != "host" and key not in known:
                allowed = ", ".join(["host", *sorted(known)])
                wrong.append(f"fate_advertise of {member.host}: {name} has no {key}; it has {allowed}.")
    return wrong
