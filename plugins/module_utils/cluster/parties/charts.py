# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The charts of a federation, each read once, and which version of FATE a party is going to be."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ...chart.lookup import fate_versions, find_chart, plain_version, serves
from ...chart.package import Chart, read_chart
from ...chart.store import ChartStore
from ...errors import KubefateError
from ...spec.loading import Spec, identity
from .model import Party


class Charts:
    """bundled: chart name to folder. folder: for charts out of the store."""

    def __init__(self, bundled: Mapping[str, str], folder: str):
        self.bundled, self.folder = bundled, folder
        self._found: dict[tuple[str, ...], Chart] = {}
        self._read: dict[str, Chart | None] = {}

    def find(self, party: Party) -> tuple[Chart, str]:
        """The chart of a party, and the version that it was asked for by. Its API server is open."""
        name, version, path = _asked(party.given, party.spec or Spec({}))
        store = party.options.store_namespace
        key = (name, version, path, party.key, store)
        if key not in self._found:
            self._found[key] = find_chart(
                name,
                version,
                path=path,
                bundled=self.bundled,
                store=None if path else ChartStore(party.on().api, store),
                folder=self.folder,
            )
        return self._found[key], version

    def fate_version(self, given: Mapping[str, Any], spec: Spec) -> str:
        """The version of FATE that is wanted, as far as it can be told without contacting anybody; else empty.

        A chart of ours deploys several and says which; the version of a chart of KubeFATE is that of FATE.
        """
        said = given.get("fate_version") or spec.data.get("fateVersion")
        if said:
            return plain_version(str(said))
        name, version, path = _asked(given, spec)
        chart = self._local(path or self.bundled.get(name, ""))
        if chart is None or not (path or serves(chart, version)):
            return plain_version(version)
        asked = plain_version(version)
        return asked if asked in fate_versions(chart) else plain_version(str(chart.meta.get("appVersion") or ""))

    def _local(self, path: str) -> Chart | None:
        """A chart on this machine; None where there is none that can be read."""
        if path not in self._read:
            try:
                self._read[path] = read_chart(path, "bundled") if path and os.path.exists(path) else None
            except KubefateError:
                self._read[path] = None
        return self._read[path]


def _asked(given: Mapping[str, Any], spec: Spec) -> tuple[str, str, str]:
    """Name, version and path of the chart that a party asks for."""
    _name, _namespace, chart_name, chart_version = identity(spec)
    name, version = given.get("chart") or chart_name, given.get("chart_version") or chart_version
    return str(name), str(version), str(given.get("chart_path") or "")
