# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm's release records: Secrets of type ``helm.sh/release.v1``. Helm 3 and 4 write the same form."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from .chart.package import Chart
from .data import canonical, copied, digest
from .errors import Kind, KubefateError
from .objects import Ref
from .yamltext import dump_yaml, parse_documents

PROOF_LABEL = "kubefate.federatedai.org/proof"
"""Label of a revision: ``r<revision>-<digest of chart and spec>``.

Helm carries labels over to the next revision, whoever makes it; so the label names the revision that it is about, and
one that names another proves nothing.
"""
UNPROVEN = "unproven"
"""In place of the digest, for a revision that is ours and of which it is not known what it was made from."""
CHART_LABEL = "kubefate.federatedai.org/chart-digest"
"""Label of a revision: the digest of the chart that it was made from, with the revision for the same reason."""
STOPPED_LABEL = "kubefate.federatedai.org/stopped"
"""Label of a revision whose workloads were scaled to zero on purpose: ``r<revision>``, for the same reason."""
HOOK = "helm.sh/hook"
"""Annotation of an object that is a hook: the events that it is for."""
SERVER_SIDE = "ssa"
"""What a release record says of a release that was applied server-side."""
RENDERING = "1"
"""Counts up when this collection renders the same spec to other values than before."""
MAX_RECORD = 1024 * 1024
"""Bytes that an object may have in Kubernetes."""

_DOCUMENT = re.compile(r"^---\n(?=# Source: )", re.MULTILINE)
_SOURCE = re.compile(r"\A# Source: .*\n")


class Status(StrEnum):
    """The status of a release, in Helm's own words."""

    DEPLOYED = "deployed"
    FAILED = "failed"
    PENDING_INSTALL = "pending-install"
    PENDING_UPGRADE = "pending-upgrade"
    PENDING_ROLLBACK = "pending-rollback"
    UNINSTALLING = "uninstalling"
    UNINSTALLED = "uninstalled"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"

    @property
    def pending(self) -> bool:
        return self.value.startswith("pending-")


@dataclass(frozen=True)
class Release:
    """One revision of a release. The record's body is decoded only when it is asked for."""

    name: str
    namespace: str
    revision: int
    status: Status
    labels: Mapping[str, str]
    uid: str
    payload: str

    @classmethod
    def of(cls, secret: Mapping[str, Any]) -> Release:
        metadata = secret["metadata"]
        labels = metadata.get("labels") or {}
        return cls(
            name=str(labels.get("name", "")),
            namespace=str(metadata.get("namespace", "")),
            revision=int(labels.get("version") or 0),
            status=_status(str(labels.get("status", ""))),
            labels=labels,
            uid=str(metadata.get("uid", "")),
            payload=str((secret.get("data") or {}).get("release", "")),
        )

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """The record as Helm wrote it. Raises ``KubefateError`` (helm) for one that cannot be read."""
        try:
            body = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(self.payload))))
        except (ValueError, OSError, EOFError) as error:
            raise KubefateError(
                f"Revision {self.revision} of release {self.name} in {self.namespace} cannot be read: {error}.",
                Kind.HELM,
            ) from None
        if not isinstance(body, dict):
            raise KubefateError(f"Revision {self.revision} of release {self.name} is not a release record.", Kind.HELM)
        return body

    @property
    def ref(self) -> Ref:
        """The Secret that holds the record."""
        return Ref("v1", "Secret", self.namespace, f"sh.helm.release.v1.{self.name}.v{self.revision}")

    @property
    def chart_digest(self) -> str:
        """The digest of the chart that this revision was made from, empty where that is not known."""
        number, _dash, digest = self.labels.get(CHART_LABEL, "").partition("-")
        return digest if number == f"r{self.revision}" else ""

    @property
    def stopped(self) -> bool:
        """Whether the cluster was stopped since this revision was made."""
        return self.labels.get(STOPPED_LABEL) == f"r{self.revision}"

    @property
    def chart_record(self) -> Mapping[str, Any]:
        """The chart, as far as Helm keeps it."""
        return self.body.get("chart") or {}

    @property
    def chart_meta(self) -> Mapping[str, Any]:
        return self.chart_record.get("metadata") or {}

    @property
    def values(self) -> Mapping[str, Any]:
        """The values that were given, without the chart's defaults."""
        return self.body.get("config") or {}

    @property
    def server_side(self) -> bool:
        """Whether helm applied it server-side, as Helm 4 does with what it installed itself."""
        return self.body.get("apply_method") == SERVER_SIDE

    @property
    def description(self) -> str:
        return str((self.body.get("info") or {}).get("description") or "")

    @property
    def last_deployed(self) -> str:
        return str((self.body.get("info") or {}).get("last_deployed") or "")

    @property
    def modified(self) -> str:
        """When Helm last wrote the record, by its label; the record itself is not decoded."""
        seconds = self.labels.get("modifiedAt", "")
        return datetime.fromtimestamp(int(seconds), UTC).isoformat() if seconds.isdigit() else ""

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """The objects of the manifest, without hooks."""
        return manifest_objects(str(self.body.get("manifest") or ""))

    def proves(self, chart_and_spec: str) -> bool:
        """True if this very revision was made from the chart and spec with that digest, and is deployed."""
        return self.status is Status.DEPLOYED and self.labels.get(PROOF_LABEL) == proof(self.revision, chart_and_spec)

    def summary(self) -> dict[str, Any]:
        return {
            "revision": self.revision,
            "status": str(self.status),
            "chart": f"{self.chart_meta.get('name', '')}-{self.chart_meta.get('version', '')}",
            "app_version": str(self.chart_meta.get("appVersion") or ""),
            "updated": self.last_deployed,
            "description": self.description,
        }


def seen_release(name: str, namespace: str, objects: Sequence[Mapping[str, Any]]) -> Release:
    """A stand-in for a release whose record may not be read: it consists of the objects that are there."""
    body = {"chart": {}, "config": {}, "info": {}, "manifest": "---\n".join(map(dump_yaml, objects))}
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(body).encode(), compresslevel=1))).decode()
    return Release(name, namespace, 0, Status.UNKNOWN, {}, "", packed)


def _status(word: str) -> Status:
    try:
        return Status(word)
    except ValueError:
        return Status.UNKNOWN


def manifest_objects(manifest: str) -> list[dict[str, Any]]:
    """The objects of a manifest text; lists are taken apart."""
    objects = []
    for document in (document for text in _DOCUMENT.split(manifest) for document in copied(_documents(text))):
        if isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and "items" in document:
            objects += [item for item in document["items"] or [] if isinstance(item, dict)]
        elif isinstance(document, dict) and document.get("kind"):
            objects.append(document)
    return objects


@lru_cache(maxsize=512)
def _documents(text: str) -> tuple[Any, ...]:
    """Of a manifest and the one that is to replace it, most documents are the same; parsing takes longer than all that
    is done with them. What is given away is a copy."""
    return tuple(parse_documents(text, "the release's manifest"))


def split_hooks(rendered: str) -> dict[str, Any]:
    """What ``helm template`` printed, as the parts of a release record that it would become: ``manifest``, and
    ``hooks`` with their ``manifest`` and ``events``."""
    manifest: list[str] = []
    hooks: list[dict[str, Any]] = []
    for text in _DOCUMENT.split(rendered):
        found = next(iter(manifest_objects(text)), {}) if HOOK in text else {}
        events = str((found.get("metadata", {}).get("annotations") or {}).get(HOOK) or "")
        if events:
            hooks.append(
                {"manifest": _SOURCE.sub("", text).strip(), "events": [event.strip() for event in events.split(",")]}
            )
        elif text.strip():
            manifest.append(text)
    return {"manifest": "".join(f"---\n{text}" for text in manifest), "hooks": hooks}


def fingerprint(chart: Chart, spec: Mapping[str, Any]) -> str:
    """The digest of a chart, with its dependencies, and of the spec that its values are rendered from.

    Rendering is a function of the two, so what follows from them, values and manifest, need not be rendered.
    """
    return digest(RENDERING, chart.digest, canonical(spec))


def proof(revision: int, digest: str) -> str:
    """The value of ``PROOF_LABEL`` and, for a chart's digest, of ``CHART_LABEL``; uncut below revision a billion."""
    return f"r{revision}-{digest}"[:63]


def names(label: str, revision: int) -> bool:
    """Whether a ``PROOF_LABEL`` is about that revision: only then this collection made it, or knows what it is."""
    return label.startswith(f"r{revision}-")


def newest(secrets: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Release]]:
    """(namespace, name) to the revisions found among Secrets, newest first."""
    found: dict[tuple[str, str], list[Release]] = {}
    for secret in secrets:
        if (
            secret.get("type") == "helm.sh/release.v1"
            or (secret["metadata"].get("labels") or {}).get("owner") == "helm"
        ):
            release = Release.of(secret)
            found.setdefault((release.namespace, release.name), []).append(release)
    for revisions in found.values():
        revisions.sort(key=lambda release: release.revision, reverse=True)
    return found


def record_size(chart: Chart, values: Mapping[str, Any], manifest: str) -> int:
    """Bytes that the record of a release will need, as the API server counts them (before its own base64): helm keeps
    the chart's files, values and manifest in it."""
    files = {name: base64.b64encode(data).decode() for name, data in chart.files.items()}
    text = json.dumps({"files": files, "values": values, "manifest": manifest})
    return len(base64.b64encode(gzip.compress(text.encode(), compresslevel=9)))
