# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What planning a federation tells: parties, problems between them, and the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...certificates.wanted import tls_modules
from ...federation.graph import edges, edges_total, nodes
from ...federation.model import Problem, Routing
from ...federation.report import SHOWN_ROUTES
from ...federation.work import is_to_do
from ...plan.show import LateDiff, pending_diff
from ..target import large_ids
from .model import Party


def result_of(
    parties: Sequence[Party], problems: Sequence[Problem], routing: Routing, *, brief: bool = False
) -> dict[str, Any]:
    """The published shape. brief: of parties that stay as they are, less: each value takes Ansible time, and in a mesh
    there are as many routes as pairs of parties."""
    told = {party.host: _party(party, routing) for party in parties}
    certificates = any(result["tls"] for result in told.values())  # are made from all routes
    for host, result in told.items():
        short = brief and not is_to_do(result, unready=_is_unready(result))
        if short and result.get("cluster"):
            result["cluster"] = _seen_from_outside(result["cluster"])
        if short and not certificates and result["routes_total"] > SHOWN_ROUTES:
            result["additions"] = {}
        else:
            result["routes"] = edges(routing, host)
    members = [party.member for party in parties if party.member]
    return {
        "changed": False,
        "parties": told,
        "problems": [problem.as_result() for problem in problems],
        "graph": {"nodes": nodes(members), "edges": [edge for result in told.values() for edge in result["routes"]]},
        "servers": sorted({party.connection.server for party in parties if party.connection}),
        "changing": [host for host, result in told.items() if result["changed"] and not result["failed"]],
        "failing": [host for host, result in told.items() if result["failed"]],
        "unready": [host for host, result in told.items() if _is_unready(result)],
        "pending": {host: [one.as_result() for one in found] for host, found in routing.pending.items()},
        "avoided": [host for host in routing.avoided if not told[host]["failed"]],
        "diff": LateDiff((lambda: _diff(parties, routing),)),
        "warnings": [
            *routing.warnings,
            *(f"{party.host}: {text}" for party in parties for text in _warnings(party)),
        ],
    }


def _party(party: Party, routing: Routing) -> dict[str, Any]:
    member = party.member
    out: dict[str, Any] = {
        "role": str(party.role),
        "managed": party.managed,
        "party_id": member.party_id if member else "",
        "name": party.name,
        "namespace": party.namespace,
        "kubernetes": party.connection.server if party.connection else "",
        "connection": party.connection.origin if party.connection else "",
        "version": member.version if member else "",
        "changed": False,
        "failed": False,
        "proven": False,
        "additions": party.added,
        "routes": [],
        "routes_total": edges_total(routing, party.host),
        "tls": tls_modules(party.spec.data) if party.spec and party.managed else [],
        **{key: value for key, value in party.result.items() if key != "diff"},
    }
    waiting = _waiting(party, routing)
    if waiting and "plan" in out:
        out["plan"] = {**out["plan"], "known_after_apply": [*out["plan"]["known_after_apply"], *waiting]}
        out["summary"] = [*out["summary"], *(f"known after apply: {text}" for text in waiting)]
    if party.error is not None:
        out.update(failed=True, msg=party.error.msg, failure=party.error.as_failure())
    return out


def _seen_from_outside(cluster: dict[str, Any]) -> dict[str, Any]:
    endpoints = cluster.get("endpoints") or ()
    return {**cluster, "endpoints": [endpoint for endpoint in endpoints if endpoint["scope"] != "cluster"]}


def _waiting(party: Party, routing: Routing) -> list[str]:
    return [f"the route to {one.target} over {one.proxy}: {one.reason}" for one in routing.pending.get(party.host, ())]


def _is_unready(result: dict[str, Any]) -> bool:
    """Whether a party that need not be changed is not ready all the same."""
    cluster = result.get("cluster") or {}
    return bool(not result["failed"] and not result["changed"] and cluster and not cluster["ready"])


def _diff(parties: Sequence[Party], routing: Routing) -> list[dict[str, str]]:
    shown: list[dict[str, str]] = []
    for party in parties:
        if "diff" in party.result:
            shown += party.result["diff"].entries()
        waiting = _waiting(party, routing)
        if waiting and party.error is None:
            shown.append(pending_diff(party.namespace, waiting))
    return shown


def _warnings(party: Party) -> list[str]:
    if party.target is None:
        return party.warnings
    large = large_ids(party.target, party.values) if party.values else ()
    return [*party.warnings, *party.target.warnings, *large]
