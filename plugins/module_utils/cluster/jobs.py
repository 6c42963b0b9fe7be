# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as users see them: read with their status of now, waited for, stopped, deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from ..access.identity import whoami
from ..errors import Kind, KubefateError, bad_input
from ..health.model import Health
from ..job.book import JobBook
from ..job.derive import derive
from ..job.record import Job, JobStatus, Method
from ..kube.client import Api, ApiError
from ..lock import LEASE_SECONDS, ReleaseLock
from ..objects import Object, Ref
from ..progress import silent
from ..release import PROOF_LABEL, UNPROVEN, Release, Status, names, proof
from .context import Context
from .gather import find_release, health, history, referred
from .listing import Objects
from .recovery import mark, recover
from .running import Running, await_ready, note_workloads

LOOK_SECONDS = 1.0


def refresh(context: Context, job: Job) -> Job:
    """The job with the status that it has now; a final one is written down."""
    if job.status.final:
        return job
    try:
        newest, verdict = _look(context.api, job)
    except ApiError as error:
        if error.status != 403:
            raise
        return job  # who may not read the release believes the record
    status, reason = derive(job, newest, running=is_running(context.api, job), health=verdict)
    if verdict is not None:
        note_workloads(job, verdict)
    if status.final:
        job.finish(status, reason)
        _save(context, job)
    return job


def _look(api: Api, job: Job) -> tuple[Release | None, Health | None]:
    newest = find_release(api, job.cluster, job.namespace).current
    if newest is None or newest.revision != job.revision or newest.status is not Status.DEPLOYED:
        return newest, None
    expected = list(referred(api, newest.objects, job.cluster, job.namespace).values())
    return newest, health(Objects(api, [job.namespace]), expected, job.namespace)


def _save(context: Context, job: Job) -> None:
    """Readers may have no right to write; then the next one who has it does."""
    try:
        JobBook(context.api, context.options.store_namespace).save(job)
    except ApiError as error:
        if error.status != 403:
            raise


def lease_of(job: Job) -> Ref:
    return Ref("coordination.k8s.io/v1", "Lease", job.namespace, f"kubefate-{job.cluster}"[:253])


def is_running(api: Api, job: Job) -> bool:
    """Whether the job's runner still holds the release's Lease and renews it.

    For a single look clocks have to be compared, so twice the lease's length is allowed for.
    """
    try:
        lease = api.find(lease_of(job))
    except ApiError as error:
        if error.status == 403:
            return False
        raise
    if not lease or lease["spec"].get("holderIdentity") != job.runner:
        return False
    renewed = datetime.fromisoformat(str(lease["spec"].get("renewTime")).replace("Z", "+00:00"))
    return (datetime.now(UTC) - renewed).total_seconds() < 2 * LEASE_SECONDS


def finished(context: Context, job: Job, *, timeout: float) -> Job:
    """Wait until a job has ended, whoever carries it out.

    timeout: seconds. Raises ``KubefateError`` (timeout), or what the job itself failed with.
    """
    book = JobBook(context.api, context.options.store_namespace)
    end = time.monotonic() + timeout
    while True:
        job = refresh(context, book.read(job.id))
        if job.status.final:
            return _succeeded(job)
        if not is_running(context.api, job):
            return _succeeded(_settle(context, job))
        if time.monotonic() >= end:
            raise KubefateError(
                f"Job {job.id} is still {job.status} after {int(timeout)} s.",
                Kind.TIMEOUT,
                "settle",
                "Wait again, or stop it with state: stopped.",
                result={"job": job.as_result()},
            )
        context.progress(f"job {job.method}: {job.events[-1]['message'] if job.events else job.status}")
        time.sleep(LOOK_SECONDS)


def _settle(context: Context, job: Job) -> Job:
    """Wait for the readiness of a job that was started without waiting, as its runner would have."""
    newest = find_release(context.api, job.cluster, job.namespace).current
    running = Running(context, job, JobBook(context.api, context.options.store_namespace))
    if newest is None or newest.revision != job.revision:
        return refresh(context, job)
    expected: list[Object] = list(referred(context.api, newest.objects, job.cluster, job.namespace).values())
    try:
        await_ready(running, newest, expected)
    except KubefateError as error:
        error.result = {"job": job.as_result()}
        raise
    return job


def _succeeded(job: Job) -> Job:
    """The job, or the failure that its record tells of."""
    if job.status in (JobStatus.SUCCESS, JobStatus.SUPERSEDED):
        return job
    kind = {JobStatus.TIMEOUT: Kind.TIMEOUT, JobStatus.CANCELED: Kind.CANCELED}.get(job.status, Kind.UNHEALTHY)
    said = job.events[-1]["message"] if job.events else ""
    raise KubefateError(
        f"Job {job.id} ({job.method} of {job.cluster}) ended as {job.status}: {said}",
        kind,
        str(job.failure.get("phase") or "settle"),
        str(job.failure.get("hint") or "Describe it with fate_job_info."),
        result={"job": job.as_result()},
    )


def stop(context: Context, job: Job, *, check_mode: bool, timeout: float) -> tuple[Job, str]:
    """Stop a job; the job, and what was done.

    A running module is asked to stop and does so itself. Without one, an update that is not finished is rolled back,
    and an install is left as it is: nothing is ever uninstalled. Raises ``KubefateError`` for a job that has ended.
    """
    job = refresh(context, job)
    if job.status.final:
        raise bad_input(f"Job {job.id} has ended already: it is {job.status}.", "Only a running job can be stopped.")
    if is_running(context.api, job):
        if not check_mode:
            _ask(context, job, timeout)
        return job, "its runner was asked to stop"
    if check_mode:
        return job, "it would be stopped"
    lock = ReleaseLock(context.api, job.namespace, job.cluster, context.runner, context.options.lock_timeout)
    with lock:
        text = undo(context, job)
    job.finish(JobStatus.CANCELED, f"stopped by {whoami(context.api) or 'an unknown user'}: {text}")
    _save(context, job)
    return job, text


def _ask(context: Context, job: Job, timeout: float) -> None:
    book = JobBook(context.api, context.options.store_namespace)
    book.ask_to_stop(job, whoami(context.api) or "an unknown user")
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        fresh = book.read(job.id)
        if fresh.status.final:
            job.status, job.end, job.events = fresh.status, fresh.end, fresh.events
            return
        time.sleep(LOOK_SECONDS)
    raise KubefateError(
        f"The runner of job {job.id} ({job.runner}) did not stop within {int(timeout)} s.", Kind.TIMEOUT
    )


def undo(context: Context, job: Job, tell: Callable[[str], None] = silent) -> str:
    """Take an unfinished update back; what was done, in words. The caller holds the Lease."""
    newest = find_release(context.api, job.cluster, job.namespace).current
    if job.method is not Method.UPDATE or newest is None:
        return "the install is left as it is" if job.method is Method.INSTALL else "nothing is taken back"
    if newest.revision != job.revision or not job.previous_revision:
        return "nothing is taken back: the release has another revision now"
    recover(context.api, context.helm, newest, context.options, tell)
    return roll_back(context, job.cluster, job.namespace, job.previous_revision)


def roll_back(context: Context, name: str, namespace: str, revision: int, *, force_conflicts: bool = False) -> str:
    """Bring a release back to an earlier revision; what was done, in words. The new revision is signed as ours."""
    options = context.options
    revisions = history(context.api, name, namespace)
    goal = next((found for found in revisions if found.revision == revision), None)
    with _signed(context.api, goal, revisions[0].revision + 1) if goal else nullcontext():
        context.helm.rollback(
            name,
            revision,
            namespace,
            timeout=min(300.0, options.wait_timeout),
            history=options.history,
            force_conflicts=force_conflicts,
        )
    return f"rolled back to what revision {revision} was"


@contextmanager
def _signed(api: Api, goal: Release, revision: int) -> Iterator[None]:
    """Have helm carry over, from the revision that it goes back to, a label that is true of the new one: helm takes no
    labels for a rollback, and one that is interrupted is to be known as ours."""
    label = goal.labels.get(PROOF_LABEL, "")
    same = label.partition("-")[2] if names(label, goal.revision) else UNPROVEN
    mark(api, goal, PROOF_LABEL, proof(revision, same))
    try:
        yield
    finally:
        mark(api, goal, PROOF_LABEL, label or None)


def delete(context: Context, job: Job, *, check_mode: bool) -> None:
    """Delete a job's record. Raises ``KubefateError`` for one that is running."""
    job = refresh(context, job)
    if not job.status.final and is_running(context.api, job):
        raise bad_input(f"Job {job.id} is running.", "Stop it first with state: stopped.")
    if not check_mode:
        JobBook(context.api, context.options.store_namespace).delete(job)


def list_jobs(context: Context, *, cluster: str, namespace: str, status: list[str], limit: int) -> list[dict[str, Any]]:
    """Summaries, newest first; the status of those that are not final is that of now."""
    found = JobBook(context.api, context.options.store_namespace).jobs(cluster, namespace)
    jobs = [refresh(context, job) for job in found]
    return [job.summary() for job in jobs if not status or str(job.status) in status][: limit or None]
