# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two members cannot both have, found before anything is contacted. Each problem names both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..data import get
from ..facts.routing import INGRESSES, NODE_PORTS
from .addresses import advertised
from .model import Member, Problem, Role, listed
from .proxies import is_serving


def conflicts(members: Iterable[Member]) -> list[Problem]:
    """Party ids, names, namespaces, node ports and host names that more than one member claims."""
    known = list(members)
    found = _twice(
        known,
        _network_id,
        "partyId",
        "Party id {value} is used by {who}.",
        "Give each party an id of its own (fate_party_id, or partyId in the spec).",
    )
    exchanges = {member.host for member in known if member.role is Role.EXCHANGE}
    found = [problem for problem in found if not exchanges.issuperset(problem.hosts)]  # none is addressed by its id
    found += _twice(
        known,
        lambda member: f"{member.namespace} at {member.kubernetes}" if member.kubernetes else "",
        "namespace",
        "Namespace {value} is used by {who}.",
        "Give each party a namespace of its own: names of Services are the same in every party.",
    )
    found += _twice(
        known,
        lambda member: f"{member.name} at {member.kubernetes}" if member.kubernetes else "",
        "name",
        "The name {value} is used by {who}.",
        "Give each party a name of its own (fate_name, or name in the spec).",
        already=found,
    )
    return [*found, *_node_ports(known), *_host_names(known), *_advertised(known)]


def _network_id(member: Member) -> str:
    """A party id, which has to be unique in its network; a cluster of FATE-Serving has that of its party."""
    return f"{member.party_id} of FATE-Serving" if member.party_id and is_serving(member) else member.party_id


def _twice(
    members: Iterable[Member],
    key: Callable[[Member], str],
    path: str,
    text: str,
    hint: str,
    already: Sequence[Problem] = (),
) -> list[Problem]:
    """path: of the value in a spec. already: what was found about the same members before; once is enough."""
    by_value: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        if key(member):
            by_value[key(member)].append(member)
    told = {problem.hosts for problem in already}
    return [
        Problem(text.format(value=value, who=" and ".join(member.named(path) for member in sharing)), hint, hosts)
        for value, sharing in by_value.items()
        if len(sharing) > 1 and (hosts := _managed(sharing)) not in told
    ]


def _managed(members: Iterable[Member]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(member.host for member in members))


def _node_ports(members: Iterable[Member]) -> list[Problem]:
    claims: dict[tuple[str, int], list[tuple[Member, str]]] = defaultdict(list)
    for member in members:
        for path in NODE_PORTS if member.kubernetes else ():
            port = get(member.spec, path)
            kind = get(member.spec, path.rpartition(".")[0] + ".type")
            if isinstance(port, int | str) and str(port).isdigit() and kind in ("NodePort", "LoadBalancer"):
                claims[member.kubernetes, int(port)].append((member, path))
    return [
        Problem(
            f"Node port {port} of {kubernetes} is claimed by "
            + " and ".join(f"{member.named(path)} as {path}" for member, path in sharing)
            + ".",
            "A node port belongs to one Service of a Kubernetes; choose another for one of them.",
            _managed(member for member, _path in sharing),
        )
        for (kubernetes, port), sharing in claims.items()
        if len(sharing) > 1
    ]


def _host_names(members: Iterable[Member]) -> list[Problem]:
    claims: dict[tuple[str, str], list[tuple[Member, str]]] = defaultdict(list)
    for member in members:
        if member.kubernetes:
            for path, host in _ingress_hosts(member):
                claims[member.kubernetes, host].append((member, path))
    return [
        Problem(
            f"The host name {host} at {kubernetes} is claimed by "
            + " and ".join(f"{member.named(path)} as {path}" for member, path in sharing)
            + ".",
            "An ingress controller sends a host and a path to one of them only; choose another name, or another path.",
            _managed(member for member, _path in sharing),
        )
        for (kubernetes, host), sharing in claims.items()
        if len(sharing) > 1
    ]


def _ingress_hosts(member: Member) -> Iterable[tuple[str, str]]:
    """Path in the spec, and host with path, of each rule that the spec names."""
    pages = member.spec.get(INGRESSES)
    for page, block in pages.items() if isinstance(pages, Mapping) else ():
        hosts = block.get("hosts") if isinstance(block, Mapping) else None
        for entry in hosts if isinstance(hosts, list) else ():
            if isinstance(entry, Mapping) and entry.get("name"):
                yield f"{INGRESSES}.{page}", f"{entry['name']}{entry.get('path') or '/'}"


def _advertised(members: Iterable[Member]) -> list[Problem]:
    return [
        Problem(text, "Correct it in the inventory.", (member.host,))
        for member in members
        for text in advertised(member)
    ]


def leaving(members: Sequence[Member]) -> list[Problem]:
    """Exchanges that leave although parties name no other one: those would be cut off."""
    gone = {member.host: member for member in members if member.left and member.role is Role.EXCHANGE}
    found = []
    for host, exchange in gone.items():
        cut = [
            member
            for member in members
            if member.role is Role.PARTY
            and not member.left
            and host in (member.exchanges or ())
            and all(name in gone for name in member.exchanges or ())
        ]
        if cut:
            found.append(
                Problem(
                    f"{exchange.title} cannot leave: {listed([member.title for member in cut])} would be cut off, "
                    "since fate_exchange names no other exchange.",
                    "Give them another exchange, or none (fate_exchange: []), and deploy them first.",
                    (host,),
                )
            )
    return found
