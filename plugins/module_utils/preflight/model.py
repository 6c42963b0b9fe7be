# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a preflight is told, and what it finds. Pure: others gather the facts.

A fact that is None may not be read: that is a finding of its own, and never a failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..facts.kubernetes import NODE_PORTS
from ..objects import Object


class Status(StrEnum):
    """PASS: nothing to do. WARN: somebody should look. FAIL: it would not work."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"


class Check(StrEnum):
    """What is looked at, in the order of the table."""

    PLAN = "plan"
    HELM = "helm"
    KUBERNETES = "kubernetes"
    APIS = "apis"
    CLOCK = "clock"
    RIGHTS = "rights"
    STORAGE = "storage"
    INGRESS = "ingress"
    NODE_PORTS = "node_ports"
    ARCHITECTURE = "architecture"
    CAPACITY = "capacity"
    GPU = "gpu"
    POD_SECURITY = "pod_security"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Finding:
    """about: the object or resource that it is about. hint: what to do, or whom to ask."""

    check: Check
    status: Status
    text: str
    hint: str = ""
    about: str = ""


def passed(check: Check, text: str, about: str = "") -> Finding:
    return Finding(check, Status.PASS, text, "", about)


def warned(check: Check, text: str, hint: str, about: str = "") -> Finding:
    return Finding(check, Status.WARN, text, hint, about)


def failed(check: Check, text: str, hint: str, about: str = "") -> Finding:
    return Finding(check, Status.FAIL, text, hint, about)


def hidden(check: Check, what: str, right: str, meaning: str) -> Finding:
    """What may not be read. right: that would show it. meaning: what remains unknown."""
    return Finding(
        check,
        Status.WARN,
        f"not visible: {what}",
        f"{meaning} Give the right to {right}, or ask an administrator of the Kubernetes.",
    )


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One Kubernetes. served: API versions, such as ``apps/v1``. skew: seconds that its clock is ahead of ours.
    port_range: of node ports, which no API server tells."""

    version: str = ""
    served: frozenset[str] | None = None
    skew: float | None = None
    helm: str = ""
    nodes: Sequence[Object] | None = None
    pods: Sequence[Object] | None = None
    classes: Sequence[Object] | None = None
    ingress_classes: Sequence[Object] | None = None
    services: Sequence[Object] | None = None
    port_range: tuple[int, int] = NODE_PORTS
    openshift: bool = False


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """One party. objects: what is going to be there, with what its hooks run. recorded: what its release consists of
    now. live: objects of its namespace, as far as they may be read. labels, quota, limits: what the namespace is going
    to get. missing: rights that deploying lacks, with what each is for; ungranted: that granting them lacks.
    constraints: sentences about those of OpenShift."""

    host: str
    namespace: str
    objects: Sequence[Object]
    recorded: Sequence[Object] = ()
    namespace_object: Object | None = None
    namespace_visible: bool = True
    live: Sequence[Object] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    quota: Mapping[str, Any] = field(default_factory=dict)
    limits: Sequence[Mapping[str, Any]] = ()
    quotas_visible: bool = True
    claims_visible: bool = True
    missing: Sequence[tuple[str, str]] = ()
    ungranted: Sequence[tuple[str, str]] = ()
    constraints: Sequence[str] = ()
    kubernetes: str = ""
