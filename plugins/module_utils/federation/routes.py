# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes between the parties of a federation: full mesh over OSX, from the inventory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..data import get, put
from ..facts.routing import (
    NODE_PORT_PATH,
    OSX_ENGINE,
    OSX_MODULE,
    OSX_PORT,
    OSX_SERVICE,
    PEERS_PATH,
    SERVICE_TYPE_PATH,
)
from .model import Member, Problem, Route, Routing


def mesh(members: Sequence[Member]) -> Routing:
    """A route from each party to each other. Where one cannot be found, both are named, and the calling side cannot be
    deployed."""
    routing = Routing()
    speaking = [member for member in members if speaks_osx(member)]
    for member in speaking:
        written = {str(entry.get("partyId")): entry for entry in hand_written(member)}
        for peer in speaking:
            if peer.host == member.host or peer.party_id == member.party_id:
                continue
            own = _written(member, peer, written)
            if own is None and member.own_routes:
                continue
            route = own or _address(member, peer)
            if isinstance(route, Route):
                routing.routes.append(route)
            else:
                routing.problems.append(route)
    return routing


def speaks_osx(member: Member) -> bool:
    """Whether a party's data goes through OSX, which is the engine of a spec that names none."""
    modules = member.spec.get("modules")
    engine = str(member.spec.get("federation") or OSX_ENGINE)
    return engine == OSX_ENGINE and (modules is None or OSX_MODULE in modules)


def hand_written(member: Member) -> list[Mapping[str, Any]]:
    """Routes that the spec itself lists."""
    entries = get(member.spec, PEERS_PATH)
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def additions(member: Member, routes: Iterable[Route], party_ids: Mapping[str, str]) -> dict[str, Any]:
    """What is merged over a party's spec: its list of peers, hand-written entries as they are, then the others by id.

    party_ids: inventory host to party id.
    """
    if member.own_routes:
        return {}
    written = hand_written(member)
    known = {str(entry.get("partyId")) for entry in written}
    entries = [
        {"partyId": party_ids[route.target], "partyIp": route.address, "partyPort": route.port}
        for route in routes
        if route.source == member.host and party_ids[route.target] not in known
    ]
    out: dict[str, Any] = {}
    if entries:
        entries.sort(key=lambda entry: _by_number(str(entry["partyId"])))
        put(out, PEERS_PATH, [*(dict(entry) for entry in written), *entries])
    return out


def _by_number(party_id: str) -> tuple[int, str]:
    return (int(party_id), "") if party_id.isdigit() else (0, party_id)


def _written(member: Member, peer: Member, written: Mapping[str, Mapping[str, Any]]) -> Route | None:
    entry = written.get(peer.party_id)
    if not entry:
        return None
    return Route(member.host, peer.host, str(entry.get("partyIp")), int(entry.get("partyPort") or OSX_PORT), "spec")


def _address(member: Member, peer: Member) -> Route | Problem:
    """The address under which ``member`` reaches ``peer``: the one that is given, else the Service's name inside one
    Kubernetes, else a node and its node port."""
    if peer.advertise_host:
        port = peer.advertise_port or int(get(peer.spec, NODE_PORT_PATH) or 0) or OSX_PORT
        return Route(member.host, peer.host, peer.advertise_host, port, "given")
    if peer.kubernetes == member.kubernetes:
        return Route(member.host, peer.host, f"{OSX_SERVICE}.{peer.namespace}.svc", OSX_PORT, "service")
    node_port = int(get(peer.spec, NODE_PORT_PATH) or 0)
    if get(peer.spec, SERVICE_TYPE_PATH) == "NodePort" and node_port and peer.node_host:
        return Route(member.host, peer.host, peer.node_host, node_port, "node_port")
    return Problem(
        f"There is no address by which {member.title} reaches {peer.title}: they are on different Kubernetes "
        f"({member.kubernetes} and {peer.kubernetes}).",
        f"Give fate_advertise_host and fate_advertise_port for {peer.host}, or osx.type NodePort with osx.nodePort "
        "where "
        "its nodes may be read.",
        (member.host,),
    )
