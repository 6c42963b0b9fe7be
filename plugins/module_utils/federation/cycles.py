# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lines written by hand can do to a federation: lead round in circles, or to who must not be reached.

What is made here cannot; so only tables with such lines are walked, as the proxies would.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .model import NEVER, Hop, Member, Problem, Routing, Table
from .routes import address_of

ANYBODY = "*"
"""Stands for a party id that no table has a line for."""


class Walker:
    """Follows tables from member to member. A hop that was written by hand leads to the member at its address."""

    def __init__(self, routing: Routing, members: Sequence[Member]):
        self.members = {member.host: member for member in members}
        self.tables: dict[tuple[str, str], Table] = {}
        self.at = routing.answering
        for host, tables in routing.tables.items():
            for table in tables.values():
                self.tables[host, table.proxy.relay or table.proxy.name] = table

    def next(self, host: str, network: str, party_id: str) -> str:
        """The member that gets what ``host`` has for a party; empty where that is none, or it is there."""
        table = self.tables.get((host, network))
        if table is None or self.members[host].party_id == party_id:
            return ""
        hop = next((hop for hop in table.hops if hop.party_id == party_id), table.rest)
        if hop is None:
            return ""
        if hop.written is None:
            return hop.target
        return self.at.get(address_of(table.proxy, hop.endpoint)) or hop.target

    def path(self, host: str, network: str, party_id: str) -> list[str]:
        """The members on the way, the first one included; where it goes round, the last one twice."""
        passed = [host]
        while True:
            following = self.next(passed[-1], network, party_id)
            if not following:
                return passed
            passed.append(following)
            if following in passed[:-1]:
                return passed


def _hops(table: Table) -> Iterable[Hop]:
    yield from table.hops
    if table.rest is not None:
        yield table.rest


def check_written(
    routing: Routing, members: Sequence[Member], exceptions: Mapping[str, Mapping[str, str]]
) -> list[Problem]:
    """Circles, and forbidden pairs, that lines written by hand bring about."""
    by_hand = {
        host
        for host, tables in routing.tables.items()
        if any(hop.written is not None for table in tables.values() for hop in _hops(table))
    }
    if not by_hand:
        return []
    walker = Walker(routing, members)
    return [*_circles(walker, routing, by_hand), *_forbidden(walker, exceptions)]


def _circles(walker: Walker, routing: Routing, by_hand: Iterable[str]) -> Iterable[Problem]:
    told: set[frozenset[str]] = set()
    for host in sorted(by_hand):
        for table in routing.tables[host].values():
            network = table.proxy.relay or table.proxy.name
            for party_id in [ANYBODY, *(hop.party_id for hop in table.hops if hop.written is not None)]:
                passed = walker.path(host, network, party_id)
                circle = passed[passed.index(passed[-1]) :]
                if len(circle) > 1 and frozenset(circle) not in told:
                    told.add(frozenset(circle))
                    whose = "a party that nobody knows" if party_id == ANYBODY else f"party {party_id}"
                    yield Problem(
                        f"What is for {whose} goes round in a circle over {table.proxy.name}: {' -> '.join(circle)}.",
                        f"Take the line out of {table.proxy.table} or {table.proxy.default or 'its default'} in the "
                        "spec of one of them.",
                        tuple(dict.fromkeys(circle)),
                    )


def _forbidden(walker: Walker, exceptions: Mapping[str, Mapping[str, str]]) -> Iterable[Problem]:
    networks = sorted({network for _host, network in walker.tables})
    for origin, ways in exceptions.items():
        for target, way in ways.items():
            if way != NEVER or origin not in walker.members or target not in walker.members:
                continue
            for network in networks:
                passed = walker.path(origin, network, walker.members[target].party_id)
                if len(passed) > 1 and passed[-1] == target:
                    yield Problem(
                        f"{' -> '.join(passed)}: {walker.members[origin].title} reaches "
                        f"{walker.members[target].title} over {network}, and fate_links says that the two must never "
                        "talk.",
                        "Take the line that was written by hand out of the spec, or the pair out of fate_links.",
                        tuple(passed),
                    )
