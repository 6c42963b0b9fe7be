# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot of objects with the few questions that health asks of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ..objects import Object, event_time, labels_of, name_of


class Snapshot:
    """Objects of one namespace at one moment, of the kinds that were looked at."""

    def __init__(self, objects: Iterable[Object]):
        self._named: dict[tuple[str, str], Object] = {}
        self._owned: dict[str, list[Object]] = defaultdict(list)
        self._events: dict[tuple[str, str], list[Object]] = defaultdict(list)
        for obj in objects:
            if obj.get("kind") == "Event":
                about = obj.get("involvedObject") or obj.get("regarding") or {}
                self._events[str(about.get("kind")), str(about.get("name"))].append(obj)
                continue
            self._named[str(obj.get("kind")), name_of(obj)] = obj
            for owner in (obj.get("metadata") or {}).get("ownerReferences") or []:
                if owner.get("controller"):
                    self._owned[str(owner.get("uid"))].append(obj)

    def find(self, kind: str, name: str) -> Object | None:
        return self._named.get((kind, name))

    def of_kind(self, kind: str) -> list[Object]:
        return [obj for (found, _name), obj in self._named.items() if found == kind]

    def owned(self, obj: Object, kind: str) -> list[Object]:
        """What this object controls directly."""
        uid = str((obj.get("metadata") or {}).get("uid") or "")
        return [child for child in self._owned.get(uid, ()) if child.get("kind") == kind] if uid else []

    def pods(self, workload: Object) -> list[Object]:
        """The pods of a workload. Where no ReplicaSets were looked at, a Deployment's are found by its selector."""
        if workload.get("kind") != "Deployment":
            return self.owned(workload, "Pod")
        sets = self.owned(workload, "ReplicaSet")
        if sets:
            return [pod for replica_set in sets for pod in self.owned(replica_set, "Pod")]
        wanted = ((workload.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        return [pod for pod in self.of_kind("Pod") if wanted and wanted.items() <= labels_of(pod).items()]

    def events(self, kind: str, name: str) -> list[Object]:
        """Events about an object, oldest first."""
        return sorted(self._events.get((kind, name), ()), key=event_time)
