# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes: their architecture, and the devices that they have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from ..facts.kubernetes import AMD64_IMAGES
from ..objects import Object, labels_of
from .model import Check, Finding, PartyFacts, ServerFacts, failed, hidden, passed, warned
from .placing import admits, allocatable
from .pods import Wanted, containers, workloads

_ARCH = "kubernetes.io/arch"
_GPU = re.compile(r"gpu|cuda|(^|[./-])mig([./-]|$)", re.IGNORECASE)


def check_architecture(server: ServerFacts, party: PartyFacts) -> Iterator[Finding]:
    bound = [wanted for wanted in workloads(party.objects) if any(map(_is_amd64, _images(wanted)))]
    if not bound:
        yield passed(Check.ARCHITECTURE, "no image is known to be for one architecture alone")
        return
    if server.nodes is None:
        yield hidden(Check.ARCHITECTURE, "the nodes", "list nodes", "The images of FATE are for amd64 alone.")
        return
    findings = [finding for wanted in bound if (finding := _architecture(wanted, server.nodes))]
    yield from findings
    if not findings:
        yield passed(Check.ARCHITECTURE, "images and nodes are for amd64")


def _images(wanted: Wanted) -> list[str]:
    return [str(container.get("image") or "") for container in containers(wanted.spec)]


def _is_amd64(image: str) -> bool:
    return any(f"/{image}".find(f"/{known}") >= 0 for known in AMD64_IMAGES)


def _architecture(wanted: Wanted, nodes: Sequence[Object]) -> Finding | None:
    found = {_arch(node) for node in nodes if admits(node, wanted.spec)}
    image = next(filter(_is_amd64, _images(wanted)))
    if not found or found == {"amd64"}:
        return None
    others = ", ".join(sorted(found - {"amd64"}))
    if "amd64" not in found:
        return failed(
            Check.ARCHITECTURE,
            f"{wanted.owner}: image {image} is for amd64, and the nodes that it may run on are {others}",
            "Add nodes for amd64, or give an image of your own.",
            wanted.owner,
        )
    return warned(
        Check.ARCHITECTURE,
        f"{wanted.owner}: image {image} is for amd64, and it may run on nodes for {others}",
        f"Give it the nodeSelector {{{_ARCH}: amd64}}.",
        wanted.owner,
    )


def _arch(node: Object) -> str:
    info = (node.get("status") or {}).get("nodeInfo") or {}
    return str(labels_of(node).get(_ARCH) or info.get("architecture") or "unknown")


def check_gpu(server: ServerFacts, party: PartyFacts) -> Iterator[Finding]:
    asked: dict[str, tuple[Decimal, str]] = {}
    for wanted in workloads(party.objects):
        for name, amount in wanted.asks.items():
            if _GPU.search(name) and amount:
                total, owner = asked.get(name, (Decimal(0), wanted.owner))
                asked[name] = (total + amount * (wanted.count or 1), owner)
    if not asked:
        yield passed(Check.GPU, "no GPU is asked for")
        return
    if server.nodes is None:
        yield hidden(Check.GPU, "the nodes", "list nodes", f"{', '.join(asked)} is asked for.")
        return
    for name, (amount, owner) in asked.items():
        there = sum((allocatable(node).get(name, Decimal(0)) for node in server.nodes), Decimal(0))
        if not there:
            others = sorted({key for node in server.nodes for key in allocatable(node) if _GPU.search(key)})
            yield failed(
                Check.GPU,
                f"{owner} asks for {name}, which no node has",
                f"Nodes have: {', '.join(others) or 'no GPU'}. Add nodes with the device plugin of their maker, or use "
                "device: CPU.",
                owner,
            )
        elif there < amount:
            yield failed(
                Check.GPU,
                f"{name}: {amount:f} are asked for, and all nodes have {there:f}; {amount - there:f} are missing",
                "Add nodes, or ask for fewer.",
                owner,
            )
        else:
            yield passed(Check.GPU, f"{name}: {amount:f} of {there:f}")
