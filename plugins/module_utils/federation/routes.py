# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route tables of a federation, from its topology and addresses.

A path is one of: party to party; party to exchange to party; party to exchange to the exchange of the other party to
it. An exchange has a line for each party and no way to everybody else, so that nothing goes round in circles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from ..facts.routing import PROXIES, Proxy
from .addresses import NOTHING, Seen, reach
from .model import DIRECT, NEVER, Endpoint, Hop, Link, Member, Pending, Problem, Role, Routing, Table, Unknown, listed
from .proxies import speaks_tls
from .tables import domain_of, written_hops, written_rest
from .topology import Topology, exceptions, topology, wrong_exchanges


def plan_routes(
    members: Sequence[Member],
    links: Sequence[Link] = (),
    seen: Mapping[str, Seen] | None = None,
    down: Collection[str] = (),
) -> Routing:
    """The tables of all members that are ours, with what is wrong or not known yet.

    seen: what was seen live of members, by host. down: exchanges that do not work at present.
    """
    routing = Routing()
    found, problems = exceptions(members, links)
    routing.problems += [*problems, *wrong_exchanges(members)]
    ordered = sorted(members, key=lambda member: by_number(member.party_id))
    for proxy in PROXIES.values():
        if proxy.shape != "sni":  # the traffic server is Pulsar's relay, no network of its own
            _Network(topology(proxy, ordered, found, down), ordered, seen or {}, routing).build()
    _explain(routing)
    return routing


def by_number(party_id: str) -> tuple[int, str]:
    """Sorts party ids as numbers where they are."""
    return (int(party_id), "") if party_id.isdigit() else (0, party_id)


class _Network:
    """Makes the tables of one proxy."""

    def __init__(self, ways: Topology, members: Sequence[Member], seen: Mapping[str, Seen], routing: Routing):
        self.ways, self.proxy, self.seen, self.routing = ways, ways.proxy, seen, routing
        self.by_id = {member.party_id: member for member in ways.parties.values()}
        counted = Counter(member.party_id for member in ways.parties.values())
        self.twice = {party_id for party_id, count in counted.items() if count > 1}
        self.domains = tuple(sorted({domain_of(member) for member in ways.parties.values()}))
        self.unread = [member for member in members if member.unread]
        self.open = [host for host in ways.parties if host not in ways.covered]
        self._reached: dict[tuple[str, str, bool, bool], Endpoint | Unknown] = {}
        self._hops: dict[tuple[str, str, bool, bool], Hop] = {}

    def build(self) -> None:
        everybody = [*self.ways.parties.values(), *self.ways.exchanges.values()]
        for member in everybody:
            if member.managed:
                self._build(member)
        if any(hop.written is not None for tables in self.routing.tables.values() for hop in _lines(tables)):
            for member in everybody:
                self._note(member)

    def _note(self, member: Member) -> None:
        """Note where a member answers, so that lines written by hand can be followed."""
        proxy = PROXIES[self.proxy.relay] if member.role is Role.EXCHANGE else self.proxy
        seen = self.seen.get(member.host, NOTHING)
        for caller in ("", member.kubernetes):
            found = reach(member, proxy, caller, seen)
            if isinstance(found, Endpoint):
                self.routing.answering[address_of(proxy, found)] = member.host

    def _build(self, member: Member) -> None:
        relaying = member.role is Role.EXCHANGE
        proxy = PROXIES[self.proxy.relay] if relaying else self.proxy
        table = Table(proxy, written_hops(member, proxy, self.by_id), written_rest(member, proxy), self.domains)
        self.routing.tables.setdefault(member.host, {})[proxy.name] = table
        self._check_written(member, table)
        if member.own_routes:
            return
        known = {hop.party_id for hop in table.hops}
        hops = self._relayed(member, table) if relaying else self._sent(member, table)
        table.hops += [hop for hop in hops if hop.party_id not in known]
        self._set_aside(member, table)
        self._check_tls(member, table)

    # what a party sends, and what an exchange relays ------------------------------------------------------------
    def _sent(self, member: Member, table: Table) -> Iterable[Hop]:
        host, ways = member.host, self.ways
        behind = ways.behind.get(host)
        hidden = ways.hidden(host) if behind else ()
        if behind and not hidden:
            if table.rest is None:
                table.rest = self._way_out(member, table, ways.exchanges[behind[0]])
            targets: Iterable[str] = dict.fromkeys([*self.open, *ways.exceptions.get(host, ())])
        else:
            targets = ways.parties
        for target in targets:
            if target == host or target not in ways.parties:
                continue
            way = ways.way(host, target)
            if way == NEVER:
                continue
            at = target if way == DIRECT else way
            hop = self._hop(member, table, ways.parties[target].party_id, at, relayed=way != DIRECT)
            if hop:
                yield hop

    def _way_out(self, member: Member, table: Table, exchange: Member) -> Hop | None:
        found = self._reach(member, exchange, PROXIES[self.proxy.relay], relayed=False)
        if isinstance(found, Endpoint):
            return Hop("", exchange.host, found, relayed=True)
        self._miss(member, exchange, found)
        table.unresolved_rest = True
        return None

    def _relayed(self, member: Member, table: Table) -> Iterable[Hop]:
        for target in self.ways.covered:
            exchanges = self.ways.behind.get(target, ())
            direct = not exchanges or member.host in exchanges
            at = target if direct else exchanges[0]
            hop = self._hop(member, table, self.ways.parties[target].party_id, at, relayed=not direct)
            if hop:
                yield hop

    def _hop(self, member: Member, table: Table, party_id: str, at: str, *, relayed: bool) -> Hop | None:
        """The line for a party: the same for all callers that are not on its own Kubernetes."""
        target = self.ways.exchanges[at] if relayed else self.ways.parties[at]
        by_exchange = member.role is Role.EXCHANGE
        inside = bool(member.kubernetes) and member.kubernetes == target.kubernetes
        key = (party_id, at, inside, by_exchange)
        if key in self._hops:
            return self._hops[key]
        proxy = PROXIES[self.proxy.relay] if relayed else self.proxy
        found = self._reach(member, target, proxy, relayed=by_exchange)
        if isinstance(found, Endpoint):
            self._hops[key] = Hop(party_id, at, found, relayed)
            return self._hops[key]
        self._miss(member, target, found)
        table.unresolved.add(party_id)
        return None

    def _reach(self, member: Member, target: Member, proxy: Proxy, *, relayed: bool) -> Endpoint | Unknown:
        inside = bool(member.kubernetes) and member.kubernetes == target.kubernetes
        key = (target.host, proxy.name, inside, relayed)
        if key not in self._reached:
            seen = self.seen.get(target.host, NOTHING)
            self._reached[key] = reach(target, proxy, member.kubernetes, seen, relayed=relayed)
        return self._reached[key]

    def _miss(self, member: Member, target: Member, found: Unknown) -> None:
        if found.pending:
            entry = Pending(target.host, self.proxy.name, found.reason, found.awaited)
            waiting = self.routing.pending.setdefault(member.host, [])
            if entry not in waiting:
                waiting.append(entry)
        else:
            callers = self.routing.missing.setdefault((target.host, found.reason, found.hint), {})
            callers[member.host] = member
        self.routing.titles[target.host] = target

    # what cannot be told, and what was written by hand ------------------------------------------------------------
    def _set_aside(self, member: Member, table: Table) -> None:
        """Nothing is said about members of which too little is known: what the table has about them stays."""
        for other in self.unread:
            if other.party_id and other.party_id != member.party_id:
                table.unresolved.add(other.party_id)
            elif not other.party_id:
                table.unresolved_strangers = True
        if self.twice:
            table.hops = [hop for hop in table.hops if hop.written is not None or hop.party_id not in self.twice]
            table.unresolved |= self.twice - {member.party_id}

    def _check_written(self, member: Member, table: Table) -> None:
        for hop in table.hops:
            if hop.target and self.ways.exceptions.get(member.host, {}).get(hop.target) == NEVER:
                self.routing.problems.append(
                    Problem(
                        f"The spec of {member.title} has a route to {hop.target} (party {hop.party_id}) in "
                        f"{table.proxy.table}, and fate_links says that the two must never talk.",
                        "Take one of the two out.",
                        (member.host,),
                    )
                )

    def _check_tls(self, member: Member, table: Table) -> None:
        if table.proxy.shape in ("pulsar", "sni") or speaks_tls(member, table.proxy):
            return  # with Pulsar, a way over an exchange brings TLS along
        lines = [*table.hops, *([table.rest] if table.rest else ())]
        closed = dict.fromkeys(hop.target for hop in lines if hop.endpoint.tls and hop.written is None)
        if closed:
            block = table.proxy.block
            self.routing.problems.append(
                Problem(
                    f"{listed(list(closed))} {'speak' if len(closed) > 1 else 'speaks'} TLS ({block}.enableTLS), and "
                    f"{member.title} has no certificate to do so.",
                    f"Set {block}.enableTLS for both or for none.",
                    (member.host,),
                )
            )


def address_of(proxy: Proxy, endpoint: Endpoint) -> tuple[str, str, int]:
    """What tells endpoints of one network apart: its name, host and first port."""
    return proxy.relay or proxy.name, endpoint.host, next(iter(endpoint.ports.values()), 0)


def _lines(tables: Mapping[str, Table]) -> Iterable[Hop]:
    for table in tables.values():
        yield from table.hops
        if table.rest is not None:
            yield table.rest


def _explain(routing: Routing) -> None:
    """One problem for each member that cannot be reached, whoever wants to: it is that member that has no address."""
    for (host, reason, hint), callers in routing.missing.items():
        target = routing.titles[host]
        routing.problems.append(
            Problem(
                f"There is no address by which {listed([caller.title for caller in callers.values()])} "
                f"{'reach' if len(callers) > 1 else 'reaches'} {target.title}: {reason}.",
                hint,
                (host,),
            )
        )
