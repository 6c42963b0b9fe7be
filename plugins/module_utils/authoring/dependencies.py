# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The charts that a chart needs: resolved, locked and brought into its folder, all by helm."""

from __future__ import annotations

import fnmatch
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..chart.download import unreachable
from ..chart.package import Chart, read_chart
from ..chart.remote import explained
from ..chart.repository import Repository, shown, write_settings
from ..chart.versions import satisfies
from ..errors import Kind, KubefateError
from ..helm.cli import Helm

LOCK = "Chart.lock"


def wanted(chart: Chart) -> list[Mapping[str, Any]]:
    """What Chart.yaml lists."""
    return [entry for entry in chart.meta.get("dependencies") or [] if isinstance(entry, Mapping) and entry.get("name")]


def missing(chart: Chart) -> list[str]:
    """Dependencies that are not in the chart's folder, each as name and version."""
    return [
        f"{entry['name']} {entry.get('version') or ''}".strip()
        for entry in wanted(chart)
        if not _is_there(chart, entry)
    ]


def _is_there(chart: Chart, entry: Mapping[str, Any]) -> bool:
    name = str(entry["name"])
    folder = f"charts/{name}/Chart.yaml"
    if folder in chart.files:
        return True
    return any(fnmatch.fnmatchcase(path, f"charts/{name}-[0-9v]*.tgz") for path in chart.files)


def unlocked(chart: Chart) -> str:
    """Why Chart.lock does not go with Chart.yaml; empty where it does, or where none is needed."""
    fetched = [entry for entry in wanted(chart) if entry.get("repository")]
    if not fetched:
        return ""
    lock = chart.document(LOCK)
    if not isinstance(lock, Mapping):
        return f"there is no {LOCK}"
    locked = {str(entry.get("name")): str(entry.get("version")) for entry in lock.get("dependencies") or []}
    for entry in fetched:
        name, version = str(entry["name"]), str(entry.get("version") or "")
        if name not in locked:
            return f"{LOCK} does not have {name}"
        if not satisfies(locked[name], version):
            return f"{LOCK} has {name} {locked[name]}, and Chart.yaml asks for {version}"
    return ""


def lock(
    path: str, open_helm: Callable[[str], Helm], repository: Repository, folder: str, *, update: bool
) -> tuple[bool, Chart]:
    """Bring the dependencies of a chart's folder to what Chart.yaml asks for; whether something changed, and the chart.

    update: look for newer versions, too. repository: its credentials are used where a dependency is on that host.
    Raises ``KubefateError``; what was there stays then.
    """
    before = read_chart(path)
    if not wanted(before) or (not update and not missing(before) and not unlocked(before)):
        return False, before
    settings = repositories_of(before, repository)
    home = tempfile.mkdtemp(prefix="helm-", dir=folder)
    write_settings(home, settings)
    helm = open_helm(home)
    options = ["--skip-refresh", *_options(settings.values())]
    for name, found in settings.items():
        if found.is_web:
            try:
                helm.update_repository(name)
            except KubefateError as error:
                raise _explained(error, before, {name: found}) from None
    try:
        if update or unlocked(before):
            helm.update_dependencies(path, options)
        else:
            helm.build_dependencies(path, options)
    except KubefateError as error:
        raise _explained(error, before, settings) from None
    after = read_chart(path)
    left = missing(after)
    if left:
        raise KubefateError(
            f"Chart {after.title} still lacks {', '.join(left)}.",
            Kind.CHART,
            "chart",
            "Give each dependency a repository in Chart.yaml, or put it into charts/.",
        )
    return after.digest != before.digest, after


def repositories_of(chart: Chart, repository: Repository) -> dict[str, Repository]:
    """The repositories that the dependencies name, by a name for helm."""
    urls = dict.fromkeys(str(entry.get("repository") or "") for entry in wanted(chart))
    remote = [url for url in urls if "://" in url and not url.startswith("file://")]
    return {f"dependency-{number}": repository.at(url) for number, url in enumerate(remote)}


def _options(repositories: Sequence[Repository] | Any) -> list[str]:
    """Options for registries, which have no place in helm's list; those of the first one that has any."""
    return next((found.options() for found in repositories if found.is_oci), [])


def _explained(error: KubefateError, chart: Chart, settings: Mapping[str, Repository]) -> KubefateError:
    if error.kind is Kind.TOOL:
        return error
    text = error.msg.partition(": ")[2] or error.msg
    named = [found for found in settings.values() if found.url in text or found.registry in text]
    place = next(iter(named or (settings.values() if len(settings) == 1 else ())), None)
    if place is not None:
        found = explained(error, shown(place.url), f"of the dependencies of {chart.title}")
        found.msg = f"The dependencies of chart {chart.title} cannot be had. {found.msg}"
        return found
    found = unreachable("", text) if "cannot be reached" in text else error
    return KubefateError(
        f"The dependencies of chart {chart.title} cannot be had: {text}",
        Kind.CHART if found.kind is Kind.HELM else found.kind,
        "chart",
        "Correct name, version and repository of the dependency in Chart.yaml.",
    )
