# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting: how long each cause is borne, what is said at the end, and watches that break off."""

from __future__ import annotations

import base64
import threading
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.context import Context
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.running import Running
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.settle import (
    Mirror,
    Patience,
    module_line,
    progress_line,
    settle,
    timed_out,
    unhealthy,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError, Resource
from ansible_collections.federatedai.kubefate.plugins.module_utils.health.model import (
    Cause,
    Health,
    State,
    Trouble,
    Verdict,
    Workload,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.job.book import JobBook
from ansible_collections.federatedai.kubefate.plugins.module_utils.job.record import Job, Method
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import FakeRunner, Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, refusal

Object = dict[str, Any]
POD = Ref("v1", "Pod", "ns", "engine-5d9c-x7k2p")


def cause(trouble: Trouble, name: str = POD.name, restarts: int = 0, kind: str = "Pod") -> Cause:
    return Cause(trouble, Resource(kind, name, "ns", "Reason", "it is so"), restarts)


def ill(*causes: Cause, ready: int = 0) -> Health:
    verdict = Verdict(State.DEGRADED, "Reason", "it is so", ready, 2, causes)
    return Health(
        State.DEGRADED, "0 of 1 workloads are ready", (Workload("Deployment", "engine", "engine", verdict),), causes
    )


def borne(trouble: Trouble, seconds: float, *, restarts: int = 0, **patience: float) -> bool:
    """Whether a cause that has lasted so long is still borne."""
    moment = [0.0]
    patient = Patience(Options(patience=patience), clock=lambda: moment[0])
    health = ill(cause(trouble, restarts=restarts))
    assert patient.spent(health) == []
    moment[0] = seconds
    return patient.spent(health) == []


# how long -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [
        (Trouble.IMAGE_MISSING, 30),
        (Trouble.ADMISSION, 30),
        (Trouble.QUOTA, 30),
        (Trouble.JOB_FAILED, 30),
        (Trouble.VOLUME_LOST, 30),
        (Trouble.IMAGE_PULL, 180),
        (Trouble.CONFIG, 180),
    ],
)
def test_each_cause_is_borne_for_its_own_time_and_no_longer(trouble: Trouble, seconds: float) -> None:
    assert borne(trouble, seconds - 1)
    assert not borne(trouble, seconds)
    assert borne(trouble, seconds, **{str(trouble): seconds + 1})
    assert not borne(trouble, 2, **{str(trouble): 1})


@pytest.mark.parametrize(
    "trouble", [Trouble.UNSCHEDULABLE, Trouble.VOLUME_PENDING, Trouble.MOUNT, Trouble.NOT_READY, Trouble.DEADLINE]
)
def test_what_may_pass_by_itself_is_borne_until_the_time_is_up(trouble: Trouble) -> None:
    assert borne(trouble, 100_000)


def test_a_crash_loop_is_borne_for_five_minutes_and_for_five_restarts_whichever_is_later() -> None:
    assert borne(Trouble.CRASH_LOOP, 299, restarts=50)
    assert borne(Trouble.CRASH_LOOP, 10_000, restarts=4)
    assert not borne(Trouble.CRASH_LOOP, 300, restarts=5)


def test_a_crash_loop_is_borne_while_anything_else_gets_on() -> None:
    """clustermanager restarts until MySQL answers, and that is healthy."""
    moment = [0.0]
    patient = Patience(Options(), clock=lambda: moment[0])
    crash = cause(Trouble.CRASH_LOOP, restarts=9)
    patient.spent(ill(crash))
    moment[0] = 299.0
    assert patient.spent(ill(crash, ready=1)) == []
    moment[0] = 500.0
    assert patient.spent(ill(crash, ready=1)) == []
    moment[0] = 599.0
    assert patient.spent(ill(crash, ready=1)) == [crash]


def test_a_cause_that_went_away_begins_anew() -> None:
    moment = [0.0]
    patient = Patience(Options(), clock=lambda: moment[0])
    quota = cause(Trouble.QUOTA)
    for seconds, health, spent in (
        (0, ill(quota), []),
        (20, ill(), []),
        (40, ill(quota), []),
        (71, ill(quota), [quota]),
    ):
        moment[0] = float(seconds)
        assert patient.spent(health) == spent


def test_pods_that_a_controller_replaces_are_one_story() -> None:
    moment = [0.0]
    patient = Patience(Options(), clock=lambda: moment[0])
    patient.spent(ill(cause(Trouble.IMAGE_MISSING, "engine-5d9c-aaaaa")))
    moment[0] = 31.0
    assert patient.spent(ill(cause(Trouble.IMAGE_MISSING, "engine-5d9c-bbbbb")))


# what is said -------------------------------------------------------------------------------------------------------
def test_who_gives_up_on_a_crash_loop_shows_the_last_lines_of_the_log() -> None:
    api = MemoryApi()
    api.texts[POD.name] = "starting\nno route to mysql\n"
    crash = cause(Trouble.CRASH_LOOP, restarts=6)
    error = unhealthy(api, ill(crash), [crash])
    assert (error.kind, error.phase) == (Kind.UNHEALTHY, "settle")
    assert error.resources[0].log == "starting\nno route to mysql\n"
    assert "Read the log" in error.hint
    (asked,) = [sent for sent in api.sent if sent.path.endswith("/log")]
    assert (asked.query["previous"], asked.query["tailLines"]) == ("true", "20")


def test_a_log_that_cannot_be_read_hides_no_cause() -> None:
    crash = cause(Trouble.CRASH_LOOP, restarts=6)
    error = unhealthy(MemoryApi(), ill(crash), [crash])
    assert [(found.name, found.log) for found in error.resources] == [(POD.name, "")]


@pytest.mark.parametrize(
    "trouble", [Trouble.IMAGE_MISSING, Trouble.QUOTA, Trouble.VOLUME_PENDING, Trouble.UNSCHEDULABLE]
)
def test_who_runs_out_of_time_names_the_cause_and_the_next_step(trouble: Trouble) -> None:
    error = timed_out(MemoryApi(), ill(cause(trouble)), 60)
    assert error.kind is Kind.TIMEOUT
    assert error.msg.startswith("Not ready after 60 s: ")
    assert len(error.hint) > 20
    assert "wait_timeout" not in error.hint, "more time alone is no help"


def test_who_runs_out_of_time_without_a_cause_names_what_is_not_ready() -> None:
    error = timed_out(MemoryApi(), ill(), 60)
    assert [(found.kind, found.name) for found in error.resources] == [("Deployment", "engine")]
    assert "wait_timeout" in error.hint


def test_progress_names_each_module_that_is_not_ready_and_what_it_waits_for() -> None:
    health = ill(cause(Trouble.QUOTA), ready=1)
    assert module_line(health) == "0 of 1 modules ready (engine 1/2 Reason)"
    assert progress_line(health) == f"{module_line(health)}: Pod {POD.name}: Reason: it is so"
    long = ill(Cause(Trouble.QUOTA, Resource("Pod", POD.name, "ns", "Reason", "word\n" * 500)))
    assert len(progress_line(long)) < 400
    assert "\n" not in progress_line(long)


def running(api: MemoryApi) -> Running:
    job = Job("fate", "ns", Method.INSTALL)
    return Running(Context(api, Helm(FakeRunner(), "helm"), Options()), job, JobBook(api, "store"))


def test_a_log_is_kept_without_the_secrets_that_the_collection_made() -> None:
    data = {"username": "ZmF0ZS11c2Vy", "root-password": base64.b64encode(b"geheim-4711").decode()}
    labels = {"owner": "kubefate", "name": "fate"}
    metadata = {"name": "fate-mysql", "namespace": "ns", "labels": labels}
    api = MemoryApi({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    api.texts[POD.name] = "fate-user with geheim-4711 is refused"
    seen = Running.start(running(api).context, Job("fate", "ns", Method.INSTALL))
    seen.health(ill(cause(Trouble.CRASH_LOOP)))
    seen.save(force=True)
    kept = api.objects[Ref("v1", "ConfigMap", "kubefate", f"job-{seen.job.id}")]["data"]["job.json"]
    assert "fate-user with" in kept
    assert "geheim-4711" not in kept


def test_the_last_lines_of_a_crashed_container_are_in_the_job_as_soon_as_it_crashes_and_once() -> None:
    api = MemoryApi()
    api.texts[POD.name] = "starting\nno route to mysql\n"
    seen = running(api)
    for restarts in range(3):
        seen.health(ill(cause(Trouble.CRASH_LOOP, restarts=restarts)))
        seen.health(ill(cause(Trouble.QUOTA)))
    told = [event["message"] for event in seen.job.events]
    assert told.count(f"log of {POD.name}: starting\nno route to mysql") == 1
    assert len([sent for sent in api.sent if sent.path.endswith("/log")]) == 1


# watching -----------------------------------------------------------------------------------------------------------
def deployment(ready: int = 0) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "engine", "namespace": "ns", "generation": 1},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "engine"}}},
        "status": {
            "observedGeneration": 1,
            "replicas": 1,
            "updatedReplicas": 1,
            "readyReplicas": ready,
            "availableReplicas": ready,
        },
    }


def later(work: Any, seconds: float = 0.2) -> threading.Timer:
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    timer.start()
    return timer


def wait_for(api: MemoryApi, told: list[Health] | None = None, **options: Any) -> Health:
    said = told if told is not None else []
    return settle(api, "ns", [deployment()], Options(wait_timeout=20.0, **options), tell=said.append)


def test_what_gets_ready_is_seen_by_watching() -> None:
    api, told = MemoryApi(deployment()), []
    later(lambda: api.put(deployment(1)))
    assert wait_for(api, told).ready
    assert [health.state for health in told] == [State.PROGRESSING, State.READY]
    lists = [sent.path for sent in api.sent if sent.method == "GET"]
    assert len(lists) == len(set(lists)), "each kind is listed once and then watched"


@pytest.mark.parametrize(
    "broken",
    [
        None,
        KubefateError("the connection broke", Kind.CONNECTION),
        {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old resource version"}},
    ],
    ids=["ended by the server", "broken off", "expired"],
)
def test_a_watch_that_ends_is_begun_again_and_nothing_is_missed(broken: Any) -> None:
    api = MemoryApi(deployment())

    def away() -> None:
        api.news("Deployment").put(broken)
        with api._guard:  # while nobody watches, it gets ready, and of that there is no event
            stored = api.objects[Ref("apps/v1", "Deployment", "ns", "engine")]
            stored.update(deployment(1))
            stored["metadata"]["resourceVersion"] = "900"
        if broken is None:
            api.tell("MODIFIED", stored)

    later(away)
    assert wait_for(api).ready


def test_a_server_that_is_away_for_a_while_is_waited_for() -> None:
    api = MemoryApi(deployment())

    def gone() -> None:
        api.fault = lambda sent: refusal(503)
        api.news("Deployment").put(KubefateError("connection refused", Kind.CONNECTION))

    def back() -> None:
        api.fault = lambda sent: None
        with api._guard:
            api.objects[Ref("apps/v1", "Deployment", "ns", "engine")].update(deployment(1))
            api.objects[Ref("apps/v1", "Deployment", "ns", "engine")]["metadata"]["resourceVersion"] = "901"

    later(gone)
    later(back, 1.0)
    assert wait_for(api).ready


def test_kinds_that_may_not_be_read_are_done_without() -> None:
    api = MemoryApi(deployment(1))
    api.fault = lambda sent: refusal(403) if "events" in sent.path or "replicasets" in sent.path else None
    assert wait_for(api).ready


def test_a_request_to_stop_ends_the_waiting() -> None:
    with pytest.raises(KubefateError) as caught:
        settle(
            MemoryApi(deployment()),
            "ns",
            [deployment()],
            Options(wait_timeout=20.0),
            tell=lambda health: None,
            interrupted=lambda: "jane asked for it",
        )
    assert caught.value.kind is Kind.CANCELED
    assert "jane asked for it" in caught.value.msg


def test_an_object_that_is_deleted_while_it_is_waited_for_is_missing() -> None:
    api = MemoryApi(deployment())
    with Mirror(api, "ns", [("apps/v1", "Deployment")]) as mirror:
        assert len(mirror.objects()) == 1
        api.drop(Ref("apps/v1", "Deployment", "ns", "engine"))
        assert mirror.changed(5)
        assert mirror.objects() == []
