# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The charts of a federation, each read once, and which version of FATE a party is going to be."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ...chart.lookup import ChartFinder, Wanted, serves
from ...chart.package import BUNDLED, Chart, fate_versions, read_chart
from ...chart.repository import Repository
from ...chart.store import ChartStore
from ...chart.versions import plain_version
from ...errors import KubefateError
from ...spec.loading import Spec, identity
from .model import Party

OpenFinder = Callable[[Mapping[str, Any]], ChartFinder]


class Charts:
    """open_finder: makes what finds the chart that a party's options name."""

    def __init__(self, open_finder: OpenFinder):
        self.open_finder = open_finder
        self._finders: dict[Repository, ChartFinder] = {}
        self._found: dict[tuple[Any, ...], Chart] = {}
        self._read: dict[str, Chart | None] = {}

    def find(self, party: Party) -> tuple[Chart, str]:
        """The chart of a party, and the version that it was asked for by. Its API server is open."""
        wanted, finder = _wanted(party.given, party.spec or Spec({})), self._finder(party.given)
        store = party.options.store_namespace
        key = (wanted, finder.repository, party.key, store)
        if key not in self._found:
            shelf = None if wanted.path else ChartStore(party.on().api, store)
            self._found[key] = finder.find(wanted, shelf)
        return self._found[key], wanted.version

    def fate_version(self, given: Mapping[str, Any], spec: Spec) -> str:
        """The version of FATE that is wanted, as far as it can be told without contacting anybody; else empty.

        A chart of ours deploys several and says which; the version of a chart of KubeFATE is that of FATE.
        """
        said = given.get("fate_version") or spec.data.get("fateVersion")
        if said:
            return plain_version(str(said))
        wanted = _wanted(given, spec)
        bundled = self._finder(given).bundled.get(wanted.name, "")
        chart = self._local(wanted.path or bundled)
        if chart is None or not (wanted.path or serves(chart, wanted.version)):
            return plain_version(wanted.version)
        asked = plain_version(wanted.version)
        return asked if asked in fate_versions(chart) else plain_version(chart.app_version)

    def _finder(self, given: Mapping[str, Any]) -> ChartFinder:
        """One for each repository, however many parties name it: its index is read once."""
        finder = self.open_finder(given)
        return self._finders.setdefault(finder.repository, finder)

    def _local(self, path: str) -> Chart | None:
        """A chart on this machine; None where there is none that can be read."""
        if path not in self._read:
            try:
                self._read[path] = read_chart(path, BUNDLED) if path and os.path.exists(path) else None
            except KubefateError:
                self._read[path] = None
        return self._read[path]


def _wanted(given: Mapping[str, Any], spec: Spec) -> Wanted:
    """The chart that a party asks for."""
    _name, _namespace, chart_name, chart_version = identity(spec)
    return Wanted(
        str(given.get("chart") or chart_name),
        str(given.get("chart_version") or chart_version),
        str(given.get("chart_path") or ""),
        str(given.get("chart_digest") or ""),
    )
