# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A chart package, folder or archive, as its files.

Nothing is lost: every file of the folder or archive is kept as it is, sub-charts, schemas, CRDs and lock file included.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..data import digest
from ..errors import Kind, KubefateError
from ..yamltext import parse_json, parse_yaml

MAX_BYTES = 64 * 1024 * 1024
"""Unpacked size that is still read; a chart is small, an archive bomb is not."""
MAX_FILES = 10_000
_SKIPPED = frozenset({".git", ".hg", ".svn", "__pycache__", ".DS_Store"})
_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,252}\Z")
_VERSION = re.compile(r"^v?\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\Z")


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    path: the folder or archive that helm is given. source: where it came from, for results (bundled, folder, archive,
    store, ...). meta: Chart.yaml. files: path in the chart to content. digest: over all files, base32. parsed: what
    ``document`` has read.
    """

    path: str
    source: str
    meta: Mapping[str, Any]
    files: Mapping[str, bytes]
    digest: str
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
            "source": self.source,
            "digest": self.digest,
        }


def read_chart(path: str, source: str = "") -> Chart:
    """A chart from a folder or a ``.tgz`` archive. Raises ``KubefateError`` (chart) saying what is wrong with it."""
    if os.path.isdir(path):
        files = _folder(path)
        found = source or "folder"
    elif os.path.isfile(path):
        with open(path, "rb") as stream:
            files = unpack(stream.read(), path)
        found = source or "archive"
    else:
        raise KubefateError(
            f"There is no chart at {path}.",
            Kind.CHART,
            "chart",
            "Give the path of a chart folder or of its .tgz archive.",
        )
    return Chart(path, found, read_meta(files, path), files, files_digest(files))


def files_digest(files: Mapping[str, bytes]) -> str:
    """One digest over names and contents of all files."""
    return digest(*(part for name in sorted(files) for part in (name, files[name])))


def unpack(data: bytes, where: str) -> dict[str, bytes]:
    """The files of a chart archive, in memory. Refuses paths that leave the chart, links, devices and bombs."""
    import tarfile  # imported late: folders, such as the bundled charts, do not need it

    files: dict[str, bytes] = {}
    roots: set[str] = set()
    total = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                if member.isdir():
                    continue
                parts = [part for part in member.name.split("/") if part not in ("", ".")]
                if not member.isfile():
                    raise _bad(where, f"{member.name} is a link or a device; a chart has plain files only")
                if member.name.startswith("/") or ".." in parts or "\\" in member.name or len(parts) < 2:
                    raise _bad(where, f"{member.name} does not lie in the chart's folder")
                total += member.size
                if total > MAX_BYTES or len(files) >= MAX_FILES:
                    raise _bad(where, f"it unpacks to more than {MAX_BYTES >> 20} MiB or {MAX_FILES} files")
                roots.add(parts[0])
                stream = archive.extractfile(member)
                if stream is not None:
                    files["/".join(parts[1:])] = stream.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _bad(where, f"it is not a readable .tgz archive ({error})") from None
    if len(roots) != 1:
        raise _bad(where, f"it must have one folder at its top, and has {', '.join(sorted(roots)) or 'none'}")
    return files


def pack(chart: Chart) -> bytes:
    """The archive of a chart: the same bytes for the same files, whatever folder or machine they come from."""
    import gzip
    import tarfile

    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(chart.files, key=lambda path: (path != "Chart.yaml", path)):
            entry = tarfile.TarInfo(f"{chart.name}/{name}")
            entry.size, entry.mode = len(chart.files[name]), 0o644
            archive.addfile(entry, io.BytesIO(chart.files[name]))
    return gzip.compress(raw.getvalue(), compresslevel=6, mtime=0)


def write_archive(chart: Chart, folder: str) -> str:
    """Write the chart's archive into a folder; its path."""
    path = os.path.join(folder, f"{chart.name}-{chart.version}.tgz")
    with open(path, "wb") as stream:
        stream.write(pack(chart))
    return path


def _folder(path: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    for folder, names, entries in os.walk(path, followlinks=True):
        names[:] = sorted(name for name in names if name not in _SKIPPED)
        for name in names:
            _check_link(path, os.path.join(folder, name))
        for entry in sorted(entries):
            full = os.path.join(folder, entry)
            if entry in _SKIPPED or not os.path.isfile(full):
                continue
            with open(full, "rb") as stream:
                content = stream.read()
            total += len(content)
            if total > MAX_BYTES or len(files) >= MAX_FILES:
                raise _bad(path, f"it has more than {MAX_BYTES >> 20} MiB or {MAX_FILES} files")
            files[os.path.relpath(full, path).replace(os.sep, "/")] = content
    return files


def _check_link(chart: str, folder: str) -> None:
    """A folder of a chart may be a link to a chart beside it, which helm follows too; others are refused."""
    if not os.path.islink(folder):
        return
    beside = os.path.dirname(os.path.realpath(chart))
    target = os.path.realpath(folder)
    if os.path.dirname(target) != beside or target == os.path.realpath(chart):
        raise _bad(chart, f"{os.path.relpath(folder, chart)} is a link to {target}, which is no chart beside it")


def read_meta(files: Mapping[str, bytes], where: str) -> dict[str, Any]:
    if "Chart.yaml" not in files:
        raise _bad(where, "there is no Chart.yaml")
    meta = parse_yaml(files["Chart.yaml"].decode("utf-8", "replace"), f"Chart.yaml of {where}")
    if not isinstance(meta, dict):
        raise _bad(where, "its Chart.yaml has no keys")
    for key, pattern in (("name", _NAME), ("version", _VERSION)):
        if not pattern.match(str(meta.get(key) or "")):
            raise _bad(where, f"Chart.yaml has no usable {key} ({meta.get(key)!r})")
    return meta


def _bad(where: str, what: str) -> KubefateError:
    return KubefateError(f"{where} is not a chart that can be used: {what}.", Kind.CHART, "chart")
