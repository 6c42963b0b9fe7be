# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a pod sees a file of a Secret or ConfigMap. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..objects import Object


@dataclass(frozen=True, slots=True)
class MountedFile:
    """frozen: it is mounted alone (subPath), and a pod that runs never sees it change."""

    container: str
    path: str
    frozen: bool


def mounted_file(pod: Object, kind: str, name: str, key: str) -> MountedFile | None:
    """The file of a pod that shows a key of an object; None where no container mounts it. kind: Secret or ConfigMap."""
    spec = pod.get("spec") or {}
    inside = {
        str(volume.get("name")): path
        for volume in spec.get("volumes") or []
        if (path := _inside(volume, kind, name, key)) is not None
    }
    for container in spec.get("containers") or []:
        for mount in container.get("volumeMounts") or []:
            path = inside.get(str(mount.get("name")))
            if path is None:
                continue
            place, sub = str(mount.get("mountPath")).rstrip("/"), str(mount.get("subPath") or "")
            if not sub:
                return MountedFile(str(container["name"]), f"{place}/{path}", frozen=False)
            if sub == path:
                return MountedFile(str(container["name"]), place, frozen=True)
    return None


def _inside(volume: Mapping[str, Any], kind: str, name: str, key: str) -> str | None:
    """Where in a volume the key is."""
    for source, named in _sources(volume, kind):
        if named != name:
            continue
        items = source.get("items")
        if items is None:
            return key
        for item in items:
            if item.get("key") == key:
                return str(item.get("path"))
    return None


def _sources(volume: Mapping[str, Any], kind: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    field = "secret" if kind == "Secret" else "configMap"
    if volume.get(field):
        source = volume[field]
        yield source, str(source.get("secretName" if kind == "Secret" else "name"))
    for part in (volume.get("projected") or {}).get("sources") or []:
        if part.get(field):
            yield part[field], str(part[field].get("name"))
