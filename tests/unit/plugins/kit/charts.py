# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts for tests."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.archive import unpack
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.files import files_digest
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import Chart, read_meta
from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.packing import pack

META = "apiVersion: v2\nname: fate\nversion: 1.2.3\nappVersion: 2.0.0\ndescription: FATE\n"


def chart(files: Mapping[str, str | bytes] | None = None, meta: str = META) -> Chart:
    """A chart with these files and a Chart.yaml."""
    given = {"Chart.yaml": meta, **(files or {})}
    data = {name: text.encode() if isinstance(text, str) else text for name, text in given.items()}
    return Chart("/charts/fate", "folder", read_meta(data, "the chart"), data, files_digest(data))


def packed(made: Chart) -> bytes:
    """The archive of a chart."""
    stream = io.BytesIO()
    pack(made.name, made.files, stream)
    return stream.getvalue()


def unpacked(data: bytes, where: str = "x.tgz") -> dict[str, bytes]:
    """The files of an archive."""
    return {name: b"".join(content) for name, _size, content in unpack(io.BytesIO(data), where)}


def write_folder(folder: Path, made: Chart) -> str:
    """A chart as a folder."""
    for name, data in made.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return str(folder)
