# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a member is reached, and what is said where that is not known."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.facts.routing import PROXIES
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.addresses import (
    INGRESS,
    NODE,
    SERVICE,
    Seen,
    kinds_to_look_at,
    node_host,
    reach,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.model import Endpoint, Unknown
from ansible_collections.federatedai.kubefate.tests.unit.plugins.module_utils.federation.kit import member

OSX, NGINX, PULSAR = PROXIES["osx"], PROXIES["nginx"], PROXIES["pulsar"]
AWAY = "https://elsewhere"


def node(name: str, *addresses: tuple[str, str], ready: str = "True") -> dict[str, Any]:
    return {
        "kind": "Node",
        "metadata": {"name": name},
        "status": {
            "addresses": [{"type": kind, "address": address} for kind, address in addresses],
            "conditions": [{"type": "Ready", "status": ready}],
        },
    }


NODES = [node("n1", ("InternalIP", "10.0.0.1"), ("Hostname", "n1"))]


def service(kind: str, *ports: tuple[int, int], ingress: list[dict[str, str]] | None = None, name: str = "osx") -> Any:
    return {
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"type": kind, "ports": [{"port": port, "nodePort": node_port} for port, node_port in ports]},
        "status": {"loadBalancer": {"ingress": ingress or []}},
    }


def party(spec: dict[str, Any], **differing: Any) -> Any:
    return member("a", "1", spec=spec, advertise={}, **differing)


def test_what_is_given_comes_first_even_inside_one_kubernetes() -> None:
    given = member("a", "1", kubernetes=AWAY, advertise={"": {"host": "h", "port": 30091}})
    assert reach(given, OSX, AWAY) == Endpoint("h", {"port": 30091}, "given")
    assert kinds_to_look_at(given, OSX) == set()


def test_a_port_that_is_not_given_is_the_node_port_else_the_one_of_the_service() -> None:
    host = {"": {"host": "h"}}
    spec = {"osx": {"type": "NodePort", "nodePort": 30091}}
    assert reach(member("a", "1", advertise=host, spec=spec), OSX, AWAY).ports == {"port": 30091}  # type: ignore[union-attr]
    balanced = {"osx": {"type": "LoadBalancer", "nodePort": 30091}}
    assert reach(member("a", "1", advertise=host, spec=balanced), OSX, AWAY).ports == {"port": 9370}  # type: ignore[union-attr]
    assert reach(member("a", "1", advertise=host), OSX, AWAY).ports == {"port": 9370}  # type: ignore[union-attr]


def test_each_proxy_may_have_an_address_of_its_own() -> None:
    advertise = {"": {"host": "h", "port": 1}, "nginx": {"http_port": 30093}, "pulsar": {"host": "p", "tls_port": 443}}
    given = member("a", "1", advertise=advertise)
    assert reach(given, NGINX, AWAY) == Endpoint("h", {"http_port": 30093, "grpc_port": 9310}, "given")
    assert reach(given, PULSAR, AWAY) == Endpoint("p", {"port": 6650, "tls_port": 443}, "given")


def test_inside_one_kubernetes_it_is_the_name_of_the_service_and_the_port_that_speaks_tls_where_it_does() -> None:
    assert reach(party({}, kubernetes=AWAY), OSX, AWAY) == Endpoint("osx.ns-a.svc", {"port": 9370}, "service")
    secure = party({"osx": {"enableTLS": True}}, kubernetes=AWAY)
    assert reach(secure, OSX, AWAY) == Endpoint("osx.ns-a.svc", {"port": 9883}, "service", tls=True)


def test_a_node_port_is_reached_at_a_node() -> None:
    fixed = party({"osx": {"type": "NodePort", "nodePort": 30091}})
    assert kinds_to_look_at(fixed, OSX) == {NODE}
    assert reach(fixed, OSX, AWAY, Seen(nodes=NODES)) == Endpoint("10.0.0.1", {"port": 30091}, "node_port")


def test_a_node_port_that_kubernetes_chooses_is_known_once_the_service_is_there() -> None:
    free = party({"osx": {"type": "NodePort"}})
    assert kinds_to_look_at(free, OSX) == {NODE, SERVICE}
    before = reach(free, OSX, AWAY, Seen(nodes=NODES))
    assert isinstance(before, Unknown)
    assert before.pending and not before.awaited
    after = Seen({"osx": service("NodePort", (9370, 31234))}, (), NODES)
    assert reach(free, OSX, AWAY, after) == Endpoint("10.0.0.1", {"port": 31234}, "node_port")


def test_where_nodes_may_not_be_read_an_address_has_to_be_given_and_the_message_says_so() -> None:
    found = reach(party({"osx": {"type": "NodePort", "nodePort": 30091}}), OSX, AWAY, Seen(nodes=None))
    assert isinstance(found, Unknown) and not found.pending
    assert found.reason == "its nodes may not be read with the rights at https://a"
    assert "Give fate_advertise_host and fate_advertise_port for a" in found.hint


def test_a_load_balancer_is_waited_for() -> None:
    balanced = party({"osx": {"type": "LoadBalancer"}})
    assert kinds_to_look_at(balanced, OSX) == {SERVICE}
    assert reach(balanced, OSX, AWAY).pending  # type: ignore[union-attr]
    assert not reach(balanced, OSX, AWAY).awaited  # type: ignore[union-attr]
    waiting = reach(balanced, OSX, AWAY, Seen({"osx": service("LoadBalancer", (9370, 31000))}))
    assert isinstance(waiting, Unknown) and waiting.pending and waiting.awaited
    for given, host in (({"ip": "1.2.3.4"}, "1.2.3.4"), ({"hostname": "lb.example"}, "lb.example")):
        there = Seen({"osx": service("LoadBalancer", (9370, 31000), ingress=[given])})
        assert reach(balanced, OSX, AWAY, there) == Endpoint(host, {"port": 9370}, "load_balancer")


def test_an_ingress_to_the_service_is_an_address_too() -> None:
    ingress = {
        "kind": "Ingress",
        "metadata": {"name": "grpc"},
        "spec": {
            "rules": [{"host": "osx.a.example", "http": {"paths": [{"backend": {"service": {"name": "osx"}}}]}}],
            "tls": [{"hosts": ["osx.a.example"]}],
        },
    }
    assert kinds_to_look_at(party({}), OSX) == {INGRESS}
    secure = Endpoint("osx.a.example", {"port": 443}, "ingress", tls=True)
    assert reach(party({}), OSX, AWAY, Seen(ingresses=[ingress])) == secure
    ingress["spec"].pop("tls")  # type: ignore[attr-defined]
    assert reach(party({}), OSX, AWAY, Seen(ingresses=[ingress])) == Endpoint("osx.a.example", {"port": 80}, "ingress")


@pytest.mark.parametrize("given", [{}, {"": {"host": "tunnel.example", "port": 4000}}])
def test_a_party_that_can_only_call_out_needs_an_address_that_reaches_it(given: dict[str, Any]) -> None:
    found = reach(member("a", "1", inbound=False, advertise=given), OSX, AWAY)
    if given:
        assert found == Endpoint("tunnel.example", {"port": 4000}, "given")
    else:
        assert isinstance(found, Unknown)
        assert "can only call out (fate_inbound: false), and neither OSX 2.x nor" in found.reason


def test_a_party_of_another_organisation_has_to_give_its_address() -> None:
    found = reach(party({"osx": {"type": "NodePort", "nodePort": 1}}, managed=False, kubernetes=""), OSX, AWAY)
    assert isinstance(found, Unknown)
    assert "another organisation" in found.reason


def test_a_service_inside_only_says_what_to_do() -> None:
    found = reach(party({}), OSX, AWAY)
    assert isinstance(found, Unknown)
    assert "osx.type in its spec to NodePort (with osx.nodePort" in found.hint


def test_the_node_is_the_first_ready_one_by_name_and_its_best_address_or_the_one_that_is_asked_for() -> None:
    nodes = [
        node("n3", ("ExternalIP", "3.3.3.3")),
        node("n1", ("InternalIP", "10.0.0.1"), ("Hostname", "n1"), ready="False"),
        node("n2", ("InternalIP", "10.0.0.2"), ("Hostname", "n2")),
    ]
    assert node_host(nodes) == "3.3.3.3"
    assert node_host(reversed(nodes)) == "3.3.3.3"
    assert node_host(nodes, "InternalIP") == "10.0.0.2"
    assert node_host(nodes, "Hostname") == "n2"
    assert node_host([nodes[1]]) == ""
    found = reach(
        party({"osx": {"type": "NodePort", "nodePort": 1}}, node_address="ExternalIP"), OSX, AWAY, Seen(nodes=NODES)
    )
    assert isinstance(found, Unknown)
    assert "no ready node of https://a has an address of type ExternalIP" in found.reason


def test_of_pulsar_an_exchange_needs_the_port_that_speaks_tls_only() -> None:
    half = party({"federation": "Pulsar", "pulsar": {"type": "NodePort", "httpsNodePort": 30099}})
    assert reach(half, PULSAR, AWAY, Seen(nodes=NODES)).pending  # type: ignore[union-attr]
    found = reach(half, PULSAR, AWAY, Seen(nodes=NODES), relayed=True)
    assert found == Endpoint("10.0.0.1", {"tls_port": 30099}, "node_port")
