# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart as a release record keeps it.

Helm keeps templates and files byte by byte, Chart.yaml and values.yaml as data, and no sub-charts (tried with helm 3
and 4). So a chart that is taken out of a record has all that was said, and none of the comments.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from typing import Any

from ..data import canonical, plain
from ..errors import Kind, KubefateError
from ..yamltext import dump_yaml
from .files import files_digest
from .package import Chart, read_meta
from .packing import pack

SCHEMA = "values.schema.json"
VALUES = "values.yaml"


def recorded_chart(record: Mapping[str, Any], folder: str) -> Chart:
    """The chart of a release record, with its archive in a folder of its name and digest. Raises ``KubefateError``
    (chart) where parts of it are not in the record."""
    meta = record.get("metadata") or {}
    missing = [str(entry.get("name")) for entry in meta.get("dependencies") or []]
    if missing:
        raise KubefateError(
            f"Chart {meta.get('name')} {meta.get('version')} has sub-charts ({', '.join(missing)}), and Helm does not "
            "keep them in the release record.",
            Kind.CHART,
            "chart",
            "Upload the chart with fate_chart, so that it is found.",
        )
    files = dict(_kept(record))
    files["Chart.yaml"] = dump_yaml(plain(meta)).encode()
    if record.get("values"):
        files[VALUES] = dump_yaml(plain(record["values"])).encode()
    digest = files_digest(files)
    name = f"{meta.get('name')}-{meta.get('version')}-{digest[:8]}.tgz"
    chart = Chart(os.path.join(folder, name), "release", read_meta(files, "the release's chart"), files, digest)
    with open(chart.path, "wb") as stream:
        pack(chart.name, files, stream)
    return chart


def is_recorded(chart: Chart, record: Mapping[str, Any]) -> bool:
    """Whether a release was made from this chart: the same templates, files and default values. Files that the record
    lacks are those that the chart itself tells helm to leave out."""
    meta = record.get("metadata") or {}
    kept = dict(_kept(record))
    templates = {name for name in chart.files if name.startswith("templates/")}
    if (chart.name, chart.version) != (meta.get("name"), meta.get("version")) or not templates <= kept.keys():
        return False
    if any(chart.files.get(name) != data for name, data in kept.items()):
        return False
    ours, theirs = chart.document(VALUES) or {}, record.get("values") or {}
    if meta.get("dependencies"):  # helm writes what sub-charts export into the values
        theirs = {key: value for key, value in theirs.items() if key in ours}
    return canonical(_numbers(plain(ours))) == canonical(_numbers(theirs))


def _kept(record: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    for entry in (*(record.get("templates") or []), *(record.get("files") or [])):
        yield str(entry["name"]), base64.b64decode(entry.get("data") or "")
    if record.get("schema"):
        yield SCHEMA, base64.b64decode(record["schema"])


def _numbers(value: Any) -> Any:
    """Whole numbers as integers, however they were written."""
    match value:
        case dict():
            return {key: _numbers(item) for key, item in value.items()}
        case list():
            return [_numbers(item) for item in value]
        case float() if value.is_integer():
            return int(value)
    return value
