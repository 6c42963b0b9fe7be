# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the templates of a chart ask the Kubernetes that they are rendered for.

A chart that asks nothing, or only whether there is some API version, can be rendered without helm talking to the
server, which costs a quarter of that. One that looks objects up, or tells revisions apart, cannot.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .package import Chart

_ASKS = re.compile(r"\b(?:lookup|Capabilities|Revision)\b")
_ASKS_FOR_API = re.compile(r"\bCapabilities\.APIVersions\.Has\s+\"([^\"{}]+)\"")
_GROUP = re.compile(r"([^/]+)/[^/]+")
"""An API version of a group. Whether there is a kind in it, is another question."""


def asked_apis(chart: Chart) -> frozenset[str] | None:
    """The API versions whose presence the templates ask for; None where they ask anything else, or may do so."""
    found: set[str] = set()
    for path in chart.files:
        if "charts/" in path and path.endswith(".tgz"):
            return None
        if "templates/" not in path:
            continue
        text = chart.text(path) or ""
        apis = _ASKS_FOR_API.findall(text)
        if len(_ASKS.findall(text)) != len(apis):
            return None
        found.update(apis)
    return frozenset(found)


def apis_to_tell(chart: Chart, there: Collection[str]) -> list[str] | None:
    """API versions that helm must be told of to render the chart as it would for a server that has those ``there``;
    None where only the server itself can answer what the templates ask."""
    asked = asked_apis(chart)
    if asked is None or not all(api in there or _is_told(api) for api in asked):
        return None
    return sorted(api for api in asked if api in there)


def _is_told(api: str) -> bool:
    """Whether helm knows of an API version only what it is told: it takes all that are Kubernetes' own for there."""
    group = _GROUP.fullmatch(api)
    return group is not None and "." in group[1] and not group[1].endswith(".k8s.io")
