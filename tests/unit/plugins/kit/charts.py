# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import Chart, files_digest, read_meta

META = "apiVersion: v2\nname: fate\nversion: 1.2.3\nappVersion: 2.0.0\ndescription: FATE\n"


def chart(files: Mapping[str, str | bytes] | None = None, meta: str = META) -> Chart:
    """A chart with these files and a Chart.yaml."""
    given = {"Chart.yaml": meta, **(files or {})}
    data = {name: text.encode() if isinstance(text, str) else text for name, text in given.items()}
    return Chart("/charts/fate", "folder", read_meta(data, "the chart"), data, files_digest(data))


def write_folder(folder: Path, made: Chart) -> str:
    """A chart as a folder."""
    for name, data in made.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return str(folder)
