# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes objects as plain mappings: who one is, and the few fields that everything asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .facts.labels import MODULE, RECOMMENDED_COMPONENT

Object = Mapping[str, Any]

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController", "CronJob")


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The identity of an object. A namespace is empty for what lies in none."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, obj: Object, namespace: str = "") -> Ref:
        """The reference of an object; ``namespace`` is used where it names none."""
        metadata = obj.get("metadata") or {}
        return cls(
            str(obj.get("apiVersion", "")),
            str(obj.get("kind", "")),
            str(metadata.get("namespace") or namespace),
            str(metadata.get("name", "")),
        )

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def name_of(obj: Object) -> str:
    return str((obj.get("metadata") or {}).get("name", ""))


def labels_of(obj: Object) -> Mapping[str, str]:
    return (obj.get("metadata") or {}).get("labels") or {}


def annotations_of(obj: Object) -> Mapping[str, str]:
    return (obj.get("metadata") or {}).get("annotations") or {}


def condition(obj: Object, kind: str) -> Mapping[str, Any]:
    """The condition of that type, or an empty mapping."""
    for entry in (obj.get("status") or {}).get("conditions") or []:
        if entry.get("type") == kind:
            return entry  # type: ignore[no-any-return]
    return {}


def pod_template(obj: Object) -> Mapping[str, Any]:
    """The pod template of a workload, or an empty mapping."""
    spec = obj.get("spec") or {}
    if obj.get("kind") == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    return spec.get("template") or {}


def pods_of(workload: Object, objects: Iterable[Object]) -> list[Object]:
    """The pods among some objects that a workload's selector names, by name."""
    selector = ((workload.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    pods = (obj for obj in objects if obj.get("kind") == "Pod" and selector)
    return sorted((pod for pod in pods if selector.items() <= labels_of(pod).items()), key=name_of)


def module_of(obj: Object) -> str:
    """The FATE module that an object belongs to: KubeFATE's label, else the recommended one, else its name."""
    labels = labels_of(obj)
    return str(labels.get(MODULE) or labels.get(RECOMMENDED_COMPONENT) or name_of(obj))


def event_time(event: Object) -> str:
    """When an event was last seen; schedulers and kubelets fill different fields."""
    series = event.get("series") or {}
    return str(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or (event.get("metadata") or {}).get("creationTimestamp")
        or ""
    )
