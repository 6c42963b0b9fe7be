# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which chart a name and a version mean: a path that is given, else the in-cluster store, else the bundled charts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from ..errors import Kind, KubefateError
from ..kube.client import ApiError
from .package import Chart, read_chart, write_archive
from .store import ChartStore, Stored

FATE_VERSIONS = "kubefate.federatedai.org/fate-versions"
"""Chart annotation: comma-separated versions of FATE that the chart deploys. Each may be given as the chart's
version."""


def find_chart(
    name: str,
    version: str,
    *,
    path: str = "",
    bundled: Mapping[str, str] | None = None,
    store: ChartStore | None = None,
    folder: str = "",
) -> Chart:
    """The chart to use.

    path: a folder or archive, which then is the chart. bundled: chart name to folder. store: where uploaded charts are.
    folder: a temporary folder for the archive of a stored chart. Raises ``KubefateError`` (chart) listing what there
    is.
    """
    if path:
        return read_chart(path)
    if not name:
        raise KubefateError(
            "No chart is named.", Kind.CHART, "chart", "Give chart, chart_path, or chartName in the spec."
        )
    stored = _stored(store)
    for entry in stored:
        if store and entry.name == name and same_version(entry.version, version):
            return _from_store(store, entry, folder)
    local = _bundled(name, bundled or {})
    if local and serves(local, version):
        return local
    if not version and store:
        mine = [entry for entry in stored if entry.name == name]
        if mine:
            return _from_store(store, max(mine, key=lambda entry: version_key(entry.version)), folder)
    raise _unknown(name, version, stored, local, bundled or {})


def serves(chart: Chart, version: str) -> bool:
    """True if a chart is what ``version`` asks for: no version at all, its own, or one of FATE that it deploys."""
    return not version or same_version(chart.version, version) or plain_version(version) in fate_versions(chart)


def fate_versions(chart: Chart) -> list[str]:
    return [part.strip() for part in chart.annotation(FATE_VERSIONS).split(",") if part.strip()]


def plain_version(version: str) -> str:
    return version[1:] if version[:1] in ("v", "V") and version[1:2].isdigit() else version


def same_version(left: str, right: str) -> bool:
    """Versions are the same with and without a leading v: KubeFATE writes it, Helm does not need it."""
    return bool(right) and plain_version(left) == plain_version(right)


def version_key(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Sorts semantic versions; a pre-release comes before its release."""
    core, _plus, _build = plain_version(version).partition("+")
    numbers, _dash, pre = core.partition("-")
    return tuple(int(part) if part.isdigit() else 0 for part in numbers.split(".")), not pre, pre


def _stored(store: ChartStore | None) -> Sequence[Stored]:
    """The charts of the store; none where it cannot be read, since a bundled chart needs no such right."""
    if store is None:
        return []
    try:
        return store.charts()
    except ApiError as error:
        if error.status in (403, 404):
            return []
        raise


def _from_store(store: ChartStore, entry: Stored, folder: str) -> Chart:
    chart = store.read(entry)
    path = write_archive(chart, folder)
    return Chart(path, chart.source, chart.meta, chart.files, chart.digest)


def _bundled(name: str, bundled: Mapping[str, str]) -> Chart | None:
    path = bundled.get(name)
    return read_chart(path, "bundled") if path and os.path.isdir(path) else None


def _unknown(
    name: str, version: str, stored: Sequence[Stored], local: Chart | None, bundled: Mapping[str, str]
) -> KubefateError:
    there = [f"{entry.name} {entry.version} (store)" for entry in stored]
    if local:
        serving = fate_versions(local)
        there.append(f"{local.title} (bundled{', for FATE ' + ', '.join(serving) if serving else ''})")
    there += [f"{other} (bundled)" for other in bundled if other != name]
    return KubefateError(
        f"There is no chart {name} {version}".rstrip() + ".",
        Kind.CHART,
        "chart",
        f"Charts that there are: {'; '.join(there) or 'none'}. Upload one with fate_chart, or give chart_path.",
    )
