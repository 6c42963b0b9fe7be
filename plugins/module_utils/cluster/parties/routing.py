# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of a federation: addresses are looked at where the inventory does not give them, tables are made, and each
party's spec gets its part."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from ...data import merge
from ...errors import Kind, KubefateError
from ...federation.addresses import INGRESS, NODE, SERVICE, Seen, kinds_to_look_at
from ...federation.cycles import check_written
from ...federation.model import Link, Problem, Role, Routing, listed
from ...federation.proxies import proxies_of
from ...federation.reading import keep
from ...federation.routes import plan_routes
from ...federation.tables import additions
from ...federation.topology import exceptions
from ...health.model import State
from ...kube.client import ApiError
from ...objects import Object
from ...spec.loading import Spec
from ..gather import HEALTH_KINDS, health, referred
from .model import Party, Server
from .opening import Servers

NAMESPACED = {SERVICE, INGRESS}
LOOK_SECONDS = 2.0
DOWN = (State.DEGRADED, State.MISSING, State.FAILED)
"""States of an exchange in which it relays nothing; one that only begins or restarts is waited for."""


class Router:
    """Routes for the parties of a federation.

    wait: seconds to wait for addresses that load balancers have not given yet.
    """

    def __init__(
        self,
        parties: Sequence[Party],
        links: Sequence[Link],
        servers: Servers,
        wait: float,
        tell: Callable[[str], None],
    ):
        self.parties = [party for party in parties if party.member]
        self.members = [party.member for party in self.parties if party.member]
        self.links, self.servers, self.wait, self.tell = links, servers, wait, tell
        self.seen: dict[str, Seen] = {}
        self.down: dict[str, str] = {}

    def route(self) -> Routing:
        """The tables. The parties' specs are not touched yet."""
        self._look()
        self._look_after_exchanges()
        idle = {party.host for party in self.parties if party.managed and not party.alive}
        end = time.monotonic() + self.wait
        while True:
            routing = plan_routes(self.members, self.links, self.seen, self.down, idle)
            awaited = {entry.target for entries in routing.pending.values() for entry in entries if entry.awaited}
            if not awaited or time.monotonic() >= end:
                break
            self.tell(f"waiting for the addresses of {', '.join(sorted(awaited))}")
            time.sleep(min(LOOK_SECONDS, max(0.0, end - time.monotonic())))
            self._look(awaited)
        if self.wait and awaited:
            routing.problems += [self._late(target, routing) for target in sorted(awaited)]
        routing.avoided = tuple(self.down)
        found, _told_already = exceptions(self.members, self.links)
        routing.problems += check_written(routing, self.members, found)
        return routing

    def _late(self, target: str, routing: Routing) -> Problem:
        """What is wrong with a member whose address did not come in time."""
        callers = [host for host, entries in routing.pending.items() if any(one.target == target for one in entries)]
        reason = next(one.reason for entries in routing.pending.values() for one in entries if one.target == target)
        return Problem(
            f"There is no address by which {listed(callers)} can reach {target} after {int(self.wait)} s: {reason}.",
            f"Look at the events of its Services, give fate_advertise_host for {target}, or wait longer with "
            "fate_address_timeout.",
            (target,),
        )

    def give(self, routing: Routing) -> None:
        """Add to each party's spec what the federation says."""
        known = {member.party_id: member for member in self.members if member.role is Role.PARTY}
        for party in self.parties:
            if not party.alive or party.spec is None or party.member is None:
                continue
            tables = routing.tables.get(party.host, {})
            for name, table in tables.items():
                if not table.resolved:
                    tables[name] = keep(party.member, table, *_recorded(party), known)
            party.added = additions(party.member, tables)
            party.spec = Spec(merge(party.spec.data, party.added), party.spec.origins)

    # what is live ------------------------------------------------------------------------------------------------
    def _look(self, only: Collection[str] = ()) -> None:
        """Services, Ingresses and nodes of those whose address is not given and who are called from elsewhere.

        only: hosts to look at again; all by default.
        """
        places = {member.kubernetes for member in self.members}
        if len(places) < 2:
            return
        here_too = [party for party in self.parties if not only or party.host in only]
        asking = {party.host: kinds for party in here_too if (kinds := _kinds(party))}

        def look(server: Server, here: list[Party]) -> None:
            kinds = {kind for party in here for kind in asking.get(party.host, ())}
            if NODE in kinds:
                server.nodes = _nodes(server)
            by_namespace = _objects(server, kinds & NAMESPACED, [party for party in here if party.host in asking])
            for party in here if not only else [party for party in here if party.host in only]:
                self.seen[party.host] = Seen.of(by_namespace.get(party.namespace, ()), server.nodes)

        if asking:
            self.servers.on_each(look)

    def _look_after_exchanges(self) -> None:
        """Which exchanges do not work, where parties have another one to go through."""
        exchanges = [party for party in self.parties if party.role is Role.EXCHANGE]
        if len(exchanges) < 2:
            return
        for party in exchanges:
            why = _trouble(party)
            if why:
                self.down[party.host] = why
                party.warnings.append(
                    f"this exchange does not work: {why.rstrip('.')}. Parties that have another one go through that "
                    "until it does."
                )


def _kinds(party: Party) -> set[tuple[str, str]]:
    member = party.member
    if member is None or not party.alive or member.unread:
        return set()
    return {kind for proxy in proxies_of(member) for kind in kinds_to_look_at(member, proxy)}


def _nodes(server: Server) -> list[Object] | None:
    try:
        return list(server.api.list_objects(*NODE))
    except ApiError as error:
        if error.status == 403:
            return None
        raise


def _objects(server: Server, kinds: Iterable[tuple[str, str]], parties: Sequence[Party]) -> Mapping[str, list[Object]]:
    """Live objects by namespace, of these parties only; what may not be read is not there."""

    def one(asked: tuple[tuple[str, str], str]) -> list[Object]:
        try:
            return list(server.api.list_objects(*asked[0], asked[1]))
        except ApiError as error:
            if error.status in (403, 404):
                return []
            raise

    wanted = [(kind, party.namespace) for kind in sorted(kinds) for party in parties]
    found: dict[str, list[Object]] = {}
    answers: list[list[Object]] = server.api.parallel(one, wanted)
    for (_kind, namespace), items in zip(wanted, answers, strict=True):
        found.setdefault(namespace, []).extend(items)
    return found


def _recorded(party: Party) -> tuple[Mapping[str, Any], Sequence[Object]]:
    """Values and objects of the release as it is now."""
    current = party.there_in_full().current if party.server else None
    return (current.values, current.objects) if current else ({}, ())


def _trouble(party: Party) -> str:
    """Why an exchange relays nothing; empty where it does, or is not deployed yet, or nobody knows."""
    if party.error is not None and party.error.kind is Kind.CONNECTION:
        return party.error.msg
    if not party.alive or party.server is None:
        return ""
    try:
        current = party.there_in_full().current
        if current is None:
            return ""
        expected = referred(party.server.api, current.objects, party.name, party.namespace).values()
        party.server.objects.load(HEALTH_KINDS)
        seen = health(party.server.objects, expected, party.namespace)
    except KubefateError as error:
        return error.msg
    return seen.reason if seen.state in DOWN else ""
