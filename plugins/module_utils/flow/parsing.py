# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FATE-Flow's answer to the question for its jobs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..facts.flow import ACTIVE, AUTHENTICATION_CODES, ROLES, SUCCESS
from .model import FlowJob, Known, Seat, Unknown, Verdict

SHOWN = 200
"""Characters of a foreign message that are shown."""


def verdict_of(answer: Any) -> Verdict:
    """What an answer says: its jobs, or why it says nothing."""
    if not isinstance(answer, Mapping) or "code" not in answer:
        return _strange("it is not an answer of FATE-Flow 2.x")
    code = answer["code"]
    if code != SUCCESS:
        return _refused(code, str(answer.get("message") or "no message")[:SHOWN])
    try:
        return Known(_jobs(answer["data"]["data"]))
    except (KeyError, TypeError, ValueError) as error:
        return _strange(f"{type(error).__name__} {error}"[:SHOWN])


def _refused(code: Any, message: str) -> Unknown:
    if code in AUTHENTICATION_CODES:
        hint = "It wants callers to identify themselves, which cannot be done here; look at its jobs yourself."
        return Unknown(f"FATE-Flow refuses to list its jobs: {message} (code {code}).", hint, passing=False)
    return Unknown(f"FATE-Flow failed to list its jobs: {message} (code {code}).", "Look at its log.")


def _strange(why: str) -> Unknown:
    return Unknown(
        f"The answer to the question for jobs is not understood: {why}.",
        "FATE-Flow 2.x is asked; look at the jobs of another one yourself.",
        passing=False,
    )


def _jobs(rows: Sequence[Any]) -> tuple[FlowJob, ...]:
    """One job for each id: FATE-Flow has a row for each of its own parts in a job."""
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise TypeError("the jobs are no list")
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if str(row["status"]) in ACTIVE:
            grouped.setdefault(str(row["job_id"]), []).append(row)
    return tuple(_job(job_id, grouped[job_id]) for job_id in sorted(grouped))


def _job(job_id: str, rows: Sequence[Mapping[str, Any]]) -> FlowJob:
    own = _sorted(Seat(str(row["role"]), str(row["party_id"])) for row in rows)
    everybody = {Seat(str(party["role"]), str(who)) for party in rows[0]["parties"] for who in party["party_id"]}
    starts = [int(row["start_time"]) for row in rows if row.get("start_time")]
    return FlowJob(
        job_id,
        min((str(row["status"]) for row in rows), key=ACTIVE.index),
        own,
        _sorted(everybody.difference(own)),
        str(rows[0].get("initiator_party_id") or ""),
        min(int(row.get("progress") or 0) for row in rows),
        min(starts, default=None),
    )


def _sorted(seats: Iterable[Seat]) -> tuple[Seat, ...]:
    """Guests first, as people name them."""
    rank = {role: place for place, role in enumerate(ROLES)}
    return tuple(sorted(seats, key=lambda seat: (rank.get(seat.role, len(rank)), seat)))
