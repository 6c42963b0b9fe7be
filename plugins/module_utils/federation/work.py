# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done of a federation's plan: which hosts, in which order, and what that leaves undone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .model import listed
from .waves import waves

Planned = Mapping[str, Any]
"""Result of ``fate_federation_info``."""


def work(
    planned: Planned,
    hosts: Iterable[str],
    numbers: Mapping[str, Any],
    delegates: Mapping[str, str],
    shares: Any,
    percentage: float = 100.0,
) -> dict[str, Any]:
    """The hosts that there is something to do for, in order; the sizes of their waves; and, of each wave, who carries
    out the work of whom.

    hosts: those that a run may change. numbers: host to its wave. delegates: host to the machine that its work is done
    on. shares: see ``waves``. percentage: of a wave that may fail, as in ``halts``. First comes what cannot be planned
    or is not ready. What cannot be planned is a wave of its own only where it is to end the run: Ansible ends one after
    a wave of which all failed.
    """
    allowed = set(hosts)
    wanted = [host for host in to_do(planned) if host in allowed]
    failing = [host for host in wanted if planned["parties"][host]["failed"]]
    unready = [host for host in wanted if host in planned["unready"]]
    others = [host for host in wanted if host not in failing and host not in unready]
    others.sort(key=lambda host: not _is_ill(planned["parties"][host]))
    roles = {host: planned["parties"][host]["role"] for host in wanted}
    batches = [batch for group in (unready, others) if group for batch in waves(group, roles, numbers, shares)]
    if failing and batches and percentage >= 100:
        batches[0] = [*batches[0], *failing]
    elif failing:
        batches.insert(0, failing)
    leaders: dict[str, list[str]] = {}
    for batch in batches:
        by_machine: dict[str, list[str]] = {}
        for host in batch:
            by_machine.setdefault(delegates.get(host, ""), []).append(host)
        leaders |= {group[0]: group for group in by_machine.values()}
    return {
        "order": [host for batch in batches for host in batch],
        "waves": [len(batch) for batch in batches],
        "leaders": leaders,
    }


def to_do(planned: Planned) -> list[str]:
    """The members that are ours and that are changed, waited for, or noted as proven; and those that failed."""
    return [
        host
        for host, party in planned["parties"].items()
        if party["managed"] and is_to_do(party, unready=host in planned["unready"])
    ]


def is_to_do(party: Mapping[str, Any], *, unready: bool) -> bool:
    """Whether there is anything to do for a party, if it is ours. unready: it need not be changed, and is not ready."""
    return bool(party["changed"] or party["failed"] or not party["proven"] or unready)


def _is_ill(party: Mapping[str, Any]) -> bool:
    """Whether a party is deployed and not ready."""
    cluster = party.get("cluster") or {}
    return bool(cluster.get("revision")) and not cluster.get("ready")


def left_out(planned: Planned, hosts: Iterable[str]) -> list[str]:
    """What stays inconsistent since only these hosts are changed, in sentences."""
    allowed = set(hosts)
    lines = []
    changing = set(planned["changing"])
    for host, party in planned["parties"].items():
        if host in allowed or not party["managed"]:
            continue
        if party["failed"]:
            lines.append(f"{host} is left out, and could not be planned: {party['msg']}")
        elif host in changing:
            ways = dict.fromkeys(way["to"] for way in party["routes"] if way["to"] in allowed & changing)
            about = f", and its routes to {listed(list(ways))} may be old ones" if ways else ""
            lines.append(f"{host} is left out: it stays as it is{about}, until it is deployed, too.")
    return lines


def remaining(order: Sequence[str], sizes: Sequence[int], hosts: Sequence[str]) -> list[str]:
    """The hosts of the waves that come after the one that these hosts are in."""
    start = 0
    for size in sizes:
        wave = order[start : start + size]
        start += size
        if set(wave) & set(hosts):
            return list(order[start:])
    return []


def halts(outcomes: Mapping[str, Mapping[str, Any]], percentage: float) -> bool:
    """Whether so many of a wave failed that the run ends, by Ansible's rules: all of it, or more than
    ``max_fail_percentage``."""
    failed = sum(bool(outcome.get("failed")) for outcome in outcomes.values())
    return failed > 0 and (failed == len(outcomes) or 100.0 * failed / len(outcomes) > percentage)


def outcome_of(host: str, done: Mapping[str, Any], party: Mapping[str, Any]) -> dict[str, Any]:
    """What became of one host. done: result of ``fate_clusters`` for its wave. party: its part of the plan."""
    if party["failed"]:
        return {"failed": True, "changed": False, "msg": party["msg"], "failure": party["failure"]}
    found = (done.get("clusters") or {}).get(host)
    if found is not None:
        return dict(found)
    said = str(done.get("msg") or "Nothing was done.")
    return {
        "failed": True,
        "changed": False,
        "msg": said,
        **({"failure": done["failure"]} if "failure" in done else {}),
    }


def cut_off(entries: Sequence[Mapping[str, Any]], leaving: Iterable[str]) -> list[str]:
    """Parties that would have no exchange left if these hosts were gone. entries: what the filter ``parties`` gives."""
    gone = set(leaving)
    exchanges = [str(entry["host"]) for entry in entries if entry.get("role") == "exchange"]
    found = []
    for entry in entries:
        if entry["host"] in gone or entry.get("role") == "exchange" or entry.get("state") == "left":
            continue
        named = (
            exchanges if entry.get("exchanges") is None else [name for name in entry["exchanges"] if name in exchanges]
        )
        if named and gone.issuperset(named):
            found.append(str(entry["host"]))
    return found
