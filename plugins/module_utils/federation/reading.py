# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tables as the proxies read them, from the ConfigMaps of a release or of a namespace.

A line is given as a spec has it, so that it can be kept. Formats: FATE java/osx and FATE-Serving (route_table.json),
FATE c/proxy (route_table.yaml), FATE-Flow's tables of the message queues, Traffic Server's sni.yaml.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..data import get
from ..errors import KubefateError
from ..facts.routing import TABLE_FILES, Proxy
from ..objects import Object
from ..yamltext import parse_yaml
from .model import Hop, Member, Table
from .proxies import speaks_tls
from .tables import lines_written, read_line, read_rest

Line = Mapping[str, Any]


def file_of(objects: Iterable[Object], proxy: Proxy) -> Mapping[str, Any]:
    """The table of a proxy as parsed, empty where there is none that can be read."""
    name = TABLE_FILES[proxy.name]
    for obj in objects:
        text = (obj.get("data") or {}).get(name) if obj.get("kind") == "ConfigMap" else None
        if text:
            try:
                found = json.loads(text) if name.endswith(".json") else parse_yaml(str(text), name)
            except (ValueError, KubefateError):
                continue
            if isinstance(found, Mapping):
                return found
    return {}


def lines_of(member: Member, proxy: Proxy, objects: Iterable[Object]) -> tuple[dict[str, Line], Line | None]:
    """Party id to line, and the way to everybody else, as the ConfigMaps among the objects say it."""
    content = file_of(objects, proxy)
    match proxy.shape:
        case "party_list":
            return _from_json(member, proxy, content)
        case "sni":
            named = {str(entry.get("fqdn")): entry.get("tunnel_route") for entry in content.get("sni") or []}
            return {
                name.partition(".")[0]: {"fqdn": name, "tunnelRoute": route} for name, route in named.items() if route
            }, None
        case _:
            lines = {str(key): line for key, line in content.items() if isinstance(line, Mapping)}
            lines.pop(member.party_id, None)
            return lines, _rest(proxy, lines.pop("default", None))


def _from_json(member: Member, proxy: Proxy, content: Mapping[str, Any]) -> tuple[dict[str, Line], Line | None]:
    own_tls = speaks_tls(member, proxy)
    lines: dict[str, Line] = {}
    rest: Line | None = None
    for party_id, roles in (content.get("route_table") or {}).items():
        entries = roles.get("default") if isinstance(roles, Mapping) else None
        if not isinstance(entries, list) or not entries or str(party_id) == member.party_id:
            continue
        first = entries[0]
        tls = first.get("useSSL") is True
        extra = {"useSSL": tls} if tls != own_tls else {}
        if party_id == "default":
            rest = {"ip": first.get("ip"), "port": first.get("port"), **extra}
        else:
            where = {"partyId": str(party_id), "partyIp": first.get("ip"), "partyPort": first.get("port")}
            lines[str(party_id)] = {**where, **extra}
    return lines, rest


def _rest(proxy: Proxy, line: Any) -> Line | None:
    if not isinstance(line, Mapping):
        return None
    if proxy.shape == "nginx":
        first = (line.get("proxy") or [{}])[0]
        return {"ip": first.get("host"), "httpPort": first.get("http_port"), "grpcPort": first.get("grpc_port")}
    host, _colon, port = str(line.get("proxy") or "").rpartition(":")
    return {"ip": host, "port": int(port), "domain": line.get("domain")} if host and port.isdigit() else None


def lines_in(values: Mapping[str, Any], proxy: Proxy) -> tuple[dict[str, Line], Line | None] | None:
    """The same from the values of a release, where its chart has the blocks of a spec there; None where it has not."""
    for prefix in ("modules.", ""):
        table, rest = get(values, prefix + proxy.table), get(values, prefix + proxy.default) if proxy.default else None
        there = isinstance(rest, Mapping) and bool(rest.get("ip"))
        if table is not None or there:
            return lines_written(table, proxy), rest if there else None
    return None


def keep(
    member: Member,
    table: Table,
    values: Mapping[str, Any],
    objects: Iterable[Object],
    known: Mapping[str, Member],
) -> Table:
    """The same table with what the release has now in place of what cannot be told.

    values, objects: of the release; the values say all that a spec can say. known: party id to member.
    """
    lines, rest = lines_in(values, table.proxy) or lines_of(member, table.proxy, objects)
    there = {hop.party_id for hop in table.hops}
    kept = []
    for party_id, line in lines.items():
        wanted = party_id in table.unresolved or (table.unresolved_strangers and party_id not in known)
        if wanted and party_id not in there and party_id != member.party_id:
            target = known.get(party_id)
            endpoint = read_line(line, table.proxy)
            kept.append(Hop(party_id, target.host if target else "", endpoint, written=line, held=True))
    out = replace(table, hops=[*table.hops, *kept])
    if table.unresolved_rest and rest is not None:
        out.rest = Hop("", "", read_rest(rest, table.proxy), relayed=True, written=rest, held=True)
    return out
