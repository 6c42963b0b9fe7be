# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects and facts for tests of the preflight."""

from __future__ import annotations

from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.preflight.model import (
    Finding,
    PartyFacts,
    ServerFacts,
)

SPACE = "fate-9999"


def node(name: str = "node-1", cpu: str = "4", memory: str = "16Gi", **more: Any) -> dict[str, Any]:
    """more: labels, taints, arch, unschedulable, or further allocatable resources."""
    labels = {"kubernetes.io/arch": more.pop("arch", "amd64"), **more.pop("labels", {})}
    spec = {"taints": more.pop("taints", []), "unschedulable": more.pop("unschedulable", False)}
    allocatable = {"cpu": cpu, "memory": memory, "pods": "110", **more}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": {"allocatable": allocatable},
    }


def container(cpu: str = "", memory: str = "", **more: Any) -> dict[str, Any]:
    asked = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    return {"name": "main", "image": "example.test/a:1", "resources": {"requests": asked}, **more}


def workload(name: str = "python", kind: str = "Deployment", replicas: int | None = 1, **pod: Any) -> dict[str, Any]:
    """pod: of its pods' spec. A container that asks for one CPU and 1 GiB by default."""
    labels = {"app": name}
    spec = {"containers": [container("1", "1Gi")], **pod}
    count = {} if replicas is None else {"replicas": replicas}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {**count, "selector": {"matchLabels": labels}, "template": template},
    }


def pod(name: str, on: str, app: str = "other", namespace: str = "other", **spec: Any) -> dict[str, Any]:
    """A running pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": app}},
        "spec": {"nodeName": on, "containers": [container("1", "1Gi")], **spec},
        "status": {"phase": "Running"},
    }


def named(kind: str, name: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": SPACE, **more.pop("metadata", {})}
    return {"apiVersion": more.pop("api_version", "v1"), "kind": kind, "metadata": metadata, **more}


def server(**facts: Any) -> ServerFacts:
    """A Kubernetes on which everything is well and visible."""
    known: dict[str, Any] = {
        "version": "v1.34.1",
        "served": frozenset({"v1", "apps/v1", "networking.k8s.io/v1"}),
        "skew": 0.3,
        "helm": "4.0",
        "nodes": [node()],
        "pods": [],
        "classes": [],
        "ingress_classes": [],
        "services": [],
    }
    return ServerFacts(**{**known, **facts})


def party(*objects: dict[str, Any], **facts: Any) -> PartyFacts:
    return PartyFacts(host=facts.pop("host", "bank"), namespace=SPACE, objects=objects, **facts)


def said(findings: Any) -> list[str]:
    """Status and text of each."""
    found: list[Finding] = list(findings)
    return [f"{finding.status} {finding.text}" for finding in found]
