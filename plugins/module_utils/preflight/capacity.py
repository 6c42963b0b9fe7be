# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the pods of all parties on one Kubernetes fit on its nodes at once, and what is missing if not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from ..objects import Object
from .model import Check, Finding, PartyFacts, ServerFacts, failed, hidden, passed
from .placing import Room, admits, place, room_on
from .pods import Wanted, amount_text, selected, workloads

SHOWN = 5


def check_capacity(server: ServerFacts, parties: Sequence[PartyFacts]) -> dict[str, list[Finding]]:
    """Whether the pods of all parties on one Kubernetes fit at once; findings by host.

    Pods that the parties have already make room for those that they are going to have. Without the right to see pods of
    all namespaces, what others use counts as free.
    """
    if server.nodes is None:
        unseen = hidden(Check.CAPACITY, "the nodes", "list nodes", "It is unknown whether the pods fit on them.")
        return {party.host: [unseen] for party in parties}
    own = {id(pod) for party in parties for pod in _own(party, server.pods or ())}
    rooms = [room_on(node, [pod for pod in server.pods or () if id(pod) not in own]) for node in server.nodes]
    free = _together(rooms)
    unplaced = place(rooms, _pods(parties))
    return {party.host: _capacity(party, unplaced.get(party.host, []), rooms, free, server) for party in parties}


def _own(party: PartyFacts, pods: Iterable[Object]) -> list[Object]:
    here = [pod for pod in pods if (pod.get("metadata") or {}).get("namespace") == party.namespace]
    return selected([*party.objects, *party.recorded], here)


def _together(rooms: Iterable[Room]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for room in rooms:
        for name, amount in room.free.items():
            total[name] = total.get(name, Decimal(0)) + max(amount, Decimal(0))
    return total


def _pods(parties: Sequence[PartyFacts]) -> Iterable[tuple[str, Wanted]]:
    for party in parties:
        for wanted in workloads(party.objects):
            for _number in range(1 if wanted.count is None else wanted.count):
                yield party.host, wanted


def _capacity(
    party: PartyFacts,
    unplaced: Sequence[Wanted],
    rooms: Sequence[Room],
    free: Mapping[str, Decimal],
    server: ServerFacts,
) -> list[Finding]:
    total: dict[str, Decimal] = {}
    for wanted in workloads(party.objects):
        for name, amount in wanted.asks.items():
            total[name] = total.get(name, Decimal(0)) + amount * (len(rooms) if wanted.count is None else wanted.count)
    sums = ", ".join(f"{name} {amount_text(total[name], name)}" for name in ("cpu", "memory") if total.get(name))
    if not unplaced:
        text = f"{sums or 'nothing'} asked for, " + ", ".join(
            f"{name} {amount_text(free.get(name, Decimal(0)), name)} free" for name in ("cpu", "memory")
        )
        if server.pods is None:
            return [
                hidden(
                    Check.CAPACITY,
                    f"the pods of others ({text} if there are none)",
                    "list pods in all namespaces",
                    "Less may be free than it seems.",
                )
            ]
        return [passed(Check.CAPACITY, text)]
    return [_misfit(wanted, count, rooms) for wanted, count in _counted(unplaced)][:SHOWN]


def _counted(unplaced: Sequence[Wanted]) -> list[tuple[Wanted, int]]:
    found: dict[str, tuple[Wanted, int]] = {}
    for wanted in unplaced:
        found[wanted.owner] = (wanted, found.get(wanted.owner, (wanted, 0))[1] + 1)
    return list(found.values())


def _misfit(wanted: Wanted, count: int, rooms: Sequence[Room]) -> Finding:
    """What does not fit, and by how much."""
    allowed = [room for room in rooms if admits(room.node, wanted.spec)]
    hint = "Lower the requests, add nodes, or change nodeSelector, affinity and tolerations."
    if not allowed:
        return failed(
            Check.CAPACITY,
            f"{wanted.owner}: no node has what its nodeSelector, affinity and tolerations ask for",
            hint,
            wanted.owner,
        )
    lacks = []
    for name, amount in wanted.asks.items():
        most = max(allowed, key=lambda room: room.free.get(name, Decimal(0)))
        there = max(most.free.get(name, Decimal(0)), Decimal(0))
        if there < amount:
            lacks.append(
                f"{name}: {amount_text(amount, name)} for each, most is free on {most.name}, "
                f"{amount_text(there, name)}; {amount_text(amount - there, name)} are missing"
            )
    each = "; ".join(lacks) or "no single node has all that is asked for at once"
    return failed(Check.CAPACITY, f"{count} of {wanted.owner} fit on no node: {each}", hint, wanted.owner)
