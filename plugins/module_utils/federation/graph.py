# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A federation as a graph: members, and from each the hops of its tables. Pure data, for results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .model import Hop, Member, Routing, Table
from .proxies import mode_of, proxies_of


def nodes(members: Iterable[Member]) -> list[dict[str, Any]]:
    """Each member as data."""
    return [
        {
            "host": member.host,
            "role": str(member.role),
            "party_id": member.party_id,
            "name": member.name,
            "namespace": member.namespace,
            "kubernetes": member.kubernetes,
            "managed": member.managed,
            "state": "left" if member.left else "present",
            "version": member.version,
            "engine": "" if member.unread else mode_of(member),
            "proxies": [] if member.unread else [proxy.name for proxy in proxies_of(member)],
        }
        for member in members
    ]


def edges(routing: Routing, host: str) -> list[dict[str, Any]]:
    """The hops of a member's tables. Those that lead to one place for several parties are one edge."""
    found: list[dict[str, Any]] = []
    for table in routing.tables.get(host, {}).values():
        found += _edges(host, table)
    return found


def edges_total(routing: Routing, host: str) -> int:
    """How many edges there are from a member, without making them."""
    return sum(
        len({_place(hop) if hop.relayed else hop.party_id for hop in table.hops}) + (table.rest is not None)
        for table in routing.tables.get(host, {}).values()
    )


def _edges(host: str, table: Table) -> list[dict[str, Any]]:
    found = []
    relayed: dict[tuple[str, str, str], dict[str, Any]] = {}
    for hop in table.hops:
        key = _place(hop)
        if hop.relayed and key in relayed:
            relayed[key]["party_ids"].append(hop.party_id)
            continue
        edge = {**_edge(host, table, hop), "party_ids": [hop.party_id], "default": False}
        if hop.relayed:
            relayed[key] = edge
        found.append(edge)
    if table.rest is not None:
        found.append({**_edge(host, table, table.rest), "party_ids": [], "default": True})
    return found


def _place(hop: Hop) -> tuple[str, str, str]:
    """What the hops have in common that are one edge, where they are relayed."""
    return hop.target, hop.endpoint.host, hop.how


def _edge(host: str, table: Table, hop: Hop) -> dict[str, Any]:
    at = hop.endpoint
    ports: Mapping[str, int] = at.ports
    return {
        "from": host,
        "to": hop.target,
        "proxy": table.proxy.name,
        "address": at.host,
        "port": next(iter(ports.values()), 0),
        "ports": dict(ports),
        "how": hop.how,
        "tls": at.tls,
    }
