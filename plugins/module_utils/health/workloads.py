# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of one object, judged from what its controllers report and from its pods.

Wanted replicas come from ``spec``, never from ``status``: a StatefulSet that has created one pod of two says 1 of 1.
What a controller has not yet looked at (``observedGeneration``) proves nothing.
"""

from __future__ import annotations

from typing import Any

from ..errors import Resource
from ..objects import Object, condition, name_of
from .model import Cause, State, Trouble, Verdict
from .pods import claim_cause, is_ready, pod_cause
from .snapshot import Snapshot

_QUOTA = "exceeded quota"


def assess(obj: Object | None, seen: Snapshot) -> Verdict:
    """The health of an object; None stands for one that should be there and is not."""
    if obj is None:
        return Verdict(State.MISSING, "NotFound", "does not exist")
    if (obj.get("metadata") or {}).get("deletionTimestamp"):
        return Verdict(State.DELETING, "Terminating", "is being deleted")
    match obj.get("kind"):
        case "Deployment":
            return _deployment(obj, seen)
        case "StatefulSet":
            return _stateful_set(obj, seen)
        case "DaemonSet":
            return _daemon_set(obj, seen)
        case "ReplicaSet" | "ReplicationController":
            return _replica_set(obj, seen)
        case "Job":
            return _job(obj, seen)
        case "CronJob":
            suspended = (obj.get("spec") or {}).get("suspend")
            return Verdict(State.SUSPENDED, "Suspended", "is suspended") if suspended else Verdict(State.READY)
        case "Pod":
            return _pod(obj, seen)
        case "PersistentVolumeClaim":
            return _claim(obj, seen)
        case "Service":
            return _service(obj)
        case _:
            return _other(obj)


def _unobserved(obj: Object) -> bool:
    generation = int((obj.get("metadata") or {}).get("generation") or 0)
    return int((obj.get("status") or {}).get("observedGeneration") or 0) < generation


def _wanted(obj: Object) -> int:
    replicas = (obj.get("spec") or {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def _count(obj: Object, field: str) -> int:
    return int((obj.get("status") or {}).get(field) or 0)


def _deployment(obj: Object, seen: Snapshot) -> Verdict:
    wanted, updated, ready = _wanted(obj), _count(obj, "updatedReplicas"), _count(obj, "readyReplicas")
    available, total = _count(obj, "availableReplicas"), _count(obj, "replicas")
    if _unobserved(obj):
        return Verdict(State.PROGRESSING, "Unobserved", "the controller has not seen the change yet", ready, wanted)
    if (obj.get("spec") or {}).get("paused"):
        return Verdict(State.SUSPENDED, "Paused", "its rollout is paused", ready, wanted)
    if wanted == 0:
        return _stopped(total)
    if updated >= wanted and total == updated and min(available, ready) >= wanted:
        return Verdict(State.READY, "", "", ready, wanted)
    causes = _causes(obj, seen)
    progressing = condition(obj, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        text = str(progressing.get("message", ""))
        late = Cause(Trouble.DEADLINE, Resource("Deployment", name_of(obj), "", "ProgressDeadlineExceeded", text))
        return _troubled(State.FAILED, "ProgressDeadlineExceeded", text, ready, wanted, (*causes, late))
    if updated < wanted:
        text = f"{updated} of {wanted} pods are of the new version"
    elif total > updated:
        text = f"{total - updated} old pods are still there"
    else:
        text = f"{min(available, ready)} of {wanted} pods are ready"
    return _troubled(State.PROGRESSING, "Progressing", text, ready, wanted, causes)


def _stateful_set(obj: Object, seen: Snapshot) -> Verdict:
    wanted, ready, updated = _wanted(obj), _count(obj, "readyReplicas"), _count(obj, "updatedReplicas")
    status = obj.get("status") or {}
    strategy = (obj.get("spec") or {}).get("updateStrategy") or {}
    if _unobserved(obj):
        return Verdict(State.PROGRESSING, "Unobserved", "the controller has not seen the change yet", ready, wanted)
    if wanted == 0:
        return _stopped(_count(obj, "replicas"))
    created = _count(obj, "replicas")
    if created != wanted or ready < wanted:
        text = f"{min(ready, created)} of {wanted} pods are ready"
        return _troubled(State.PROGRESSING, "Progressing", text, ready, wanted, _causes(obj, seen))
    behind = status.get("updateRevision") and status.get("currentRevision") != status.get("updateRevision")
    if behind and strategy.get("type") == "OnDelete":
        return Verdict(State.READY, "OnDelete", "pods get the new version when they are deleted", ready, wanted)
    partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    if behind and updated < max(0, wanted - partition):
        text = f"{updated} of {max(0, wanted - partition)} pods are of the new version"
        return _troubled(State.PROGRESSING, "Progressing", text, ready, wanted, _causes(obj, seen))
    if behind and partition:
        return Verdict(State.READY, "Partition", f"pods below {partition} keep the old version", ready, wanted)
    return Verdict(State.READY, "", "", ready, wanted)


def _daemon_set(obj: Object, seen: Snapshot) -> Verdict:
    wanted, ready = _count(obj, "desiredNumberScheduled"), _count(obj, "numberReady")
    if _unobserved(obj):
        return Verdict(State.PROGRESSING, "Unobserved", "the controller has not seen the change yet", ready, wanted)
    strategy = ((obj.get("spec") or {}).get("updateStrategy") or {}).get("type")
    if ready >= wanted and (_count(obj, "updatedNumberScheduled") >= wanted or strategy == "OnDelete"):
        return Verdict(State.READY, "", "", ready, wanted)
    return _troubled(
        State.PROGRESSING, "Progressing", f"{ready} of {wanted} pods are ready", ready, wanted, _causes(obj, seen)
    )


def _replica_set(obj: Object, seen: Snapshot) -> Verdict:
    wanted, ready = _wanted(obj), _count(obj, "readyReplicas")
    if _unobserved(obj):
        return Verdict(State.PROGRESSING, "Unobserved", "the controller has not seen the change yet", ready, wanted)
    if ready >= wanted:
        return Verdict(State.READY, "", "", ready, wanted)
    return _troubled(
        State.PROGRESSING, "Progressing", f"{ready} of {wanted} pods are ready", ready, wanted, _causes(obj, seen)
    )


def _job(obj: Object, seen: Snapshot) -> Verdict:
    wanted = int((obj.get("spec") or {}).get("completions") or 1)
    done = _count(obj, "succeeded")
    if condition(obj, "Complete").get("status") == "True":
        return Verdict(State.READY, "Complete", "", done, wanted)
    failed = condition(obj, "Failed")
    if failed.get("status") == "True":
        cause = Cause(
            Trouble.JOB_FAILED,
            Resource("Job", name_of(obj), "", str(failed.get("reason", "")), str(failed.get("message", ""))),
        )
        causes = (cause, *_causes(obj, seen))
        return Verdict(
            State.FAILED, str(failed.get("reason", "")), str(failed.get("message", "")), done, wanted, causes
        )
    if (obj.get("spec") or {}).get("suspend"):
        return Verdict(State.SUSPENDED, "Suspended", "is suspended", done, wanted)
    return _troubled(State.PROGRESSING, "Running", f"{done} of {wanted} are done", done, wanted, _causes(obj, seen))


def _pod(obj: Object, seen: Snapshot) -> Verdict:
    if is_ready(obj) or (obj.get("status") or {}).get("phase") == "Succeeded":
        return Verdict(State.READY, "", "", 1, 1)
    cause = pod_cause(obj, seen)
    phase = str((obj.get("status") or {}).get("phase") or "Pending")
    state = State.FAILED if phase == "Failed" else State.PROGRESSING
    return _troubled(state, phase, f"is {phase}", 0, 1, (cause,) if cause else ())


def _claim(obj: Object, seen: Snapshot) -> Verdict:
    phase = (obj.get("status") or {}).get("phase")
    if phase == "Bound":
        return Verdict(State.READY)
    cause = claim_cause(obj, seen)
    if phase == "Lost":
        return _troubled(State.FAILED, "ClaimLost", "its volume is gone", 0, 0, (cause,) if cause else ())
    if cause is None and not seen.events("PersistentVolumeClaim", name_of(obj)):
        return Verdict(State.PROGRESSING, "Pending", "is not bound yet")
    if cause is None:
        return Verdict(State.READY, "WaitForFirstConsumer", "is bound when a pod uses it")
    return _troubled(State.PROGRESSING, "Pending", "is not bound", 0, 0, (cause,))


def _service(obj: Object) -> Verdict:
    if (obj.get("spec") or {}).get("type") != "LoadBalancer":
        return Verdict(State.READY)
    if ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return Verdict(State.READY)
    return Verdict(State.PROGRESSING, "Pending", "has no load balancer address yet")


def _other(obj: Object) -> Verdict:
    """Anything else, by the conventions that custom resources follow."""
    if _unobserved(obj) and (obj.get("status") or {}).get("observedGeneration") is not None:
        return Verdict(State.PROGRESSING, "Unobserved", "its controller has not seen the change yet")
    stalled = condition(obj, "Stalled")
    if stalled.get("status") == "True":
        return Verdict(State.FAILED, str(stalled.get("reason", "Stalled")), str(stalled.get("message", "")))
    ready = condition(obj, "Ready")
    if ready.get("status") == "False":
        return Verdict(State.PROGRESSING, str(ready.get("reason", "NotReady")), str(ready.get("message", "")))
    return Verdict(State.READY)


def _stopped(left: int) -> Verdict:
    if left:
        return Verdict(State.PROGRESSING, "Stopping", f"{left} pods are still there")
    return Verdict(State.SUSPENDED, "Stopped", "is scaled to zero")


def _troubled(state: State, reason: str, text: str, ready: int, wanted: int, causes: tuple[Cause, ...]) -> Verdict:
    """A verdict whose message is the first cause where one is known; trouble that lasts makes it degraded."""
    if causes:
        first = causes[0].resource
        state = State.DEGRADED if state is State.PROGRESSING else state
        return Verdict(
            state, first.reason or reason, f"{text}; {first.kind} {first.name}: {first.message}", ready, wanted, causes
        )
    return Verdict(state, reason, text, ready, wanted)


def _causes(workload: Object, seen: Snapshot) -> tuple[Cause, ...]:
    """Why pods of a workload are not ready or were never made, newest pods first."""
    pods = sorted(seen.pods(workload), key=_created, reverse=True)
    found = [cause for cause in (pod_cause(pod, seen) for pod in pods) if cause]
    return (*_not_created(workload, seen), *found)


def _created(obj: Object) -> str:
    return str((obj.get("metadata") or {}).get("creationTimestamp") or "")


def _not_created(workload: Object, seen: Snapshot) -> list[Cause]:
    """Pods that a controller was not allowed to make: a Deployment says it in a condition, a StatefulSet in events."""
    failure = condition(workload, "ReplicaFailure")
    if failure.get("status") == "True":
        return [_refused(workload, str(failure.get("reason", "")), str(failure.get("message", "")))]
    if workload.get("kind") in ("StatefulSet", "Job", "DaemonSet"):
        created = _count(workload, "replicas") if workload.get("kind") == "StatefulSet" else len(seen.pods(workload))
        for event in reversed(seen.events(str(workload["kind"]), name_of(workload))):
            if event.get("reason") == "FailedCreate" and created < _wanted(workload):
                return [_refused(workload, "FailedCreate", str(event.get("message", "")))]
    return []


def _refused(workload: Object, reason: str, message: str) -> Cause:
    trouble = Trouble.QUOTA if _QUOTA in message else Trouble.ADMISSION
    return Cause(trouble, Resource(str(workload.get("kind")), name_of(workload), "", reason, message))


def images_of(obj: Object) -> tuple[str, ...]:
    """The images that a workload's pods use, init containers first."""
    template: Any = ((obj.get("spec") or {}).get("template") or {}).get("spec") or {}
    found = [c.get("image", "") for c in (template.get("initContainers") or []) + (template.get("containers") or [])]
    return tuple(dict.fromkeys(image for image in found if image))
