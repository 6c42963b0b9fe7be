# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A chart's folder as an archive: the same bytes for the same files."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace

from ..chart.files import ArchiveFiles, files_digest
from ..chart.package import Chart, archive_name, read_chart, write_archive
from ..errors import Kind, KubefateError
from ..helm.cli import Helm
from .dependencies import missing


def packaged(path: str, helm: Helm, folder: str) -> Chart:
    """The chart of a folder as its archive will have it. helm says what ``.helmignore`` leaves out, and refuses a chart
    that is not complete; contents come from the folder, byte by byte, which helm would write anew. folder: temporary.
    """
    chart = read_chart(path)
    lacking = missing(chart)
    if lacking:
        raise KubefateError(
            f"Chart {chart.title} lacks {', '.join(lacking)}.",
            Kind.CHART,
            "chart",
            "Bring its dependencies into charts/ first: fate_chart_folder with state: locked.",
        )
    target = tempfile.mkdtemp(prefix="packaged-", dir=folder)
    helm.package(path, target)
    (made,) = os.listdir(target)
    kept = ArchiveFiles(os.path.join(target, made)).sizes
    # helm unpacks the archives in charts/; here they stay what they are
    files = {
        name: chart.files[name]
        for name in chart.files
        if name in kept or (name.startswith("charts/") and name.endswith(".tgz"))
    }
    return replace(chart, files=files, digest=files_digest(files))


def write_package(chart: Chart, target: str, *, force: bool, check_mode: bool) -> tuple[bool, str]:
    """Write the archive into a folder: whether something changed, and its path. Raises ``KubefateError`` (conflict)
    where the folder has other content under that name and version."""
    path = os.path.join(target, archive_name(chart.name, chart.version))
    if os.path.exists(path):
        if read_chart(path).digest == chart.digest:
            return False, path
        if not force:
            raise KubefateError(
                f"{path} is there already, with other content.",
                Kind.CONFLICT,
                "chart",
                "Give the chart a new version, or replace the archive with force: true.",
            )
    if not check_mode:
        os.makedirs(target, exist_ok=True)
        write_archive(chart, target)
    return True, path
