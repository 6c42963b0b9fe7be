# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods as the scheduler will see them: one entry for each pod of a workload, with what it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..objects import WORKLOADS, Object, labels_of, name_of, pod_template
from ..plan.normalise import quantity

_COUNTED = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
BINARY = ("memory", "ephemeral-storage", "requests.memory", "limits.memory", "requests.storage")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The pods of one workload. count: None for one on each node."""

    owner: str
    spec: Mapping[str, Any]
    metadata: Mapping[str, Any]
    count: int | None

    @property
    def asks(self) -> dict[str, Decimal]:
        return requests(self.spec)


def workloads(objects: Iterable[Object]) -> Iterator[Wanted]:
    for obj in objects:
        kind = str(obj.get("kind"))
        if kind == "Pod":
            yield Wanted(f"Pod/{name_of(obj)}", obj.get("spec") or {}, obj.get("metadata") or {}, 1)
        elif kind in WORKLOADS:
            template = pod_template(obj)
            yield Wanted(
                f"{kind}/{name_of(obj)}", template.get("spec") or {}, template.get("metadata") or {}, _count(obj, kind)
            )


def _count(obj: Object, kind: str) -> int | None:
    spec = obj.get("spec") or {}
    if kind == "DaemonSet":
        return None
    if kind in _COUNTED:
        return 1 if spec.get("replicas") is None else int(spec["replicas"])
    return int(spec.get("parallelism") or 1)


def containers(spec: Mapping[str, Any], *, init: bool = True) -> list[Mapping[str, Any]]:
    first = spec.get("initContainers") or [] if init else []
    return [*first, *(spec.get("containers") or [])]


def requests(spec: Mapping[str, Any]) -> dict[str, Decimal]:
    """What a pod asks for: its containers together, with sidecars, or its largest init container; and its overhead."""
    total: dict[str, Decimal] = {}
    peak: dict[str, Decimal] = {}
    for container in spec.get("containers") or []:
        _add(total, _asked(container))
    sidecars: dict[str, Decimal] = {}
    for container in spec.get("initContainers") or []:
        asked = _asked(container)
        if container.get("restartPolicy") == "Always":
            _add(sidecars, asked)
        else:
            for name, amount in asked.items():
                peak[name] = max(peak.get(name, Decimal(0)), amount + sidecars.get(name, Decimal(0)))
    _add(total, sidecars)
    for name, amount in peak.items():
        total[name] = max(total.get(name, Decimal(0)), amount)
    for name, value in (spec.get("overhead") or {}).items():
        _add(total, {name: quantity(value) or Decimal(0)})
    return total


def _asked(container: Mapping[str, Any]) -> dict[str, Decimal]:
    resources = container.get("resources") or {}
    merged = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: quantity(value) or Decimal(0) for name, value in merged.items()}


def limits(spec: Mapping[str, Any]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for container in spec.get("containers") or []:
        given = (container.get("resources") or {}).get("limits") or {}
        _add(total, {name: quantity(value) or Decimal(0) for name, value in given.items()})
    return total


def _add(total: dict[str, Decimal], more: Mapping[str, Decimal]) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, Decimal(0)) + amount


def is_over(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def selected(objects: Iterable[Object], pods: Iterable[Object]) -> list[Object]:
    """Those of the pods that belong to the workloads."""
    selectors = [
        ((obj.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        for obj in objects
        if obj.get("kind") in WORKLOADS
    ]
    return [
        pod for pod in pods if any(selector and selector.items() <= labels_of(pod).items() for selector in selectors)
    ]


def amount_text(amount: Decimal, resource: str) -> str:
    if resource in BINARY:
        return f"{amount / 2**30:.1f} GiB"
    return f"{amount.normalize():f}"
