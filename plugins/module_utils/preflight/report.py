# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a preflight for a person: what is the same for several parties stands there once."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

WIDTH = 116
SHOWN = 4


def table_lines(looked: Mapping[str, Any], *, only_findings: bool = False) -> list[str]:
    """looked: the result of ``fate_preflight_info``. only_findings: leave out what passed."""
    together: dict[tuple[str, str, str, str], list[str]] = {}
    for row in looked["checks"]:
        if not (only_findings and row["status"] == "PASS"):
            key = (row["status"], row["check"], row["text"], row["hint"])
            together.setdefault(key, []).append(row["host"])
    order = ("FAIL", "WARN", "PASS")
    lines: list[str] = []
    for key in sorted(together, key=lambda key: order.index(key[0])):
        lines += _row(*key, together[key])
    count = looked["counts"]
    return [*lines, f"{count['pass']} PASS, {count['warn']} WARN, {count['fail']} FAIL"]


def _row(status: str, check: str, text: str, hint: str, hosts: Iterable[str]) -> list[str]:
    names = list(dict.fromkeys(hosts))
    who = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    head = f"{status} {check:13}"
    body = f"{text}: {who}" if status == "PASS" else f"{who}: {text}"
    lines = textwrap.wrap(f"{head} {body}", WIDTH, subsequent_indent=" " * (len(head) + 1))
    if hint:
        indent = " " * (len(head) + 1)
        lines += textwrap.wrap(f"{indent}-> {hint}", WIDTH, subsequent_indent=f"{indent}   ")
    return lines
