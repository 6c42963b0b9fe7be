# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing objects into a form in which they can be compared: what servers, controllers and Helm add is taken away or
put on both sides. What is listed here was read from objects of a live API server before and after dry runs.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from ..data import copied
from ..objects import Object

_SERVER_METADATA = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")
_CONTROLLER_ANNOTATIONS = frozenset(
    {
        "deployment.kubernetes.io/revision",
        "kubectl.kubernetes.io/last-applied-configuration",
        "pv.kubernetes.io/bind-completed",
        "pv.kubernetes.io/bound-by-controller",
        "volume.kubernetes.io/storage-provisioner",
        "volume.beta.kubernetes.io/storage-provisioner",
        "volume.kubernetes.io/selected-node",
    }
)
CONTROLLERS = re.compile(
    r"^(kube-controller-manager|kube-scheduler|kubelet|kube-apiserver|cloud-controller-manager|kwok.*|.*-controller)$"
)
"""Field managers that are part of Kubernetes: what they write is no drift."""
HELM_MANAGER = "helm"

_QUANTITY = re.compile(r"^([+-]?\d+(?:\.\d+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|e[+-]?\d+)?$")
_FACTORS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", 1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", 1)},
}


def with_marks(obj: Object, release: str, namespace: str) -> dict[str, Any]:
    """What Helm sends for an object of a manifest: the object with the marks that Helm adds itself."""
    out: dict[str, Any] = copied(obj)
    metadata = out["metadata"] = dict(out.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        "meta.helm.sh/release-name": release,
        "meta.helm.sh/release-namespace": namespace,
    }
    return out


def without_marks(obj: Object) -> dict[str, Any]:
    """An object of a manifest as its chart wrote it."""
    out = dict(obj)
    metadata = out["metadata"] = dict(obj.get("metadata") or {})
    for part, keys in (
        ("labels", ("app.kubernetes.io/managed-by",)),
        ("annotations", ("meta.helm.sh/release-name", "meta.helm.sh/release-namespace")),
    ):
        left = {key: value for key, value in (metadata.get(part) or {}).items() if key not in keys}
        metadata.pop(part, None)
        if left:
            metadata[part] = left
    return out


def pruned(obj: Object) -> dict[str, Any]:
    """The object without status and without what servers and controllers write into its metadata."""
    out = {key: value for key, value in obj.items() if key != "status"}
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key not in _SERVER_METADATA}
    annotations = {
        key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _CONTROLLER_ANNOTATIONS
    }
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    out["metadata"] = metadata
    return out


def as_replacement(obj: Object, live: Object) -> dict[str, Any]:
    """The manifest's object as a full replacement of the live one, carrying over what was filled in once and may not
    change: the PUT dry run of it answers exactly what differs."""
    out: dict[str, Any] = copied(obj)
    metadata, was = out["metadata"], live["metadata"]
    metadata["resourceVersion"] = was.get("resourceVersion")
    for key in ("finalizers", "ownerReferences"):
        if was.get(key):
            metadata.setdefault(key, was[key])
    spec, live_spec = out.get("spec"), live.get("spec") or {}
    match out.get("kind"):
        case "PersistentVolumeClaim" if isinstance(spec, dict):
            for key in ("volumeName", "storageClassName", "volumeMode"):
                if live_spec.get(key) is not None:
                    spec.setdefault(key, live_spec[key])
        case "Job" if isinstance(spec, dict) and not spec.get("manualSelector"):
            _carry_job(out, live)
        case "ServiceAccount" if live.get("secrets"):
            out.setdefault("secrets", live["secrets"])
    return out


_JOB_LABELS = ("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name")


def _carry_job(out: dict[str, Any], live: Object) -> None:
    out["spec"]["selector"] = live["spec"].get("selector")
    template = out["spec"].setdefault("template", {}).setdefault("metadata", {})
    template["labels"] = {**(template.get("labels") or {}), **_job_labels(live["spec"]["template"].get("metadata"))}
    out["metadata"]["labels"] = {**(out["metadata"].get("labels") or {}), **_job_labels(live["metadata"])}


def _job_labels(metadata: Any) -> dict[str, str]:
    return {key: value for key, value in ((metadata or {}).get("labels") or {}).items() if key in _JOB_LABELS}


def quantity(value: Any) -> Decimal | None:
    """A Kubernetes quantity as a number, or None for what is none."""
    if isinstance(value, bool):
        return None
    match = _QUANTITY.match(str(value))
    if not match:
        return None
    suffix = match[2] or ""
    try:
        if suffix[:1] == "e":
            return Decimal(match[1] + suffix)
        return Decimal(match[1]) * _FACTORS[suffix]
    except InvalidOperation:
        return None
