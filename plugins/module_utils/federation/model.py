# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a federation: members, links, endpoints, tables, and what is wrong between members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..data import get
from ..facts.routing import Proxy
from ..spec.loading import INLINE


class Role(StrEnum):
    """A party trains; an exchange relays between parties."""

    PARTY = "party"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class Member:
    """One party or exchange, as far as the others are concerned.

    host: its name in the inventory. kubernetes: the API server's URL, empty for one that is not ours. chart, version:
    as the inventory names them. source: the files that speak of it, origins: dotted path in the spec to where exactly,
    for messages. advertise: address and ports that are
    given, for all proxies under the empty name. managed: False for one of another organisation. left: it is leaving.
    unread: its spec could not be read, so that little is known. inbound: others can call it. exchanges: those that it
    may go through, in order of preference; None for all there are. own_routes: its routes are those of its spec, and no
    others. node_address: type of address of a node.
    """

    host: str
    party_id: str = ""
    role: Role = Role.PARTY
    name: str = ""
    namespace: str = ""
    kubernetes: str = ""
    chart: str = ""
    version: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    advertise: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    managed: bool = True
    left: bool = False
    unread: bool = False
    inbound: bool = True
    exchanges: tuple[str, ...] | None = None
    own_routes: bool = False
    node_address: str = ""

    @property
    def title(self) -> str:
        return f"{self.host} ({self.source})" if self.source else self.host

    def named(self, path: str) -> str:
        """Its name, with where a key of its spec was written."""
        where = self.origins.get(path)
        return f"{self.host} ({where})" if where and where != INLINE else self.title

    def says(self, path: str) -> Any:
        """What its spec says at a dotted path; None where it says nothing."""
        return get(self.spec, path)


NEVER = "never"
DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Link:
    """An exception from how members reach each other. via: ``never``, ``direct`` or the host of an exchange.

    source: where it was written, for messages.
    """

    origins: tuple[str, ...]
    targets: tuple[str, ...]
    via: str
    both_ways: bool = True

    @property
    def title(self) -> str:
        arrow = "and" if self.both_ways else "to"
        return f"{', '.join(self.origins)} {arrow} {', '.join(self.targets)}: {self.via}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a proxy is reached. ports: by their name. how: given, service, node_port, load_balancer or ingress."""

    host: str
    ports: Mapping[str, int]
    how: str
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a proxy's address is not known. pending: it will be once its Service is there. awaited: that is there, and
    the address is on its way."""

    reason: str
    hint: str = ""
    pending: bool = False
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class Hop:
    """One line of a route table: where what is for ``party_id`` goes next.

    target: the member there, empty where it is none. relayed: it is an exchange. written: the line as a spec has it,
    where it was not made here: it was written by hand, or (held) is kept since the target's address is not known now.
    """

    party_id: str
    target: str
    endpoint: Endpoint
    relayed: bool = False
    written: Any = None
    held: bool = False

    @property
    def how(self) -> str:
        if self.held:
            return "held"
        return "spec" if self.written is not None else self.endpoint.how


@dataclass(slots=True)
class Table:
    """The route table of one proxy of one member.

    rest: where everything else goes. domains: under which a relay that goes by names is asked for parties. unresolved:
    party ids whose next hop cannot be told now; what the table says about them stays as it is. unresolved_rest: the
    same for everything else. unresolved_strangers: and for all party ids that are not in the federation, since the id
    of a member is not known.
    """

    proxy: Proxy
    hops: list[Hop] = field(default_factory=list)
    rest: Hop | None = None
    domains: tuple[str, ...] = ()
    unresolved: set[str] = field(default_factory=set)
    unresolved_rest: bool = False
    unresolved_strangers: bool = False

    @property
    def resolved(self) -> bool:
        return not (self.unresolved or self.unresolved_rest or self.unresolved_strangers)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong between members, or with one. hosts: those that cannot be deployed because of it."""

    text: str
    hint: str
    hosts: tuple[str, ...]

    def as_result(self) -> dict[str, Any]:
        return {"text": self.text, "hint": self.hint, "hosts": list(self.hosts)}


@dataclass(frozen=True, slots=True)
class Pending:
    """A route that is made once the target's Service has an address."""

    target: str
    proxy: str
    reason: str
    awaited: bool = False

    def as_result(self) -> dict[str, Any]:
        return {"to": self.target, "proxy": self.proxy, "reason": self.reason, "awaited": self.awaited}


@dataclass(slots=True)
class Routing:
    """The tables of a federation by host and proxy, and what is missing for some.

    pending: by the host whose table lacks it. missing: (target, reason, hint) to those who would call it. answering:
    network, host and port to who is there; only filled in where lines were written by hand. idle: members whose own
    needs do not count. avoided: exchanges that do not work at present.
    """

    tables: dict[str, dict[str, Table]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    pending: dict[str, list[Pending]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    missing: dict[tuple[str, str, str], dict[str, Member]] = field(default_factory=dict)
    titles: dict[str, Member] = field(default_factory=dict)
    answering: dict[tuple[str, str, int], str] = field(default_factory=dict)
    idle: frozenset[str] = frozenset()
    avoided: tuple[str, ...] = ()


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names in a sentence; of many the first few and their number."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} others"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
