# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploaded charts, kept in the cluster.

A chart is an archive in one or more ConfigMaps (an object holds 1 MiB at most) and an index ConfigMap, which is written
last and read first: a chart whose upload was interrupted does not exist. The index carries the archive's digest, which
is checked whenever the chart is read.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..data import digest
from ..errors import Kind, KubefateError
from ..kube.client import Api, ApiError
from ..objects import Ref
from .package import Chart, files_digest, pack, read_meta, unpack

LABEL = "kubefate.federatedai.org/chart"
PIECE_LABEL = "kubefate.federatedai.org/chart-piece"
PIECE = 700 * 1024
"""Bytes of archive for each object: base64 makes a third more of it, and an object may have 1 MiB."""


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

    def summary(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "app_version": self.app_version,
            "description": self.description,
            "source": "store",
            "digest": self.digest,
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

    def read(self, stored: Stored, path: str = "") -> Chart:
        """The chart with its files. Raises ``KubefateError`` (chart) where the digest does not match."""
        pieces = self.api.parallel(self._piece, [self._piece_name(stored, number) for number in range(stored.pieces)])
        data = b"".join(pieces)
        if hashlib.sha256(data).hexdigest() != stored.sha256:
            raise KubefateError(
                f"Chart {stored.name} {stored.version} in namespace {self.namespace} is damaged: its digest does not "
                "match.",
                Kind.CHART,
                "chart",
                "Upload it again with fate_chart and force: true.",
            )
        files = unpack(data, f"chart {stored.name} {stored.version} of the store")
        return Chart(path, "store", read_meta(files, stored.name), files, files_digest(files))

    def write(self, chart: Chart) -> Stored:
        """Store a chart: pieces first, index last."""
        data = pack(chart)
        sha256 = hashlib.sha256(data).hexdigest()
        count = max(1, -(-len(data) // PIECE))
        name = _object_name(chart.name, chart.version)
        for number in range(count):
            piece = data[number * PIECE : (number + 1) * PIECE]
            body = self._object(f"{name}-{sha256[:8]}-{number}", {PIECE_LABEL: name})
            body["binaryData"] = {"archive": base64.b64encode(piece).decode()}
            self._put(body)
        index = self._object(name, {LABEL: "index"})
        index["data"] = {
            "name": chart.name,
            "version": chart.version,
            "appVersion": chart.app_version,
            "description": str(chart.meta.get("description") or ""),
            "digest": chart.digest,
            "sha256": sha256,
            "size": str(len(data)),
            "pieces": str(count),
        }
        stored = _stored(index)
        self._put(index)
        self._sweep(name, keep=[self._piece_name(stored, number) for number in range(count)])
        return stored

    def delete(self, stored: Stored) -> None:
        """Remove a chart: index first, so that nobody reads half of it."""
        self.api.delete(self._ref(stored.object_name))
        self._sweep(stored.object_name, keep=())

    def _sweep(self, name: str, keep: Sequence[str]) -> None:
        for piece in self.api.list_objects("v1", "ConfigMap", self.namespace, labels=f"{PIECE_LABEL}={name}"):
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
        metadata = {"name": name, "namespace": self.namespace, "labels": {**labels, "owner": "kubefate"}}
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


def _stored(index: Any) -> Stored:
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
    )
