# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Helm repository or a folder of archives has."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import Kind, KubefateError
from ..yamltext import dump_yaml, parse_yaml
from .archive import unpack
from .files import sha256_of
from .package import FATE_VERSIONS, META, Chart, read_meta, type_of
from .versions import newest, plain_version, same_version, version_key

INDEX = "index.yaml"


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a chart. meta: Chart.yaml. digest: ``sha256:...`` of the archive, or empty. url: where the archive
    is, relative to the index, or a path."""

    meta: Mapping[str, Any]
    digest: str
    url: str
    origin: str

    @property
    def name(self) -> str:
        return str(self.meta["name"])

    @property
    def version(self) -> str:
        return str(self.meta["version"])

    @property
    def fate_versions(self) -> list[str]:
        said = str((self.meta.get("annotations") or {}).get(FATE_VERSIONS) or "")
        return [part.strip() for part in said.split(",") if part.strip()]

    def summary(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "app_version": str(self.meta.get("appVersion") or ""),
            "description": str(self.meta.get("description") or ""),
            "type": type_of(self.meta),
            "source": "repository",
            "origin": self.origin,
            "digest": "",
            "archive_digest": self.digest,
            "fate_versions": self.fate_versions,
        }


def choose(entries: Iterable[Entry], name: str, wanted: str) -> Entry | None:
    """The newest chart of that name that is what ``wanted`` asks for: a version, a range, or a version of FATE."""
    mine = [entry for entry in entries if entry.name == name]
    exact = next((entry for entry in mine if same_version(entry.version, wanted)), None)
    if exact:
        return exact
    serving = [entry for entry in mine if plain_version(wanted) in entry.fate_versions] if wanted else []
    if serving:
        return max(serving, key=lambda entry: version_key(entry.version))
    best = newest([entry.version for entry in mine], wanted)
    return next((entry for entry in mine if entry.version == best), None)


def read_index(text: str, where: str) -> list[Entry]:
    """The entries of an index.yaml. What is no chart is left out, as helm does. Raises ``KubefateError`` (chart)."""
    document = parse_yaml(text, f"The index of {where}")
    listed = document.get("entries") if isinstance(document, Mapping) else None
    if not isinstance(listed, Mapping):
        raise KubefateError(
            f"{where} is not a Helm repository: its {INDEX} has no entries.", Kind.CHART, "chart", "Check its address."
        )
    found = []
    for versions in listed.values():
        for meta in versions if isinstance(versions, list) else ():
            if isinstance(meta, Mapping) and meta.get("name") and meta.get("version"):
                urls = meta.get("urls") or [""]
                digest = str(meta.get("digest") or "").removeprefix("sha256:")
                found.append(Entry(meta, f"sha256:{digest}" if digest else "", str(urls[0]), where))
    return found


def read_folder(folder: str) -> list[Entry]:
    """The archives of a folder, by its index.yaml where there is one."""
    index = os.path.join(folder, INDEX)
    if os.path.isfile(index):
        with open(index, encoding="utf-8", errors="replace") as stream:
            return read_index(stream.read(), folder)
    paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".tgz")]
    return [Entry(archive_meta(path), sha256_of(path), os.path.basename(path), folder) for path in paths]


def archive_meta(path: str) -> dict[str, Any]:
    """Chart.yaml of an archive; nothing behind it is read."""
    with open(path, "rb") as stream:
        for name, _size, content in unpack(stream, path):
            data = b"".join(content)
            if name == META:
                return read_meta({META: data}, path)
    return read_meta({}, path)


def write_index(charts: Sequence[tuple[Chart, str]]) -> str:
    """The index.yaml of a folder with these archives, each a chart and the path of its archive. It holds no time, so
    that the same charts make the same index."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for chart, path in sorted(charts, key=lambda item: (item[0].name, version_key(item[0].version)), reverse=True):
        digest = sha256_of(path).removeprefix("sha256:")
        entry = {**chart.meta, "digest": digest, "urls": [os.path.basename(path)]}
        entries.setdefault(chart.name, []).append(entry)
    return dump_yaml({"apiVersion": "v1", "entries": dict(sorted(entries.items()))})
