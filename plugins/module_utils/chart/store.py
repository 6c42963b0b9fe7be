# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploaded charts, kept in the cluster.

A chart is an archive in one or more ConfigMaps (an object holds 1 MiB at most) and an index ConfigMap, which is written
last and read first: a chart whose upload was interrupted does not exist. The index carries the archive's digest, which
is checked whenever the chart is read. Archives go in and out piece by piece, and are never in memory as a whole.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..data import digest
from ..errors import Kind, KubefateError
from ..facts.labels import OWNER
from ..kube.client import Api, ApiError
from ..objects import Ref
from .files import sha256_of
from .package import Chart, archive_name, copy_archive, fate_versions, read_chart, type_of

LABEL = "kubefate.federatedai.org/chart"
PIECE_LABEL = "kubefate.federatedai.org/chart-piece"
PIECE = 700 * 1024
"""Bytes of archive for each object: base64 makes a third more of it, and an object may have 1 MiB."""

TOGETHER = 4
"""Pieces that are on their way at the same time."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One chart in the store, as its index says."""

    name: str
    version: str
    app_version: str
    description: str
    digest: str
    sha256: str
    size: int
    pieces: int
    object_name: str
    type: str
    fate_versions: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "app_version": self.app_version,
            "description": self.description,
            "type": self.type,
            "source": "store",
            "origin": "",
            "digest": self.digest,
            "archive_digest": f"sha256:{self.sha256}",
            "fate_versions": list(self.fate_versions),
        }


class ChartStore:
    """The charts of one store namespace."""

    def __init__(self, api: Api, namespace: str):
        self.api, self.namespace = api, namespace

    def charts(self) -> list[Stored]:
        """All charts, by name and version."""
        found = self.api.list_objects("v1", "ConfigMap", self.namespace, labels=LABEL)
        return sorted((_stored(index) for index in found), key=lambda chart: (chart.name, chart.version))

    def find(self, name: str, version: str) -> Stored | None:
        index = self.api.find(self._ref(_object_name(name, version)))
        return _stored(index) if index else None

    def read(self, stored: Stored, folder: str) -> Chart:
        """The chart, as an archive that is written into a folder. Raises ``KubefateError`` (chart) where the digest
        does not match."""
        path = os.path.join(folder, archive_name(stored.name, stored.version))
        handle, unfinished = tempfile.mkstemp(prefix=f".{archive_name(stored.name, stored.version)}.", dir=folder)
        try:
            with os.fdopen(handle, "wb") as stream:
                self._fetch(stored, stream.fileno())
            if sha256_of(unfinished) != f"sha256:{stored.sha256}":
                raise self._damaged(stored)
            os.replace(unfinished, path)
        finally:
            if os.path.exists(unfinished):
                os.unlink(unfinished)
        return read_chart(path, "store", where=f"chart {stored.name} {stored.version} of the store")

    def _fetch(self, stored: Stored, file: int) -> None:
        """Each piece to its place, a few at once: what is on its way is in memory three times, as text and as bytes."""

        def fetch(number: int) -> None:
            os.pwrite(file, self._piece(self._piece_name(stored, number)), number * PIECE)

        for start in range(0, stored.pieces, TOGETHER):
            self.api.parallel(fetch, range(start, min(start + TOGETHER, stored.pieces)))

    def _damaged(self, stored: Stored) -> KubefateError:
        return KubefateError(
            f"Chart {stored.name} {stored.version} in namespace {self.namespace} is damaged: its digest does not "
            "match.",
            Kind.CHART,
            "chart",
            "Upload it again with fate_chart and force: true.",
        )

    def write(self, chart: Chart, *, dry_run: bool = False) -> Stored:
        """Store a chart: pieces first, index last. dry_run: only say what it would be."""
        with tempfile.NamedTemporaryFile(prefix="kubefate-chart-") as archive:
            copy_archive(chart, archive)
            archive.flush()
            size, sha256 = archive.tell(), sha256_of(archive.name).removeprefix("sha256:")
            stored = self._planned(chart, size, sha256)
            if dry_run:
                return stored
            archive.seek(0)
            for number in range(stored.pieces):
                body = self._object(self._piece_name(stored, number), {PIECE_LABEL: stored.object_name})
                body["binaryData"] = {"archive": base64.b64encode(archive.read(PIECE)).decode()}
                self._put(body)
        self._put(self._index(stored))
        self._sweep(stored.object_name, keep=[self._piece_name(stored, number) for number in range(stored.pieces)])
        return stored

    @staticmethod
    def _planned(chart: Chart, size: int, sha256: str) -> Stored:
        return Stored(
            name=chart.name,
            version=chart.version,
            app_version=chart.app_version,
            description=str(chart.meta.get("description") or ""),
            digest=chart.digest,
            sha256=sha256,
            size=size,
            pieces=max(1, -(-size // PIECE)),
            object_name=_object_name(chart.name, chart.version),
            type=type_of(chart.meta),
            fate_versions=tuple(fate_versions(chart)),
        )

    def _index(self, stored: Stored) -> dict[str, Any]:
        index = self._object(stored.object_name, {LABEL: "index"})
        index["data"] = {
            "name": stored.name,
            "version": stored.version,
            "appVersion": stored.app_version,
            "description": stored.description,
            "digest": stored.digest,
            "sha256": stored.sha256,
            "size": str(stored.size),
            "pieces": str(stored.pieces),
            "type": stored.type,
            "fateVersions": json.dumps(stored.fate_versions),
        }
        return index

    def delete(self, stored: Stored) -> None:
        """Remove a chart: index first, so that nobody reads half of it."""
        self.api.delete(self._ref(stored.object_name))
        self._sweep(stored.object_name, keep=())

    def _sweep(self, name: str, keep: Sequence[str]) -> None:
        """Remove the pieces of a chart but some. Their contents, which are the whole archive, are not asked for."""
        labels = f"{PIECE_LABEL}={name}"
        for piece in self.api.list_objects("v1", "ConfigMap", self.namespace, labels=labels, only_metadata=True):
            if piece["metadata"]["name"] not in keep:
                self.api.delete(self._ref(piece["metadata"]["name"]))

    def _piece(self, name: str) -> bytes:
        try:
            return base64.b64decode(self.api.read(self._ref(name))["binaryData"]["archive"])
        except (KeyError, TypeError, ValueError):
            return b""  # the digest will not match

    @staticmethod
    def _piece_name(stored: Stored, number: int) -> str:
        return f"{stored.object_name}-{stored.sha256[:8]}-{number}"

    def _object(self, name: str, labels: dict[str, str]) -> dict[str, Any]:
        metadata = {"name": name, "namespace": self.namespace, "labels": {**labels, **OWNER}}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}

    def _ref(self, name: str) -> Ref:
        return Ref("v1", "ConfigMap", self.namespace, name)

    def _put(self, body: dict[str, Any]) -> None:
        try:
            self.api.create(body)
        except ApiError as error:
            if error.status != 409:
                raise
            self.api.replace(body)


def _object_name(name: str, version: str) -> str:
    """Names and versions may hold what an object's name may not; the digest keeps different ones apart."""
    plain = "".join(letter if letter.isalnum() else "-" for letter in f"{name}-{version}".lower()).strip("-")[:40]
    return f"chart-{plain}-{digest(name, version)[:8]}"


def _stored(index: Mapping[str, Any]) -> Stored:
    data = index.get("data") or {}
    return Stored(
        data.get("name", ""),
        data.get("version", ""),
        data.get("appVersion", ""),
        data.get("description", ""),
        data.get("digest", ""),
        data.get("sha256", ""),
        int(data.get("size") or 0),
        int(data.get("pieces") or 0),
        index["metadata"]["name"],
        data.get("type") or data.get("name", ""),
        tuple(json.loads(data.get("fateVersions") or "[]")),
    )
