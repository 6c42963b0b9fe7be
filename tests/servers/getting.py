# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All programs at once, before tests that need them, and one line that says what was fetched."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import (
    debian,
    flowpython,
    hdfs,
    java,
    mariadb,
    nginx,
    pulsar,
    pypi,
    rabbitmq,
    redis,
    spark,
    trafficserver,
    zookeeper,
)
from .places import servers

Program = debian.Wanted | pypi.Environment | java.Jars

SMALL: Sequence[Program] = (flowpython.WANTED, rabbitmq.WANTED, mariadb.WANTED, nginx.WANTED, redis.WANTED)
"""What every test run needs."""
LARGE: Sequence[Program] = (
    flowpython.WANTED,
    java.JAVA,
    trafficserver.WANTED,
    zookeeper.WANTED,
    hdfs.WANTED,
    spark.WANTED,
    pulsar.WANTED,
)
"""What only ``make test-real`` needs."""


@dataclass(frozen=True, slots=True)
class Got:
    """One program. where: ``machine``, ``kept`` from an earlier run, or ``fetched`` now."""

    name: str
    where: str
    megabytes: float = 0.0


def get(wanted: Sequence[Program]) -> list[Got]:
    """Get programs, several at a time. Raises NotAvailableError."""
    with ThreadPoolExecutor(max_workers=3) as pool:
        return list(pool.map(_get, wanted))


def _get(wanted: Program) -> Got:
    start = time.time()
    match wanted:
        case debian.Wanted():
            found = debian.programs(wanted)
            name = f"{wanted.name} {found.version}".strip()
            if found.root is None:
                return Got(name, "machine")
        case pypi.Environment():
            pypi.made(wanted)
            name = wanted.name
        case java.Jars():
            java.fetched(wanted)
            name = wanted.name
    note = servers() / wanted.name / "got.json"
    if note.stat().st_mtime < start:
        return Got(name, "kept")
    return Got(name, "fetched", json.loads(note.read_text())["bytes"] / 1e6)


def summary(got: Sequence[Got], seconds: float) -> str:
    """One line about where programs come from."""
    parts = []
    for where, words in (
        ("fetched", "fetched now"),
        ("kept", "kept from an earlier run"),
        ("machine", "of this machine"),
    ):
        names = [
            f"{item.name} ({item.megabytes:.0f} MB)" if item.megabytes else item.name
            for item in got
            if item.where == where
        ]
        if names:
            parts.append(f"{words}: {', '.join(names)}")
    return f"Servers, {seconds:.0f} s; {'; '.join(parts)}"
