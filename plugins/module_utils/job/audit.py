# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who did what, and when, as job records tell it: information, no proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..errors import bad_input

KEYS = ("start", "end", "namespace", "cluster", "method", "revision", "status", "creator", "runner", "chart", "id")


def audit_entries(jobs: Iterable[Mapping[str, Any]], since: str = "") -> list[dict[str, Any]]:
    """One entry for each job, oldest first.

    jobs: as ``fate_job_info`` lists them, perhaps of several parties. since: a date or a time, in UTC where it does not
    say otherwise. Raises ``KubefateError`` for what is none.
    """
    start = _moment(since)
    found = {str(job["id"]): {key: job.get(key, "") for key in KEYS} for job in jobs}
    wanted = [entry for entry in found.values() if start is None or datetime.fromisoformat(entry["start"]) >= start]
    return sorted(wanted, key=lambda entry: (entry["start"], entry["id"]))


def _moment(since: str) -> datetime | None:
    if not since:
        return None
    try:
        found = datetime.fromisoformat(since)
    except ValueError:
        raise bad_input(f"{since!r} is no time.", "Write it as 2026-03-31 or 2026-03-31T12:00:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def audit_lines(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each entry: when, what, to what, by whom and from where, and how it went."""
    return [_line(entry) for entry in entries] or ["There are no job records."]


def _line(entry: Mapping[str, Any]) -> str:
    to = f"{entry['namespace']}/{entry['cluster']}" + (f" revision {entry['revision']}" if entry["revision"] else "")
    by = entry["creator"] or "somebody that the API server did not name"
    where = f", from {entry['runner']}" if entry["runner"] else ""
    return f"{entry['start']}  {entry['method']:20} {to}: {entry['status']}, by {by}{where}"
