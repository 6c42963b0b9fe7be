# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods: is one ready, and if not, why. Where each cause stands was read from a live API server's objects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..errors import Resource
from ..objects import Object, annotations_of, condition, name_of
from .model import Cause, Trouble
from .snapshot import Snapshot

SIMULATED = "kubefate.federatedai.org/Simulated"
"""The pod condition by which the sandbox says that nothing runs behind a pod."""
SIMULATED_NODE = "kubefate.federatedai.org/simulated"
"""The node annotation by which it says so of all pods there."""

_MISSING_IMAGE = re.compile(
    r"not found|manifest unknown|no such|does not exist|denied|unauthorized|authentication required|"
    r"InvalidImageName|couldn't parse image",
    re.IGNORECASE,
)
_PULL = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
)
_CONFIG = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
_SHOWN = 3
"""Events kept with a cause."""


def is_ready(pod: Object) -> bool:
    return condition(pod, "Ready").get("status") == "True" and not (pod.get("metadata") or {}).get("deletionTimestamp")


def is_simulated(pod: Object) -> bool:
    return condition(pod, SIMULATED).get("status") == "True"


def simulated_by(nodes: Iterable[Object]) -> bool | None:
    """Whether pods on any of these nodes are simulated; None where some are, or there is no node."""
    marks = {annotations_of(node).get(SIMULATED_NODE) == "true" for node in nodes}
    return marks.pop() if len(marks) == 1 else None


def restarts(pod: Object) -> int:
    return sum(int(status.get("restartCount") or 0) for status in _containers(pod))


def pod_cause(pod: Object, seen: Snapshot) -> Cause | None:
    """Why a pod is not ready, or None when it is ready, done, or simply still starting."""
    status = pod.get("status") or {}
    if is_ready(pod) or status.get("phase") == "Succeeded":
        return None
    if status.get("reason") == "Evicted":
        return _cause(Trouble.EVICTED, pod, seen, "Evicted", str(status.get("message", "")))
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return _unscheduled(pod, seen, scheduled)
    for container in _containers(pod):
        cause = _container_cause(pod, container, seen)
        if cause:
            return cause
    if status.get("phase") == "Failed":
        return _cause(
            Trouble.CRASH_LOOP, pod, seen, str(status.get("reason") or "Failed"), str(status.get("message", ""))
        )
    return _from_events(pod, seen)


def _containers(pod: Object) -> list[Any]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _container_cause(pod: Object, container: Any, seen: Snapshot) -> Cause | None:
    waiting = (container.get("state") or {}).get("waiting") or {}
    reason = str(waiting.get("reason") or "")
    message = str(waiting.get("message") or "")
    if reason in _PULL:
        node = (pod.get("spec") or {}).get("nodeName") or "no node yet"
        answers = [
            str(event.get("message")) for event in seen.events("Pod", name_of(pod)) if event.get("reason") == "Failed"
        ]
        said = next((answer for answer in reversed(answers) if answer and answer not in message), "")
        text = f"image {container.get('image')} on {node}: {message}" + (f" ({said})" if said else "")
        missing = reason == "InvalidImageName" or _MISSING_IMAGE.search(f"{message} {said}")
        return _cause(Trouble.IMAGE_MISSING if missing else Trouble.IMAGE_PULL, pod, seen, reason, text)
    if reason in _CONFIG:
        return _cause(Trouble.CONFIG, pod, seen, reason, f"container {container.get('name')}: {message}")
    ended = (container.get("lastState") or {}).get("terminated") or {}
    now = (container.get("state") or {}).get("terminated") or {}
    if not ended and now.get("exitCode"):
        ended = now
    if reason == "CrashLoopBackOff" or (ended.get("exitCode") and not container.get("ready")):
        text = (
            f"container {container.get('name')} ended with exit code {ended.get('exitCode', '?')}"
            f" ({ended.get('reason') or 'Error'}), {container.get('restartCount') or 0} restarts"
        )
        said = str(ended.get("message") or "").strip()
        return _cause(
            Trouble.CRASH_LOOP,
            pod,
            seen,
            reason or "Terminated",
            text + (f": {said}" if said else ""),
            restarts=int(container.get("restartCount") or 0),
        )
    return None


def _unscheduled(pod: Object, seen: Snapshot, scheduled: Any) -> Cause:
    message = str(scheduled.get("message") or "")
    if "unbound immediate PersistentVolumeClaims" in message or "persistentvolumeclaim" in message:
        for volume in (pod.get("spec") or {}).get("volumes") or []:
            claim_name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            claim = seen.find("PersistentVolumeClaim", str(claim_name)) if claim_name else None
            cause = claim_cause(claim, seen) if claim else None
            if cause:
                return cause
        return _cause(Trouble.VOLUME_PENDING, pod, seen, "Unschedulable", message)
    return _cause(Trouble.UNSCHEDULABLE, pod, seen, str(scheduled.get("reason") or "Unschedulable"), message)


def _from_events(pod: Object, seen: Snapshot) -> Cause | None:
    """Failed mounts and probes show in events alone."""
    for event in reversed(seen.events("Pod", name_of(pod))):
        match event.get("reason"):
            case "FailedMount" | "FailedAttachVolume":
                return _cause(Trouble.MOUNT, pod, seen, str(event["reason"]), str(event.get("message", "")))
            case "Unhealthy":
                return _cause(Trouble.NOT_READY, pod, seen, "Unhealthy", str(event.get("message", "")))
    return None


def claim_cause(claim: Object, seen: Snapshot) -> Cause | None:
    """Why a PersistentVolumeClaim is not bound, or None. Waiting for its first consumer is no trouble."""
    phase = (claim.get("status") or {}).get("phase")
    if phase == "Bound":
        return None
    storage_class = (claim.get("spec") or {}).get("storageClassName") or "(none)"
    if phase == "Lost":
        return _cause(Trouble.VOLUME_LOST, claim, seen, "ClaimLost", "its volume is gone")
    for event in reversed(seen.events("PersistentVolumeClaim", name_of(claim))):
        reason = str(event.get("reason"))
        if reason == "WaitForFirstConsumer":
            return None
        if reason in ("FailedBinding", "ProvisioningFailed"):
            text = f"storage class {storage_class}: {event.get('message', '')}"
            return _cause(Trouble.VOLUME_PENDING, claim, seen, reason, text)
    return None


def _cause(trouble: Trouble, obj: Object, seen: Snapshot, reason: str, message: str, restarts: int = 0) -> Cause:
    kind = str(obj.get("kind") or "Pod")
    metadata = obj.get("metadata") or {}
    shown = [f"{event.get('reason')}: {event.get('message')}" for event in seen.events(kind, name_of(obj))][-_SHOWN:]
    resource = Resource(kind, name_of(obj), str(metadata.get("namespace") or ""), reason, message, tuple(shown))
    return Cause(trouble, resource, restarts)
