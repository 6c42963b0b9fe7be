# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two members cannot both have, found before anything is contacted. Each problem names both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from ..data import get
from ..facts.routing import NODE_PORTS
from .model import Member, Problem


def conflicts(members: Iterable[Member]) -> list[Problem]:
    """Party ids, namespaces and node ports that more than one member claims."""
    known = list(members)
    found = _twice(
        known,
        lambda member: member.party_id,
        "Party id {value} is used by {who}.",
        "Give each party an id of its own (fate_party_id, or partyId in the spec).",
    )
    found += _twice(
        known,
        lambda member: f"{member.namespace} at {member.kubernetes}",
        "Namespace {value} is used by {who}.",
        "Give each party a namespace of its own: names of Services are the same in every party.",
    )
    return found + _node_ports(known)


def _twice(members: Iterable[Member], key: Callable[[Member], str], text: str, hint: str) -> list[Problem]:
    by_value: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        if key(member):
            by_value[key(member)].append(member)
    return [
        Problem(
            text.format(value=value, who=" and ".join(member.title for member in sharing)),
            hint,
            tuple(member.host for member in sharing),
        )
        for value, sharing in by_value.items()
        if len(sharing) > 1
    ]


def _node_ports(members: Iterable[Member]) -> list[Problem]:
    claims: dict[tuple[str, int], list[tuple[Member, str]]] = defaultdict(list)
    for member in members:
        for path in NODE_PORTS:
            port = get(member.spec, path)
            kind = get(member.spec, path.rpartition(".")[0] + ".type")
            if isinstance(port, int | str) and str(port).isdigit() and kind in ("NodePort", "LoadBalancer"):
                claims[member.kubernetes, int(port)].append((member, path))
    return [
        Problem(
            f"Node port {port} of {kubernetes} is claimed by "
            + " and ".join(f"{member.title} as {path}" for member, path in sharing)
            + ".",
            "A node port belongs to one Service of a Kubernetes; choose another for one of them.",
            tuple(dict.fromkeys(member.host for member, _path in sharing)),
        )
        for (kubernetes, port), sharing in claims.items()
        if len(sharing) > 1
    ]
