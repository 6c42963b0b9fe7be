# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tables as a spec has them: read what was written by hand, and write what was made here."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from ..data import put
from ..facts import routing as facts
from ..facts.routing import PROXIES, Proxy
from .model import Endpoint, Hop, Member, Table
from .proxies import speaks_tls

BROKER_PORTS = (6650, 6651)
"""Ports of a Pulsar broker behind a relay that goes by names: those of the broker, whatever its Service publishes."""


def written_hops(member: Member, proxy: Proxy, by_id: Mapping[str, Member]) -> list[Hop]:
    """The lines that a spec itself has. by_id: party id to member."""
    found = []
    for party_id, line in lines_written(member.says(proxy.table), proxy).items():
        if proxy.shape in ("pulsar", "rabbitmq") and party_id == member.party_id:
            continue  # the way to itself is no route to another
        target = by_id.get(party_id)
        found.append(Hop(party_id, target.host if target else "", read_line(line, proxy), written=line))
    return found


def written_rest(member: Member, proxy: Proxy) -> Hop | None:
    """The way to everybody else that a spec itself has."""
    line = member.says(proxy.default) if proxy.default else None
    if not isinstance(line, Mapping) or not line.get("ip"):
        return None
    return Hop("", "", read_rest(line, proxy), written=line)


def lines_written(value: Any, proxy: Proxy) -> dict[str, Any]:
    """Party id to line, in whatever shape the table is written."""
    match proxy.shape:
        case "party_list":
            return {str(entry.get("partyId")): entry for entry in _mappings(value)}
        case "sni":
            named = _mappings(value.get("sni") if isinstance(value, Mapping) else None)
            return {str(entry.get("fqdn")).partition(".")[0]: entry for entry in named}
        case _:
            said = value if isinstance(value, Mapping) else {}
            return {str(key): line for key, line in said.items() if isinstance(line, Mapping)}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def read_line(line: Mapping[str, Any], proxy: Proxy) -> Endpoint:
    """Where a line leads. What cannot be read is left empty: the chart's schema has the better sentence for it."""
    match proxy.shape:
        case "party_list":
            port = line.get("partyPort") or proxy.ports[0].number
            return Endpoint(str(line.get("partyIp") or ""), _ports(proxy, port), "spec", line.get("useSSL") is True)
        case "nginx":
            services = line.get("fateflow") or line.get("proxy")
            first = services[0] if isinstance(services, list) and services else {}
            at = first if isinstance(first, Mapping) else {}
            ports = _ports(proxy, at.get("http_port"), at.get("grpc_port"))
            return Endpoint(str(at.get("host") or ""), ports, "spec", line.get("useSSL") is True)
        case "sni":
            host, _colon, port = str(line.get("tunnelRoute") or "").rpartition(":")
            return Endpoint(host, _ports(proxy, port), "spec", True)
        case _:
            relay, _colon, port = str(line.get("proxy") or "").rpartition(":")
            if relay:
                return Endpoint(relay, _ports(PROXIES[proxy.relay], port), "spec", True)
            ports = _ports(proxy, line.get("port"), line.get("sslPort"))
            return Endpoint(str(line.get("host") or ""), ports, "spec", line.get("useSSL") is True)


def read_rest(line: Mapping[str, Any], proxy: Proxy) -> Endpoint:
    """Where the way to everybody else leads."""
    at = PROXIES[proxy.relay]
    numbers = (line.get("httpPort"), line.get("grpcPort")) if proxy.shape == "nginx" else (line.get("port"),)
    return Endpoint(str(line.get("ip") or ""), _ports(at, *numbers), "spec", line.get("useSSL") is True)


def _ports(proxy: Proxy, *numbers: Any) -> dict[str, int]:
    found = {}
    for port, number in zip(proxy.ports, numbers, strict=False):
        if str(number or "").isdigit():
            found[port.name] = int(number)
    return found


def additions(member: Member, tables: Mapping[str, Table]) -> dict[str, Any]:
    """What is merged over a member's spec so that it has these tables. Lines written by hand stay as they are."""
    out: dict[str, Any] = {}
    if member.own_routes:
        return out
    for table in tables.values():
        proxy = table.proxy
        made = [hop for hop in table.hops if hop.written is None or hop.held]
        lines = _write(member, proxy, made, table.hops, table.domains)
        if lines:
            put(out, proxy.table, lines)
        if table.rest is not None and (table.rest.written is None or table.rest.held):
            put(out, proxy.default, _write_rest(member, proxy, table.rest))
        elif proxy.shape == "pulsar" and any(hop.relayed for hop in made):
            put(out, "pulsar.enableTLS", True)  # what a way to everybody else would have brought about
    return out


def _write(member: Member, proxy: Proxy, made: Sequence[Hop], hops: Sequence[Hop], domains: Sequence[str]) -> Any:
    """A list is written as a whole, since merging replaces lists; of a mapping, only what was made here."""
    own = speaks_tls(member, proxy)
    match proxy.shape:
        case "party_list":
            return [_line(member, proxy, hop, own) for hop in hops] if made else []
        case "sni":
            return {"sni": [line for hop in hops for line in _names(hop, domains)]} if made else {}
        case _:
            lines = {hop.party_id: _line(member, proxy, hop, own) for hop in made}
            if lines and proxy.shape in ("pulsar", "rabbitmq"):
                lines = {**_itself(member, proxy), **lines}
            return lines


def _line(member: Member, proxy: Proxy, hop: Hop, own_tls: bool) -> Any:
    if hop.written is not None:
        return copy.deepcopy(hop.written)
    at = hop.endpoint
    tls = {"useSSL": at.tls} if at.tls != own_tls else {}
    match proxy.shape:
        case "party_list":
            return {"partyId": hop.party_id, "partyIp": at.host, "partyPort": at.ports["port"], **tls}
        case "nginx":
            where = {"host": at.host, "http_port": at.ports["http_port"], "grpc_port": at.ports["grpc_port"]}
            return {"proxy": [where], "fateflow": [dict(where)], **tls}
        case "rabbitmq":
            return {"host": at.host, "port": at.ports["port"], **tls}
        case "pulsar" if hop.relayed:
            host, (port, tls_port) = f"{hop.party_id}.{domain_of(member)}", BROKER_PORTS
            return {"host": host, "port": port, "sslPort": tls_port, "proxy": f"{at.host}:{at.ports['port']}"}
        case _:
            return {"host": at.host, "port": at.ports["port"], "sslPort": at.ports["tls_port"], "proxy": ""}


def _names(hop: Hop, domains: Sequence[str]) -> list[Any]:
    """The lines of a relay that goes by names."""
    if hop.written is not None:
        return [copy.deepcopy(hop.written)]
    number = hop.endpoint.ports["port" if hop.relayed else "tls_port"]
    return [{"fqdn": f"{hop.party_id}.{domain}", "tunnelRoute": f"{hop.endpoint.host}:{number}"} for domain in domains]


def _write_rest(member: Member, proxy: Proxy, rest: Hop) -> dict[str, Any]:
    at = rest.endpoint
    tls = {"useSSL": at.tls} if at.tls != speaks_tls(member, proxy) else {}
    match proxy.shape:
        case "nginx":
            return {"ip": at.host, "httpPort": at.ports["http_port"], "grpcPort": at.ports["grpc_port"], **tls}
        case "pulsar":
            return {"ip": at.host, "port": at.ports["port"], "domain": domain_of(member)}
        case _:
            return {"ip": at.host, "port": at.ports["port"], **tls}


def _itself(member: Member, proxy: Proxy) -> dict[str, Any]:
    """The line about the party itself, which a table that is given has to repeat. A broker elsewhere is named in the
    block of FATE-Flow."""
    said = member.says(f"python.{proxy.name}")
    block = said if isinstance(said, Mapping) else {}
    host = str(block.get("host") or proxy.service)
    port = int(block.get("port") or proxy.ports[0].number)
    if proxy.shape == "rabbitmq":
        return {member.party_id: {"host": host, "port": port}}
    return {member.party_id: {"host": host, "port": port, "sslPort": BROKER_PORTS[1], "proxy": ""}}


def domain_of(member: Member) -> str:
    """The domain under which the member looks for Pulsar's names."""
    return str(member.says(facts.DOMAIN_PATH) or facts.DOMAIN)
