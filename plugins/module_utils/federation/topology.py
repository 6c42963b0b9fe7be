# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who talks to whom, and which way: directly, through an exchange, or never.

A member without an exchange is reached directly by everybody. What goes through exchanges needs one line in a table,
whatever the number of parties; only exceptions are kept pair by pair.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ..facts.routing import Proxy
from .model import DIRECT, NEVER, Link, Member, Problem, Role, listed
from .proxies import proxies_of, relays


@dataclass(slots=True)
class Topology:
    """The ways of one proxy's network.

    parties, exchanges: those that take part, by host. behind: party to the exchanges that it goes through, the active
    one first. exceptions: from, to, and then ``never``, ``direct`` or an exchange. covered: parties that exchanges
    know.
    """

    proxy: Proxy
    parties: dict[str, Member] = field(default_factory=dict)
    exchanges: dict[str, Member] = field(default_factory=dict)
    behind: dict[str, tuple[str, ...]] = field(default_factory=dict)
    exceptions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    covered: dict[str, None] = field(default_factory=dict)

    def way(self, origin: str, target: str) -> str:
        """``never``, ``direct``, or the exchange that what ``origin`` sends to ``target`` goes through first."""
        said = self.exceptions.get(origin, {}).get(target)
        if said in (NEVER, DIRECT) or said in self.exchanges:
            return str(said)
        if self.behind.get(origin) and self.behind.get(target):
            return self.behind[origin][0]
        return DIRECT

    def hidden(self, origin: str) -> list[str]:
        """Parties that exchanges know and that ``origin`` must never reach: a way to everybody else would lead there,
        too."""
        said = self.exceptions.get(origin, {})
        return [target for target, way in said.items() if way == NEVER and target in self.covered]


def topology(
    proxy: Proxy, members: Sequence[Member], exceptions: Mapping[str, Mapping[str, str]], down: Collection[str] = ()
) -> Topology:
    """The network of one proxy. down: exchanges that do not work at present, which are used last."""
    here = [member for member in members if not (member.left or member.unread)]
    parties = {m.host: m for m in here if m.role is Role.PARTY and proxy in proxies_of(m)}
    exchanges = {m.host: m for m in here if m.role is Role.EXCHANGE and relays(m, proxy)}
    behind = {}
    for host, member in parties.items():
        wanted = exchanges if member.exchanges is None else member.exchanges
        usable = [name for name in wanted if name in exchanges]
        if usable:
            behind[host] = tuple(sorted(usable, key=lambda name: name in down))
    covered = dict.fromkeys(behind)
    for said in exceptions.values():
        covered |= dict.fromkeys(target for target, way in said.items() if way in exchanges and target in parties)
    return Topology(proxy, parties, exchanges, behind, exceptions, covered)


def exceptions(members: Sequence[Member], links: Sequence[Link]) -> tuple[dict[str, dict[str, str]], list[Problem]]:
    """Links as (from, to) pairs, a later one over an earlier, and what is wrong with them."""
    known = {member.host: member for member in members}
    found: dict[str, dict[str, str]] = {}
    problems = []
    for link in links:
        strangers = [host for host in dict.fromkeys((*link.origins, *link.targets)) if host not in known]
        exchange = known.get(link.via)
        if strangers:
            problems.append(
                Problem(
                    f"fate_links ({link.title}) names {listed(strangers)}, which is not in the federation.",
                    "Write the names of hosts or groups of the inventory, or take the entry out.",
                    tuple(host for host in (*link.origins, *link.targets) if host in known),
                )
            )
        elif link.via not in (NEVER, DIRECT) and (exchange is None or exchange.role is not Role.EXCHANGE):
            problems.append(
                Problem(
                    f"fate_links ({link.title}): {link.via} is not an exchange of the federation.",
                    "Write never, direct, or the host of an exchange: "
                    f"{listed(_exchanges(members)) or 'there is none'}.",
                    (*link.origins, *link.targets),
                )
            )
        else:
            _enter(found, link)
    return found, list({problem.text: problem for problem in problems}.values())


def _exchanges(members: Sequence[Member]) -> list[str]:
    return [member.host for member in members if member.role is Role.EXCHANGE]


def _enter(found: dict[str, dict[str, str]], link: Link) -> None:
    for origin in link.origins:
        for target in link.targets:
            if origin != target:
                found.setdefault(origin, {})[target] = link.via
                if link.both_ways:
                    found.setdefault(target, {})[origin] = link.via


def wrong_exchanges(members: Sequence[Member]) -> list[Problem]:
    """Exchanges that parties name and cannot use: that are none, have left, or do not relay what a party speaks."""
    known = {member.host: member for member in members}
    problems = []
    for name, naming in _named(members).items():
        exchange = known.get(name)
        if exchange is None or exchange.role is not Role.EXCHANGE:
            what = "is a party" if exchange else "is not in the federation"
            problems.append(
                Problem(
                    f"{listed([member.title for member in naming])} {_go(naming)} through the exchange {name}, which "
                    f"{what}.",
                    f"Correct fate_exchange, or add {name} to the inventory with fate_role: exchange. Exchanges of the "
                    f"federation: {listed(_exchanges(members)) or 'none'}.",
                    tuple(member.host for member in naming),
                )
            )
            continue
        deaf = [m for m in naming if not any(relays(exchange, proxy) for proxy in proxies_of(m) if proxy.relay)]
        if deaf:
            needed = sorted({proxy.relay for member in deaf for proxy in proxies_of(member) if proxy.relay})
            problems.append(
                Problem(
                    f"The exchange {exchange.title} does not relay what {listed([member.title for member in deaf])} "
                    f"{'speak' if len(deaf) > 1 else 'speaks'}: {listed(needed) or 'nothing that an exchange relays'}.",
                    f"Add the module to {name}, or give another fate_exchange.",
                    tuple(member.host for member in deaf),
                )
            )
    return problems


def _named(members: Sequence[Member]) -> dict[str, list[Member]]:
    """Exchange to the parties that name it."""
    found: dict[str, list[Member]] = {}
    for member in members:
        if member.role is Role.PARTY and not member.left:
            for name in member.exchanges or ():
                found.setdefault(name, []).append(member)
    return found


def _go(members: Sequence[Member]) -> str:
    return "go" if len(members) > 1 else "goes"
