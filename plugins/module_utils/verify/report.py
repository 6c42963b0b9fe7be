# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was verified, in lines for a person. Pure: from results to text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .model import Verdict

ORDER = (Verdict.FAIL, Verdict.WARN, Verdict.SIMULATED, Verdict.PASS)
COLUMNS = ("verdict", "check", "from", "to", "what", "found")
WIDEST = 46


def counts(results: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many of each verdict."""
    found = {str(verdict): 0 for verdict in ORDER}
    for result in results:
        found[result["verdict"]] += 1
    return found


def summary(found: Mapping[str, int]) -> str:
    """One line; what is simulated comes first."""
    told = [f"{found[str(verdict)]} {verdict}" for verdict in ORDER if found[str(verdict)]]
    if found[str(Verdict.SIMULATED)]:
        return f"SIMULATED: {found[str(Verdict.SIMULATED)]} of these checks were not made: the pods are simulated. " + (
            ", ".join(told)
        )
    return ", ".join(told) or "There was nothing to check."


def lines(verified: Mapping[str, Any], every: bool = False) -> list[str]:
    """The summary, then a table, the worst first, then what to do. every: also what passed or is simulated."""
    shown = [
        result
        for verdict in ORDER
        for result in verified["results"]
        if result["verdict"] == verdict and (every or verdict in (Verdict.FAIL, Verdict.WARN))
    ]
    rows = [COLUMNS, *(_row(result) for result in shown)] if shown else []
    widths = [min(WIDEST, max(len(row[place]) for row in rows)) for place in range(len(COLUMNS) - 1)] if rows else []
    table = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
    todo = dict.fromkeys(
        f"{result['host']}: {result['hint']}"
        for result in shown
        if result["hint"] and result["verdict"] != Verdict.PASS
    )
    return [summary(verified["counts"]), *table, *todo]


def _row(result: Mapping[str, Any]) -> tuple[str, ...]:
    seen = f" (seen from {result['seen_from']})" if result["seen_from"] else ""
    what = (result["verdict"], result["check"], result["host"], result["target"], result["subject"])
    return (*what, result["text"] + seen)
