# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health for the cases that fool tools: objects as a live API server shows them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.health.cluster import judge
from ansible_collections.federatedai.kubefate.plugins.module_utils.health.model import State, Trouble, Verdict
from ansible_collections.federatedai.kubefate.plugins.module_utils.health.snapshot import Snapshot
from ansible_collections.federatedai.kubefate.plugins.module_utils.health.workloads import assess

Object = dict[str, Any]


def workload(kind: str, spec: Object | None = None, generation: int = 2, **status: Any) -> Object:
    """A workload that its controller has looked at."""
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "engine", "uid": "u-engine", "generation": generation},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "engine"}}, **(spec or {})},
        "status": {"observedGeneration": 2, **status},
    }


def good(**changed: int) -> Object:
    counts = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
    return {**counts, **changed}


def pod(owner: str = "engine", name: str = "engine-0", ready: bool = False, **status: Any) -> Object:
    conditions = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": str(ready)}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "ns",
            "labels": {"app": "engine"},
            "ownerReferences": [{"kind": "StatefulSet", "name": owner, "uid": f"u-{owner}", "controller": True}],
        },
        "spec": {"nodeName": "node-1"},
        "status": {"phase": "Running" if ready else "Pending", "conditions": conditions, **status},
    }


def waiting(reason: str, message: str = "", **more: Any) -> Object:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"containerStatuses": [{"name": "main", "image": "reg/engine:1", "ready": False, "state": state, **more}]}


def event(kind: str, name: str, reason: str, message: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name}.{reason}"},
        "involvedObject": {"kind": kind, "name": name},
        "reason": reason,
        "message": message,
        "lastTimestamp": "2026-01-01T00:00:00Z",
    }


def verdict(obj: Object, *others: Object) -> Verdict:
    return assess(obj, Snapshot([obj, *others]))


DEPLOYMENTS = {
    "all is well": (workload("Deployment", **good()), State.READY),
    "an unobserved generation": (workload("Deployment", generation=3, **good()), State.PROGRESSING),
    "no status at all": (workload("Deployment", observedGeneration=0), State.PROGRESSING),
    "the old pods serve while the new one cannot start": (
        workload("Deployment", **good(replicas=3, updatedReplicas=1)),
        State.PROGRESSING,
    ),
    "an old pod is still there": (workload("Deployment", **good(replicas=3)), State.PROGRESSING),
    "ready but not yet available": (workload("Deployment", **good(availableReplicas=1)), State.PROGRESSING),
    "its rollout is paused": (workload("Deployment", {"paused": True}, **good(updatedReplicas=0)), State.SUSPENDED),
    "scaled to zero": (workload("Deployment", {"replicas": 0}), State.SUSPENDED),
    "scaled to zero, pods still ending": (workload("Deployment", {"replicas": 0}, replicas=1), State.PROGRESSING),
    "replicas are left to the default": (
        workload("Deployment", {"replicas": None}, replicas=1, updatedReplicas=1, readyReplicas=1, availableReplicas=1),
        State.READY,
    ),
    "the deadline is exceeded": (
        workload(
            "Deployment",
            **good(readyReplicas=1),
            conditions=[{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
        ),
        State.FAILED,
    ),
}
SETS = {
    "all is well": (workload("StatefulSet", **good()), State.READY),
    "an unobserved generation": (workload("StatefulSet", generation=3, **good()), State.PROGRESSING),
    "too few created: one of one is ready, and two are wanted": (
        workload("StatefulSet", replicas=1, readyReplicas=1, updatedReplicas=1),
        State.PROGRESSING,
    ),
    "ready with old pods": (
        workload("StatefulSet", **good(updatedReplicas=1), currentRevision="a", updateRevision="b"),
        State.PROGRESSING,
    ),
    "old pods that nobody replaces: OnDelete": (
        workload(
            "StatefulSet",
            {"updateStrategy": {"type": "OnDelete"}},
            **good(updatedReplicas=0),
            currentRevision="a",
            updateRevision="b",
        ),
        State.READY,
    ),
    "old pods below the partition": (
        workload(
            "StatefulSet",
            {"updateStrategy": {"rollingUpdate": {"partition": 1}}},
            **good(updatedReplicas=1),
            currentRevision="a",
            updateRevision="b",
        ),
        State.READY,
    ),
    "old pods above the partition": (
        workload(
            "StatefulSet",
            {"updateStrategy": {"rollingUpdate": {"partition": 1}}},
            **good(updatedReplicas=0),
            currentRevision="a",
            updateRevision="b",
        ),
        State.PROGRESSING,
    ),
    "more pods than wanted": (workload("StatefulSet", **good(replicas=3)), State.PROGRESSING),
    "scaled to zero": (workload("StatefulSet", {"replicas": 0}), State.SUSPENDED),
}


@pytest.mark.parametrize("case", DEPLOYMENTS)
def test_a_deployment(case: str) -> None:
    obj, state = DEPLOYMENTS[case]
    assert verdict(obj).state is state, verdict(obj)


@pytest.mark.parametrize("case", SETS)
def test_a_stateful_set(case: str) -> None:
    obj, state = SETS[case]
    assert verdict(obj).state is state, verdict(obj)


def test_a_deployment_that_exceeds_its_deadline_names_that_after_what_its_pods_tell() -> None:
    obj, _state = DEPLOYMENTS["the deadline is exceeded"]
    assert [cause.trouble for cause in verdict(obj).causes] == [Trouble.DEADLINE]


def test_what_is_being_deleted_is_not_ready_whatever_its_status_says() -> None:
    obj = workload("Deployment", **good())
    obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert verdict(obj).state is State.DELETING
    assert assess(None, Snapshot([])).state is State.MISSING


def job(spec: Object | None = None, **status: Any) -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "setup"},
        "spec": spec or {},
        "status": status,
    }


@pytest.mark.parametrize(
    ("obj", "state"),
    [
        (job(succeeded=1, conditions=[{"type": "Complete", "status": "True"}]), State.READY),
        (job(active=1), State.PROGRESSING),
        (job({"suspend": True}), State.SUSPENDED),
        (job(conditions=[{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]), State.FAILED),
        (job(conditions=[{"type": "Failed", "status": "False"}], active=1), State.PROGRESSING),
    ],
    ids=["complete", "running", "suspended", "failed", "failed before and tried again"],
)
def test_a_job(obj: Object, state: State) -> None:
    assert verdict(obj).state is state


def claim(phase: str, storage_class: str | None = "fast") -> Object:
    spec = {"storageClassName": storage_class}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": spec,
        "status": {"phase": phase},
    }


@pytest.mark.parametrize(
    ("obj", "events", "state", "said"),
    [
        (claim("Bound"), [], State.READY, ""),
        (claim("Lost"), [], State.FAILED, "its volume is gone"),
        (claim("Pending"), [("WaitForFirstConsumer", "waiting for first consumer")], State.READY, "when a pod uses it"),
        (
            claim("Pending"),
            [("ProvisioningFailed", 'storageclass "fast" not found')],
            State.DEGRADED,
            "storage class fast",
        ),
        (claim("Pending", None), [("FailedBinding", "no persistent volumes available")], State.DEGRADED, "(none)"),
        (claim("Pending"), [], State.PROGRESSING, "not bound yet"),
    ],
    ids=["bound", "lost", "waits for its first consumer", "class does not exist", "no class", "just made"],
)
def test_a_claim(obj: Object, events: list[tuple[str, str]], state: State, said: str) -> None:
    shown = verdict(obj, *(event("PersistentVolumeClaim", "data", *each) for each in events))
    assert shown.state is state
    assert said in shown.message


NOT_READY = good(readyReplicas=1)
CAUSES = {
    "image not found": (
        pod(**waiting("ErrImagePull", "rpc error: code = NotFound desc = reg/engine:1: not found")),
        Trouble.IMAGE_MISSING,
        ("reg/engine:1", "node-1", "not found"),
    ),
    "image denied": (
        pod(**waiting("ImagePullBackOff", "pull access denied, authorization failed")),
        Trouble.IMAGE_MISSING,
        ("denied",),
    ),
    "a registry that does not answer": (
        pod(**waiting("ErrImagePull", "dial tcp 10.0.0.1:443: i/o timeout")),
        Trouble.IMAGE_PULL,
        ("i/o timeout",),
    ),
    "crash loop": (
        pod(
            **waiting(
                "CrashLoopBackOff",
                restartCount=4,
                lastState={"terminated": {"exitCode": 3, "reason": "Error", "message": "no route"}},
            )
        ),
        Trouble.CRASH_LOOP,
        ("exit code 3", "4 restarts", "no route"),
    ),
    "out of memory": (
        pod(
            **waiting(
                "CrashLoopBackOff", restartCount=1, lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
            )
        ),
        Trouble.CRASH_LOOP,
        ("137", "OOMKilled"),
    ),
    "an init container crashes": (
        pod(
            initContainerStatuses=[
                {
                    "name": "prepare",
                    "ready": False,
                    "restartCount": 2,
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                    "lastState": {"terminated": {"exitCode": 1}},
                }
            ]
        ),
        Trouble.CRASH_LOOP,
        ("container prepare", "exit code 1"),
    ),
    "a Secret that is missing": (
        pod(**waiting("CreateContainerConfigError", 'secret "db" not found')),
        Trouble.CONFIG,
        ('secret "db" not found',),
    ),
    "no room": (
        pod(
            conditions=[
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/3 nodes are available: 3 Insufficient memory.",
                }
            ]
        ),
        Trouble.UNSCHEDULABLE,
        ("Insufficient memory",),
    ),
    "evicted": (
        pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
        Trouble.EVICTED,
        ("low on resource",),
    ),
}


@pytest.mark.parametrize("case", CAUSES)
def test_why_a_pod_is_not_ready(case: str) -> None:
    broken, trouble, words = CAUSES[case]
    shown = verdict(workload("StatefulSet", **NOT_READY), broken)
    assert shown.state is State.DEGRADED
    assert [cause.trouble for cause in shown.causes] == [trouble]
    for word in words:
        assert word in shown.message


@pytest.mark.parametrize(
    ("message", "trouble"),
    [
        ('pods "engine-1" is forbidden: exceeded quota: small, requested: pods=1', Trouble.QUOTA),
        ('pods "engine-1" is forbidden: violates PodSecurity "restricted:latest"', Trouble.ADMISSION),
    ],
)
def test_pods_that_were_never_made(message: str, trouble: Trouble) -> None:
    created = event("StatefulSet", "engine", "FailedCreate", message)
    shown = verdict(workload("StatefulSet", replicas=1, readyReplicas=1), created)
    assert [cause.trouble for cause in shown.causes] == [trouble]
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    deployment = verdict(workload("Deployment", replicas=0, conditions=[failure]))
    assert [cause.trouble for cause in deployment.causes] == [trouble]


@pytest.mark.parametrize(
    ("reason", "trouble"), [("FailedMount", Trouble.MOUNT), ("Unhealthy", Trouble.NOT_READY)], ids=["mount", "probe"]
)
def test_what_only_events_tell(reason: str, trouble: Trouble) -> None:
    broken = pod(containerStatuses=[{"name": "main", "ready": False, "state": {"running": {}}}])
    shown = verdict(workload("StatefulSet", **NOT_READY), broken, event("Pod", "engine-0", reason, "it failed"))
    assert [cause.trouble for cause in shown.causes] == [trouble]


def test_a_pod_that_simply_starts_has_no_cause() -> None:
    starting = pod(**waiting("ContainerCreating"))
    shown = verdict(workload("StatefulSet", **NOT_READY), starting)
    assert (shown.state, shown.causes) == (State.PROGRESSING, ())


def test_a_cluster_is_as_well_as_its_worst_part_and_says_who_that_is() -> None:
    expected = [workload("Deployment"), {**workload("StatefulSet"), "metadata": {"name": "mysql"}}]
    live = [workload("Deployment", **good())]
    health = judge(expected, Snapshot(live))
    assert health.state is State.MISSING
    assert not health.ready
    assert "1 of 2 workloads are ready" in health.reason
    assert "mysql" in health.reason


def test_simulated_pods_are_told_from_real_ones() -> None:
    real = pod(ready=True)
    played = pod(ready=True)
    played["status"]["conditions"].append({"type": "kubefate.federatedai.org/Simulated", "status": "True"})
    live = workload("StatefulSet", **good())
    assert judge([live], Snapshot([live, played])).simulated is True
    assert judge([live], Snapshot([live, real])).simulated is False
    assert judge([live], Snapshot([live])).simulated is None
