# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A chart package, folder or archive, as its files.

Nothing is lost: every file of the folder or archive is kept as it is, sub-charts, schemas, CRDs and lock file included.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import Kind, KubefateError
from ..yamltext import parse_json, parse_yaml
from .archive import bad
from .files import ArchiveFiles, FolderFiles, StoredFiles, files_digest
from .packing import pack, write_whole

TYPE = "kubefate.federatedai.org/type"
"""Chart annotation: what a chart deploys (fate, fate-serving, fate-exchange, ...), where its name does not say so."""
FATE_VERSIONS = "kubefate.federatedai.org/fate-versions"
"""Chart annotation: comma-separated versions of FATE that the chart deploys. Each may be given as the chart's
version."""
BUNDLED = "bundled"
"""Source of a chart that comes with this collection."""
META = "Chart.yaml"
_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,252}\Z")
_VERSION = re.compile(r"^v?\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\Z")


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    path: the folder or archive that helm is given. source: where it came from, for results (bundled, folder, archive,
    store, ...). meta: Chart.yaml. files: path in the chart to content. digest: over all files, base32. origin: the
    address of what was downloaded. archives: digests of the archive that it came as, ``sha256:...``: of the file, and
    of a registry's manifest. parsed: what ``document`` has read.
    """

    path: str
    source: str
    meta: Mapping[str, Any]
    files: Mapping[str, bytes]
    digest: str
    origin: str = ""
    archives: Sequence[str] = ()
    parsed: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        return str(self.meta["name"])

    @property
    def version(self) -> str:
        return str(self.meta["version"])

    @property
    def app_version(self) -> str:
        return str(self.meta.get("appVersion") or "")

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def type(self) -> str:
        return type_of(self.meta)

    def text(self, path: str) -> str | None:
        """The text of a file of the chart, or None."""
        data = self.files.get(path)
        return None if data is None else data.decode("utf-8", "replace")

    def document(self, path: str) -> Any:
        """A YAML or JSON file of the chart as data, read once; None where there is none."""
        text = self.text(path)
        if text is None:
            return None
        if path not in self.parsed:
            where = f"{path} of chart {self.title}"
            self.parsed[path] = parse_json(text, where) if path.endswith(".json") else parse_yaml(text, where)
        return self.parsed[path]

    def annotation(self, name: str) -> str:
        return str((self.meta.get("annotations") or {}).get(name) or "")

    def summary(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "app_version": self.app_version,
            "description": str(self.meta.get("description") or ""),
            "type": self.type,
            "source": self.source,
            "origin": self.origin,
            "digest": self.digest,
            "archive_digest": self.archives[0] if self.archives else "",
        }


def type_of(meta: Mapping[str, Any]) -> str:
    """What a chart deploys, by its annotation, else its name."""
    return str((meta.get("annotations") or {}).get(TYPE) or meta.get("name") or "")


def fate_versions(chart: Chart) -> list[str]:
    """Versions of FATE that may be given in place of the chart's own."""
    return [part.strip() for part in chart.annotation(FATE_VERSIONS).split(",") if part.strip()]


def read_chart(path: str, source: str = "", *, where: str = "", origin: str = "", also: str = "") -> Chart:
    """A chart from a folder or a ``.tgz`` archive. Raises ``KubefateError`` (chart) saying what is wrong with it.

    where: names it in errors, the path by default. also: another digest by which the archive is known.
    """
    where = where or path
    if os.path.isdir(path):
        files: StoredFiles = FolderFiles(path)
        found, archives = source or "folder", []
    elif os.path.isfile(path):
        files = packed = ArchiveFiles(path, where)
        found, archives = source or "archive", [packed.archive_digest]
    else:
        raise KubefateError(
            f"There is no chart at {path}.",
            Kind.CHART,
            "chart",
            "Give the path of a chart folder or of its .tgz archive.",
        )
    archives += [also] if also else []
    return Chart(path, found, read_meta(files, where), files, files_digest(files), origin, archives)


def write_archive(chart: Chart, folder: str) -> str:
    """Write the chart's archive into a folder; its path. An archive stays what it is, byte by byte."""
    path = os.path.join(folder, archive_name(chart.name, chart.version))
    if isinstance(chart.files, ArchiveFiles):
        if os.path.abspath(chart.files.path) != os.path.abspath(path):
            write_whole(path, lambda stream: copy_archive(chart, stream))
    else:
        write_whole(path, lambda stream: pack(chart.name, chart.files, stream))
    return path


def copy_archive(chart: Chart, stream: Any) -> None:
    """Write the chart as an archive: the one that it came as, else one that is made."""
    if isinstance(chart.files, ArchiveFiles):
        with open(chart.files.path, "rb") as source:
            shutil.copyfileobj(source, stream)
    else:
        pack(chart.name, chart.files, stream)


def archive_name(name: str, version: str) -> str:
    return f"{name}-{version}.tgz"


def read_meta(files: Mapping[str, bytes], where: str) -> dict[str, Any]:
    if META not in files:
        raise bad(where, f"there is no {META}")
    meta = parse_yaml(files[META].decode("utf-8", "replace"), f"{META} of {where}")
    if not isinstance(meta, dict):
        raise bad(where, f"its {META} has no keys")
    for key, pattern in (("name", _NAME), ("version", _VERSION)):
        if not pattern.match(str(meta.get(key) or "")):
            raise bad(where, f"{META} has no usable {key} ({meta.get(key)!r})")
    return meta
