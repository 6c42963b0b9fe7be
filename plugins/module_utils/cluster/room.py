# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much room a pod lacks: what it asks for, against what is free on the node with most of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from ..errors import KubefateError
from ..kube.client import Api
from ..objects import Object, name_of
from ..plan.normalise import quantity

_INSUFFICIENT = re.compile(r"Insufficient ([\w./-]+)")
_BINARY = ("memory", "ephemeral-storage")


def lacking(api: Api, pod: Object, message: str) -> str:
    """One sentence for each resource that the scheduler found insufficient; empty where nodes may not be read.

    message: the scheduler's. Without the right to see pods of all namespaces, what a node allows counts as free.
    """
    resources = list(dict.fromkeys(name.rstrip(".,") for name in _INSUFFICIENT.findall(message)))
    if not resources:
        return ""
    try:
        nodes = api.list_objects("v1", "Node")
    except KubefateError:
        return ""
    try:
        pods: list[Mapping[str, object]] = [*api.list_objects("v1", "Pod")]
    except KubefateError:
        pods = []
    return " ".join(_sentence(name, pod, nodes, pods) for name in resources)


def _sentence(resource: str, pod: Object, nodes: Iterable[Object], pods: Iterable[Object]) -> str:
    used: dict[str, Decimal] = defaultdict(Decimal)
    for other in pods:
        if (other.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            used[str((other.get("spec") or {}).get("nodeName"))] += asked(other, resource)
    wanted = asked(pod, resource)
    free = {name_of(node): _allocatable(node, resource) - used[name_of(node)] for node in nodes}
    most = max(free, key=lambda name: free[name], default="")
    there = max(free.get(most, Decimal(0)), Decimal(0))
    where = f"node {most} has most of it free, {_text(there, resource)}" if there else "no node has any free"
    return (
        f"{resource}: the pod asks for {_text(wanted, resource)}, {where}; {_text(wanted - there, resource)} "
        "are missing."
    )


def asked(pod: Object, resource: str) -> Decimal:
    """What a pod requests of a resource: its containers together, or its largest init container."""
    spec = pod.get("spec") or {}
    parts = {
        part: [_request(container, resource) for container in spec.get(part) or []]
        for part in ("containers", "initContainers")
    }
    return max([sum(parts["containers"], Decimal(0)), *parts["initContainers"]])


def _request(container: Object, resource: str) -> Decimal:
    resources = container.get("resources") or {}
    found = (resources.get("requests") or {}).get(resource, (resources.get("limits") or {}).get(resource))
    return quantity(found) or Decimal(0)


def _allocatable(node: Object, resource: str) -> Decimal:
    return quantity(((node.get("status") or {}).get("allocatable") or {}).get(resource)) or Decimal(0)


def _text(amount: Decimal, resource: str) -> str:
    if resource in _BINARY:
        return f"{amount / 2**30:.1f} GiB"
    return f"{amount.normalize():f}"
