# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where pods may run, and putting them there as long as there is room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..objects import Object, labels_of, name_of
from ..plan.normalise import quantity
from .pods import Wanted, is_over, requests


@dataclass(slots=True)
class Room:
    """A node, and what is free on it."""

    node: Object
    free: dict[str, Decimal]

    @property
    def name(self) -> str:
        return name_of(self.node)

    def takes(self, asks: Mapping[str, Decimal]) -> bool:
        return all(self.free.get(name, Decimal(0)) >= amount for name, amount in asks.items() if amount)

    def put(self, asks: Mapping[str, Decimal]) -> None:
        for name, amount in asks.items():
            self.free[name] = self.free.get(name, Decimal(0)) - amount


def room_on(node: Object, pods: Iterable[Object]) -> Room:
    room = Room(node, allocatable(node))
    for pod in pods:
        if (pod.get("spec") or {}).get("nodeName") == room.name and not is_over(pod):
            room.put({**requests(pod["spec"]), "pods": Decimal(1)})
    return room


def allocatable(node: Object) -> dict[str, Decimal]:
    given = (node.get("status") or {}).get("allocatable") or {}
    return {name: quantity(value) or Decimal(0) for name, value in given.items()}


def place(rooms: Sequence[Room], pods: Iterable[tuple[str, Wanted]]) -> dict[str, list[Wanted]]:
    """Put the largest pods first, each where least room is left; those that fit nowhere, by owner.

    pods: each with its owner.
    """
    left: dict[str, list[Wanted]] = {}
    for host, wanted in sorted(pods, key=lambda entry: _size(entry[1].asks), reverse=True):
        asks = {**wanted.asks, "pods": Decimal(1)}
        fitting = [room for room in rooms if admits(room.node, wanted.spec) and room.takes(asks)]
        if fitting:
            min(fitting, key=lambda room: _size(room.free)).put(asks)
        else:
            left.setdefault(host, []).append(wanted)
    return left


def _size(asks: Mapping[str, Decimal]) -> Decimal:
    """One number for CPU and memory: 4 GiB weigh as much as one CPU."""
    return asks.get("cpu", Decimal(0)) + asks.get("memory", Decimal(0)) / 2**32


# where a pod may run -------------------------------------------------------------------------------------------------
def admits(node: Object, spec: Mapping[str, Any]) -> bool:
    """Whether a node takes a pod, whatever room it has."""
    given = node.get("spec") or {}
    if given.get("unschedulable"):
        return False
    labels = labels_of(node)
    if not (spec.get("nodeSelector") or {}).items() <= labels.items():
        return False
    for taint in given.get("taints") or []:
        if taint.get("effect") != "PreferNoSchedule" and not any(
            _tolerates(toleration, taint) for toleration in spec.get("tolerations") or []
        ):
            return False
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    terms = affinity.get("nodeSelectorTerms") or []
    return not terms or any(_matches(term, node, labels) for term in terms)


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint.get("key"))
    return toleration.get("key") == taint.get("key") and (toleration.get("value") or "") == (taint.get("value") or "")


def _matches(term: Mapping[str, Any], node: Object, labels: Mapping[str, str]) -> bool:
    expressions = [(labels, entry) for entry in term.get("matchExpressions") or []]
    expressions += [({"metadata.name": name_of(node)}, entry) for entry in term.get("matchFields") or []]
    return bool(expressions) and all(_fulfils(entry, values) for values, entry in expressions)


def _fulfils(entry: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, wanted = str(entry.get("key")), [str(value) for value in entry.get("values") or []]
    value = labels.get(key)
    match entry.get("operator"):
        case "In":
            return value in wanted
        case "NotIn":
            return value not in wanted
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and value.isdigit() and int(value) > int(wanted[0])
        case "Lt":
            return value is not None and value.isdigit() and int(value) < int(wanted[0])
    return False
