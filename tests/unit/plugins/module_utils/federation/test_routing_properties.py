# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For any federation: allowed pairs reach each other along the tables, forbidden ones do not, nothing goes in circles.

The tables are walked as FATE's proxies would (``kit.proxies``), from the specs that the collection would deploy.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.federatedai.kubefate.plugins.module_utils.data import merge
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.addresses import Seen
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.model import (
    DIRECT,
    NEVER,
    Link,
    Member,
    Role,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.routes import plan_routes
from ansible_collections.federatedai.kubefate.plugins.module_utils.federation.tables import additions
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.examples import examples
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.proxies import LostError, Site

STRANGER = "424242"
"""A party id that nobody has."""
NETWORKS = {"OSX": ("osx",), "Pulsar": ("nginx", "pulsar"), "RabbitMQ": ("nginx", "rabbitmq"), "Serving": ("serving",)}
RELAYS = {"OSX": ["osx"], "Pulsar": ["nginx", "trafficServer"], "RabbitMQ": ["nginx"], "Serving": ["servingProxy"]}
LISTENING = {
    "osx": ("osx", "port", 9370, "osx", "nodePort"),
    "nginx": ("nginx", "http_port", 9300, "nginx", "httpNodePort"),
    "nginx_grpc": ("nginx", "grpc_port", 9310, "nginx", "grpcNodePort"),
    "pulsar": ("pulsar", "port", 6650, "pulsar", "httpNodePort"),
    "pulsar_tls": ("pulsar", "tls_port", 6651, "pulsar", "httpsNodePort"),
    "rabbitmq": ("rabbitmq", "port", 5672, "rabbitmq", "nodePort"),
    "traffic_server": ("traffic-server", "port", 443, "trafficServer", "nodePort"),
    "serving": ("serving-proxy", "port", 8869, "servingProxy", "nodePort"),
}
"""Program to the name of its Service, port's name and number there, block and key of the node port in a spec."""
PROGRAMS = {
    "osx": ("osx",),
    "nginx": ("nginx", "nginx_grpc"),
    "pulsar": ("pulsar", "pulsar_tls"),
    "rabbitmq": ("rabbitmq",),
    "trafficServer": ("traffic_server",),
    "servingProxy": ("serving",),
}
PROXY_OF = {"trafficServer": "traffic_server", "servingProxy": "serving"}


class World:
    """Members with specs, and who answers at which address."""

    def __init__(self, engine: str):
        self.engine = engine
        self.members: list[Member] = []
        self.seen: dict[str, Seen] = {}
        self.site = Site()
        self._port = 30000

    def add(self, host: str, party_id: str, kubernetes: str, how: str, role: Role, exchanges: Any) -> None:
        modules = RELAYS[self.engine] if role is Role.EXCHANGE else self._modules()
        spec: dict[str, Any] = {"partyId": party_id, "modules": modules}
        if self.engine != "Serving":
            spec["federation"] = self.engine
        advertise: dict[str, dict[str, Any]] = {}
        services: dict[str, Any] = {}
        namespace = f"ns-{host}"
        for module in modules:
            for program in PROGRAMS.get(module, ()):
                service, name, number, block, key = LISTENING[program]
                answers = (host, program.removesuffix("_grpc"))
                self.site.inside[kubernetes, f"{service}.{namespace}.svc", number] = answers
                self._port += 1
                match how:
                    case "given":
                        advertise.setdefault(PROXY_OF.get(module, module), {"host": f"{host}.example"})[name] = (
                            self._port
                        )
                        self.site.listeners[f"{host}.example", self._port] = answers
                    case "node_port":
                        spec[block] = {**spec.get(block, {}), "type": "NodePort", key: self._port}
                        self.site.listeners[f"node-of-{kubernetes}", self._port] = answers
                    case "load_balancer":
                        spec[block] = {**spec.get(block, {}), "type": "LoadBalancer"}
                        services[service] = {
                            "kind": "Service",
                            "metadata": {"name": service},
                            "spec": {"type": "LoadBalancer"},
                            "status": {"loadBalancer": {"ingress": [{"hostname": f"{service}.{host}.example"}]}},
                        }
                        self.site.listeners[f"{service}.{host}.example", number] = answers
        chart = "fate-serving" if self.engine == "Serving" else "fate"
        self.members.append(
            Member(
                host,
                party_id,
                role,
                host,
                namespace,
                kubernetes,
                chart,
                spec=spec,
                advertise=advertise,
                exchanges=exchanges,
            )
        )
        node = {
            "metadata": {"name": "n"},
            "status": {
                "addresses": [{"type": "InternalIP", "address": f"node-of-{kubernetes}"}],
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
        self.seen[host] = Seen(services, (), [node])

    def _modules(self) -> list[str]:
        return ["servingProxy", "servingServer"] if self.engine == "Serving" else ["python", *NETWORKS[self.engine]]

    def deploy(self, links: list[Link], down: set[str]) -> None:
        """Put the specs into force that the collection would deploy."""
        routing = plan_routes(self.members, links, self.seen, down)
        assert not routing.problems, routing.problems
        assert not routing.pending
        for member in self.members:
            made = additions(member, routing.tables.get(member.host, {}))
            self.site.specs[member.host] = merge(member.spec, made)
            self.site.kubernetes[member.host] = member.kubernetes

    def reaches(self, network: str, origin: str, party_id: str) -> bool:
        try:
            self.site.send(network, origin, party_id)
        except LostError as lost:
            assert "circle" not in str(lost), lost
            return False
        return True


@st.composite
def worlds(draw: st.DrawFn, engine: str) -> World:
    world = World(engine)
    kinds = st.sampled_from(["given", "node_port", "load_balancer"])
    places = st.sampled_from(["https://one", "https://two", "https://three"])
    exchanges = [f"x{number}" for number in range(draw(st.integers(0, 3)))]
    for number, name in enumerate(exchanges):
        world.add(name, draw(st.sampled_from(["", str(number + 1)])), draw(places), draw(kinds), Role.EXCHANGE, None)
    choice = st.none() | st.lists(st.sampled_from(exchanges), unique=True).map(tuple) if exchanges else st.none()
    for number in range(draw(st.integers(2, 6))):
        world.add(f"p{number}", str(9000 + number), draw(places), draw(kinds), Role.PARTY, draw(choice))
    return world


@st.composite
def links_of(draw: st.DrawFn, world: World) -> list[Link]:
    parties = [member.host for member in world.members if member.role is Role.PARTY]
    exchanges = [member.host for member in world.members if member.role is Role.EXCHANGE]
    some = st.lists(st.sampled_from(parties), min_size=1, max_size=2, unique=True).map(tuple)
    ways = st.sampled_from([NEVER, NEVER, DIRECT, *exchanges])
    made = st.builds(Link, some, some, ways, st.booleans())
    return draw(st.lists(made, max_size=4))


def ways_of(links: list[Link]) -> dict[tuple[str, str], str]:
    """What links say about each pair, the last one counting."""
    said = {}
    for link in links:
        for origin in link.origins:
            for target in link.targets:
                said[origin, target] = link.via
                if link.both_ways:
                    said[target, origin] = link.via
    return said


def check(world: World, links: list[Link]) -> None:
    said = ways_of(links)
    parties = [member for member in world.members if member.role is Role.PARTY and not member.left]
    for network in NETWORKS[world.engine]:
        for origin in parties:
            assert not world.reaches(network, origin.host, STRANGER)
            for target in parties:
                if origin is not target:
                    allowed = said.get((origin.host, target.host)) != NEVER
                    assert world.reaches(network, origin.host, target.party_id) is allowed, (
                        network,
                        origin.host,
                        target.host,
                    )


@pytest.mark.parametrize("engine", list(NETWORKS))
@settings(max_examples=examples(80), deadline=None)
@given(data=st.data())
def test_allowed_pairs_reach_each_other_forbidden_ones_do_not_and_nothing_goes_in_circles(
    engine: str, data: st.DataObject
) -> None:
    world = data.draw(worlds(engine))
    links = data.draw(links_of(world))
    exchanges = [member.host for member in world.members if member.role is Role.EXCHANGE]
    down = set(data.draw(st.lists(st.sampled_from(exchanges), unique=True))) if exchanges else set()
    world.deploy(links, down)
    check(world, links)


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data(), engine=st.sampled_from(list(NETWORKS)))
def test_so_it_is_after_a_party_joined_left_or_moved_and_after_an_exchange_changed(
    data: st.DataObject, engine: str
) -> None:
    world = data.draw(worlds(engine))
    links = data.draw(links_of(world))
    world.deploy(links, set())
    place, how = (
        data.draw(st.sampled_from(["https://one", "https://four"])),
        data.draw(st.sampled_from(["given", "node_port"])),
    )
    parties = [member for member in world.members if member.role is Role.PARTY]
    exchanges = tuple(member.host for member in world.members if member.role is Role.EXCHANGE)
    number = world.members.index(data.draw(st.sampled_from(parties)))
    event = data.draw(st.sampled_from(["join", "leave", "move", "exchange"]))
    match event:
        case "join":
            world.add("new", "9999", place, how, Role.PARTY, None)
        case "leave":
            world.members[number] = replace(world.members[number], left=True)
        case "move":
            old = world.members.pop(number)
            for table in (world.site.listeners, world.site.inside):
                for address in [at for at, (host, _program) in table.items() if host == old.host]:
                    del table[address]
            world.add(old.host, old.party_id, place, how, old.role, old.exchanges)
        case "exchange":
            assume(exchanges)
            world.members[number] = replace(world.members[number], exchanges=exchanges[-1:])
    world.deploy(links, set())
    check(world, links)
    if event == "leave":
        gone = world.members[number]
        for network in NETWORKS[engine]:
            assert not any(world.reaches(network, party.host, gone.party_id) for party in parties if party != gone)


def test_the_walk_sees_a_circle_and_a_way_that_is_missing() -> None:
    site = Site(
        {
            "a": {"partyId": "1", "osx": {"exchange": {"ip": "x", "port": 1}}},
            "x": {"osx": {"exchange": {"ip": "y", "port": 1}}},
            "y": {"osx": {"exchange": {"ip": "x", "port": 1}}},
        },
        {"a": "k", "x": "k", "y": "k"},
        {("x", 1): ("x", "osx"), ("y", 1): ("y", "osx")},
    )
    with pytest.raises(LostError, match="round in a circle"):
        site.send("osx", "a", "2")
    del site.listeners["y", 1]
    with pytest.raises(LostError, match="reaches nobody at y:1"):
        site.send("osx", "a", "2")
