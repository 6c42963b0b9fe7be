# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job records: what they keep, and what has become of a job whose runner is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.health.model import Health, State
from ansible_collections.federatedai.kubefate.plugins.module_utils.job.book import JobBook
from ansible_collections.federatedai.kubefate.plugins.module_utils.job.derive import derive
from ansible_collections.federatedai.kubefate.plugins.module_utils.job.record import (
    MAX_EVENTS,
    Job,
    JobStatus,
    Method,
    SubJob,
)
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.release import Release, Status
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi, refusal

DAY = 86_400
"""Seconds that a job may take: more than any run of these tests does."""
READY = Health(State.READY, "2 of 2 workloads are ready", ())
ILL = Health(State.DEGRADED, "1 of 2 workloads are ready", ())


def job(method: Method = Method.UPDATE, started: int = 10, **more: Any) -> Job:
    """A job that began so many seconds ago and was to make revision 2."""
    start = (datetime.now(UTC) - timedelta(seconds=started)).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = {"revision": 2, "status": JobStatus.RUNNING, "wait_seconds": DAY, "start": start, **more}
    return Job("fate-9999", "ns", method, **given)


def release(revision: int = 2, status: str = "deployed", uid: str = "u2") -> Release:
    return Release("fate-9999", "ns", revision, Status(status), {}, uid, "")


# what has become of it ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("of", "newest", "health", "status", "said"),
    [
        (job(), release(), READY, "Success", "ready"),
        (job(), release(), ILL, "Running", "1 of 2"),
        (job(), release(), None, "Running", ""),
        (job(started=DAY + 1), release(), ILL, "Timeout", f"not ready after {DAY} s"),
        (job(), release(3), None, "Superseded", "revision 2 was replaced by revision 3"),
        (job(release_uid="u1"), release(uid="u2"), None, "Superseded", "was replaced"),
        (job(), release(1), None, "Failed", "before helm made its revision"),
        (job(revision=0), release(1), None, "Failed", "before helm made its revision"),
        (job(), release(2, "failed"), None, "Failed", "revision 2 is failed"),
        (job(), release(2, "pending-upgrade"), None, "Failed", "nobody works on it"),
        (job(), None, None, "Failed", "the release is gone"),
        (job(Method.DELETE), None, None, "Success", "the release is gone"),
        (job(Method.DELETE), release(2, "uninstalling"), None, "Failed", "the next one goes on"),
    ],
    ids=[
        "ready",
        "not ready yet",
        "health unknown",
        "out of time",
        "another revision",
        "a release of the same name made anew",
        "killed before helm began",
        "killed before it knew its revision",
        "helm failed",
        "killed while helm worked",
        "somebody removed it",
        "removed",
        "killed while it removed",
    ],
)
def test_a_job_without_a_runner_is_what_the_cluster_says(
    of: Job, newest: Release | None, health: Health | None, status: str, said: str
) -> None:
    found, reason = derive(of, newest, running=False, health=health)
    assert str(found) == status
    assert said in reason


def test_a_job_that_is_carried_out_now_is_what_its_runner_says() -> None:
    assert derive(job(), None, running=True, health=None) == (JobStatus.RUNNING, "")


@pytest.mark.parametrize("status", [status for status in JobStatus if status.final])
def test_a_final_status_stays(status: JobStatus) -> None:
    assert derive(job(status=status), release(3), running=False, health=READY) == (status, "")


# the record ---------------------------------------------------------------------------------------------------------
def full() -> Job:
    found = job(creator="jane", release_uid="u2", previous_revision=1, changes=["update Deployment/osx"])
    found.sub_jobs.append(SubJob("osx", "Deployment", "osx", start=found.start))
    found.log("planning")
    return found


def test_a_record_is_read_back_as_it_was_written() -> None:
    api, written = MemoryApi(), full()
    book = JobBook(api, "store")
    book.open(written)
    assert book.find(written.id) == written
    labels = api.objects[Ref("v1", "ConfigMap", "store", f"job-{written.id}")]["metadata"]["labels"]
    assert labels["kubefate.federatedai.org/job"] == "ClusterUpdate"


def test_what_a_newer_version_wrote_besides_is_left_out() -> None:
    obj = full().as_object("store")
    obj["data"]["job.json"] = obj["data"]["job.json"].replace("{", '{"of_tomorrow": 1, ', 1)
    assert Job.of(obj).creator == "jane"


def test_a_job_that_ends_ends_its_parts() -> None:
    done = full()
    done.sub_jobs.append(SubJob("mysql", "StatefulSet", "mysql", status="Success", end=done.start))
    done.finish(JobStatus.FAILED, "no such image")
    assert [(sub.module, sub.status) for sub in done.sub_jobs] == [("osx", "Failed"), ("mysql", "Success")]
    assert done.events[-1]["message"] == "no such image"
    assert done.events[-1]["type"] == "Warning"


def test_events_are_told_once_and_only_so_many_are_kept() -> None:
    long = job()
    assert long.log("same")
    assert not long.log("same")
    for number in range(2 * MAX_EVENTS):
        long.log(f"event {number}")
    assert len(long.events) == MAX_EVENTS
    assert long.events[-1]["message"] == f"event {2 * MAX_EVENTS - 1}"


def test_no_record_quotes_a_secret() -> None:
    told = full()
    told.log("helm said: password geheim-4711 is wrong")
    assert "geheim-4711" not in str(told.as_object("store", {"geheim-4711"}))


def test_the_store_namespace_is_made_where_it_is_missing() -> None:
    api = MemoryApi({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}})
    JobBook(api, "store").open(full())
    assert Ref("v1", "Namespace", "", "store") in api.objects


def test_a_store_that_may_not_be_written_to_says_which_option_names_another() -> None:
    api = MemoryApi()
    api.fault = lambda sent: refusal(403, "configmaps is forbidden")
    with pytest.raises(KubefateError) as caught:
        JobBook(api, "store").open(full())
    assert caught.value.kind is Kind.FORBIDDEN
    assert "store_namespace" in caught.value.hint


def test_records_are_listed_by_cluster_newest_first_and_the_oldest_are_deleted() -> None:
    api = MemoryApi()
    book = JobBook(api, "store")
    jobs = [job(started=seconds, status=JobStatus.SUCCESS) for seconds in (50, 40, 30)]
    running, other = job(started=60), Job("fate-10000", "ns", Method.INSTALL, status=JobStatus.SUCCESS)
    for each in (*jobs, running, other):
        book.open(each)
    assert [found.id for found in book.jobs("fate-9999", "ns")] == [jobs[2].id, jobs[1].id, jobs[0].id, running.id]
    book.prune(jobs[2], 1)
    assert {found.id for found in book.jobs()} == {jobs[2].id, running.id, other.id}, "one that runs stays"


def test_the_job_at_hand_stays_whatever_began_in_the_same_second() -> None:
    api = MemoryApi()
    book = JobBook(api, "store")
    start = job().start
    jobs = [job(status=JobStatus.SUCCESS, start=start) for _number in range(6)]
    for each in jobs:
        book.open(each)
    book.prune(jobs[3], 1)
    assert [found.id for found in book.jobs()] == [jobs[3].id]


def test_a_request_to_stop_is_seen_by_whoever_runs_the_job() -> None:
    api, wanted = MemoryApi(), full()
    book = JobBook(api, "store")
    book.open(wanted)
    assert book.stop_request(wanted) == ""
    book.ask_to_stop(wanted, "jane")
    assert book.stop_request(wanted).endswith(" jane")
