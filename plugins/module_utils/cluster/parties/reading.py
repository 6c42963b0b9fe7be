# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the inventory says about a host to a member of the federation. Nothing is contacted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...data import canonical, plain
from ...errors import Kind, KubefateError, bad_input
from ...federation.model import Link, Member, Problem
from ...kube.connection import Connection, is_named
from ...kube.login import connect
from ...spec.loading import Spec, identity, load
from .charts import Charts
from .model import Party


class Reader:
    """Reads parties; a connection that several share is resolved once."""

    def __init__(self, use_current_context: bool, charts: Charts):
        self.use_current_context, self.charts = use_current_context, charts
        self._connections: dict[str, Connection | KubefateError] = {}

    def read(self, party: Party) -> None:
        """Fill in connection, spec and member. What fails ends the party's planning, not its membership."""
        unread = False
        try:
            party.spec = load(party.given.get("spec_files") or [], party.given.get("spec") or {})
        except KubefateError as error:
            party.error = error
            party.spec = Spec(plain(party.given.get("spec") or {}))
            unread = True
        try:
            if party.managed:
                party.connection = self._connection(party)
        except KubefateError as error:
            party.error = party.error or error
        name, namespace, _chart, _version = identity(party.spec)
        party.name = str(party.given.get("name") or name)
        party.namespace = str(party.given.get("namespace") or namespace or party.name)
        party.member = _member(party, party.spec, self.charts.fate_version(party.given, party.spec), unread=unread)

    def _connection(self, party: Party) -> Connection:
        options = party.given.get("connection") or {}
        if not is_named(options) and not self.use_current_context:
            raise bad_input(
                f"Nothing says which Kubernetes {party.host} is on.",
                "Give fate_kubeconfig, fate_context or fate_host; or set fate_use_current_context: true if the current "
                "context of your kubeconfig is really meant.",
                "connect",
            )
        key = canonical(plain(options))
        if key not in self._connections:
            try:
                self._connections[key] = connect(options)
            except KubefateError as error:
                self._connections[key] = error
        found = self._connections[key]
        party.key = key
        if isinstance(found, KubefateError):
            raise KubefateError(found.msg, found.kind, found.phase, found.hint)
        return found


def _member(party: Party, spec: Spec, version: str, *, unread: bool) -> Member:
    given = party.given
    exchanges = given.get("exchanges")
    files = [str(given.get("inventory") or ""), *map(str, given.get("spec_files") or [])]
    return Member(
        host=party.host,
        party_id=str(spec.data.get("partyId") or ""),
        role=party.role,
        name=party.name,
        namespace=party.namespace,
        kubernetes=party.connection.server if party.connection else "",
        chart=str(given.get("chart") or ""),
        version=version,
        spec=spec.data,
        origins=spec.origins,
        source=", ".join(name for name in files if name),
        advertise=_advertise(given),
        managed=party.managed,
        left=given.get("state") == "left",
        unread=unread,
        inbound=bool(given.get("inbound", True)),
        exchanges=None if exchanges is None else tuple(map(str, exchanges)),
        own_routes=given.get("routes") == "spec",
        node_address=str(given.get("node_address") or ""),
    )


def _advertise(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is given for single proxies, and under the empty name what is given for all."""
    found = {str(name): dict(entry) for name, entry in (given.get("advertise") or {}).items()}
    host, port = given.get("advertise_host"), given.get("advertise_port")
    found[""] = {key: value for key, value in (("host", host), ("port", port)) if value}
    return found


def read_links(entries: Sequence[Mapping[str, Any]]) -> list[Link]:
    """The exceptions between members, in order."""
    return [
        Link(
            tuple(map(str, entry["origins"])),
            tuple(map(str, entry["targets"])),
            str(entry["via"]),
            bool(entry.get("both_ways", True)),
        )
        for entry in entries
    ]


def refuse(parties: Mapping[str, Party], problem: Problem) -> None:
    """End the planning of those that cannot be deployed because of a problem."""
    for host in problem.hosts:
        party = parties.get(host)
        if party is not None and party.alive:
            party.error = KubefateError(problem.text, Kind.CONFLICT, "input", problem.hint)
