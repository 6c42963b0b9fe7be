# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A federation: its members, what is wrong between them, and the routes from one to the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..data import get


@dataclass(frozen=True, slots=True)
class Member:
    """One party, as far as the others are concerned.

    host: its name in the inventory. kubernetes: the API server's URL. source: where its spec came from, for messages.
    node_host: address of a node, where one was found. own_routes: its routes are those of its spec, and no others.
    """

    host: str
    name: str
    namespace: str
    kubernetes: str
    spec: Mapping[str, Any]
    source: str = ""
    advertise_host: str = ""
    advertise_port: int = 0
    node_host: str = ""
    own_routes: bool = False

    @property
    def party_id(self) -> str:
        return str(get(self.spec, "partyId", ""))

    @property
    def title(self) -> str:
        return f"{self.host} ({self.source})" if self.source else self.host


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong between members, or with one. hosts: those that cannot be deployed because of it."""

    text: str
    hint: str
    hosts: tuple[str, ...]

    def as_result(self) -> dict[str, Any]:
        return {"text": self.text, "hint": self.hint, "hosts": list(self.hosts)}


@dataclass(frozen=True, slots=True)
class Route:
    """The way from one party to another. how: given, service, node_port or spec (written by hand)."""

    source: str
    target: str
    address: str
    port: int
    how: str

    def as_result(self) -> dict[str, Any]:
        return {"from": self.source, "to": self.target, "address": self.address, "port": self.port, "how": self.how}


@dataclass(slots=True)
class Routing:
    """The routes of a federation, and what is missing for some."""

    routes: list[Route] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
