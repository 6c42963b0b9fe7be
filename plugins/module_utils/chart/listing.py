# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which charts there are, and where. A chart's files are read only when somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .index import Entry
from .lookup import ChartFinder, Wanted, is_path
from .package import BUNDLED, Chart, fate_versions, read_chart
from .remote import Remote
from .store import ChartStore, Stored
from .versions import check_range, plain_version, satisfies


@dataclass(frozen=True, slots=True)
class Listed:
    """summary: for results. open: reads the chart."""

    summary: Mapping[str, Any]
    open: Callable[[], Chart]


def list_charts(
    finder: ChartFinder, wanted: Wanted, kind: str, store: ChartStore | None, sources: Collection[str]
) -> list[Listed]:
    """The charts of the store, of the collection and of the repository that are what is asked for.

    wanted: name, version or range; or a path or reference, which then is the one chart. kind: their type.
    """
    check_range(wanted.version)
    if wanted.path or wanted.is_reference or is_path(wanted.name):
        chart = finder.find(wanted)
        return [Listed(_summary(chart), lambda: chart)]
    found = [*_stored(finder, store), *(_bundled(finder) if "bundled" in sources else ())]
    if "repository" in sources and finder.remote is not None:
        found += _remote(finder.remote, wanted)
    return [entry for entry in found if _fits(entry.summary, wanted, kind)]


def _fits(summary: Mapping[str, Any], wanted: Wanted, kind: str) -> bool:
    if (wanted.name and summary["name"] != wanted.name) or (kind and summary["type"] != kind):
        return False
    version = wanted.version
    return not version or satisfies(summary["version"], version) or plain_version(version) in summary["fate_versions"]


def _stored(finder: ChartFinder, store: ChartStore | None) -> Iterator[Listed]:
    if store is None:
        return
    for entry in store.charts():
        yield Listed(entry.summary(), _opener(finder, store, entry))


def _opener(finder: ChartFinder, store: ChartStore, entry: Stored) -> Callable[[], Chart]:
    return lambda: finder.from_store(store, entry)


def _bundled(finder: ChartFinder) -> Iterator[Listed]:
    for path in finder.bundled.values():
        chart = read_chart(path, BUNDLED)
        yield Listed(_summary(chart), lambda chart=chart: chart)  # type: ignore[misc]


def _remote(remote: Remote, wanted: Wanted) -> Sequence[Listed]:
    """What a repository has; of a registry, which has no list, the chart of that name and version."""
    if remote.repository.is_oci:
        chart = remote.find(wanted.name, wanted.version) if wanted.name else None
        return [Listed(_summary(chart), lambda: chart)] if chart else []
    return [Listed(entry.summary(), _getter(remote, entry)) for entry in remote.entries()]


def _getter(remote: Remote, entry: Entry) -> Callable[[], Chart]:
    return lambda: remote.get(entry)


def _summary(chart: Chart) -> dict[str, Any]:
    return {**chart.summary(), "fate_versions": fate_versions(chart)}
