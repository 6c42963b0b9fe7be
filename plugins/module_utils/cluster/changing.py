# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing a cluster: under its Lease, with a job record, and then waiting until it is ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..access.model import Purpose
from ..errors import Kind, KubefateError
from ..job.record import Job, JobStatus
from ..lock import ReleaseLock
from ..plan.model import Plan
from ..release import Release
from .applying import apply, check_size, job_of, prepare_namespace
from .context import Context
from .describe import describe
from .gather import Found, find_release, referred
from .jobs import undo
from .listing import Objects
from .permission import require
from .planning import Planned, plan_cluster, unchanged
from .running import Running, await_ready
from .shape import Result, among, result
from .training import spare_jobs


def change(context: Context, planned: Planned) -> Result:
    """Carry out a plan. Made without the Lease, it is made again where the release is another one by now."""
    target = planned.target
    check_planned(planned)
    require_rights(context, planned)
    prepare_namespace(context, target.namespace)
    with lock_of(context, target.name, target.namespace):
        return change_locked(context, planned)


def check_planned(planned: Planned) -> None:
    """Raise ``KubefateError`` for what can be seen to fail before anything is changed."""
    if planned.values:
        check_size(planned.target, planned.values, list(planned.gathered.wanted.values()))


def require_rights(context: Context, planned: Planned) -> None:
    """Raise ``KubefateError`` where a right is missing that carrying out the plan needs."""
    purpose = Purpose.UPGRADE if planned.found.current else Purpose.INSTALL
    gathered = planned.gathered
    objects = {**gathered.recorded, **gathered.wanted}.values()
    require(context, planned.target.namespace, [purpose], objects, gathered.hooks)


def change_locked(context: Context, planned: Planned) -> Result:
    """The same for a caller who holds the Lease."""
    target = planned.target
    if _version(find_release(context.api, target.name, target.namespace)) != _version(planned.found):
        context.progress("the release changed meanwhile: planning again")
        planned = plan_cluster(context, target)
        if not planned.plan.changed:
            return unchanged(context, planned, wait=context.options.wait)
    caveats = spare_jobs(context, planned.plan, planned.found.current)
    return _apply(context, planned, caveats)


def _version(found: Found) -> tuple[int, str]:
    return (found.releases[0].revision, str(found.releases[0].status)) if found.releases else (0, "")


def _apply(context: Context, planned: Planned, caveats: Sequence[str]) -> Result:
    warnings = [*planned.warnings, *caveats]
    return follow(context, job_of(planned), planned.plan, lambda running: apply(running, planned), warnings=warnings)


def follow(
    context: Context,
    job: Job,
    plan: Plan,
    work: Callable[[Running], Release | None],
    *,
    wait: bool = True,
    warnings: Sequence[str] = (),
) -> Result:
    """Do the work of a job, wait until the release is ready, and give the result. The caller holds the Lease.

    work: leaves a release behind. A failure is written to the job's record and carries the result so far; with
    ``on_failure: rollback`` an update that failed is taken back.
    """
    running = Running.start(context, job)
    release: Release | None = None
    try:
        release = _done(running, work)
        expected = list(referred(context.api, release.objects, release.name, release.namespace).values())
        if not (wait and context.options.wait):
            cluster = describe(release.name, release.namespace, release, None, ())
            return result(plan, cluster, job, warnings=warnings)
        verdict = await_ready(running, release, expected)
        objects = Objects(context.api, [release.namespace])
        objects.load((str(obj["apiVersion"]), str(obj["kind"])) for obj in expected)
        live = among(objects.of(release.namespace), expected)
        cluster = describe(release.name, release.namespace, release, verdict, live)
        return result(plan, cluster, job, warnings=warnings)
    except KubefateError as error:
        _take_back(running, error)
        seen = _find_quietly(context, job) or release
        cluster = describe(job.cluster, job.namespace, seen, None, ())
        error.result = {**error.result, **result(plan, cluster, job, changed=True, warnings=warnings)}
        raise


def _done(running: Running, work: Callable[[Running], Release | None]) -> Release:
    """The release that the work leaves behind. Where it fails, the job ends."""
    job = running.job
    try:
        release = work(running)
        if release is None:
            raise KubefateError(f"Release {job.cluster} is gone right after helm made it.", Kind.INTERNAL, "apply")
    except KubefateError as error:
        error.within("apply")
        running.end(JobStatus.TIMEOUT if error.kind is Kind.TIMEOUT else JobStatus.FAILED, error.msg, error)
        raise
    except Exception as error:
        running.end(JobStatus.FAILED, f"internal error: {error}")
        raise
    job.revision, job.release_uid = release.revision, release.uid
    running.save(force=True)
    return release


def _take_back(running: Running, error: KubefateError) -> None:
    """Take an update back that somebody asked to stop, or that failed where that is wished. An install stays as it is.

    What failed stays in the job's record.
    """
    job = running.job
    if not job.status.final or not (error.kind is Kind.CANCELED or running.context.options.on_failure == "rollback"):
        return
    try:
        text = undo(running.context, job, running.tell)
    except KubefateError as other:
        text = f"taking it back failed: {other.msg}"
    job.log(text, "Warning")
    if error.kind is not Kind.CANCELED and text.startswith("rolled back"):
        job.status = JobStatus.ROLLBACK
    running.save(force=True)
    error.msg += f" ({text})"


def _find_quietly(context: Context, job: Job) -> Release | None:
    """The release for the result of a failure; None where even that cannot be read."""
    try:
        return find_release(context.api, job.cluster, job.namespace).current
    except KubefateError:
        return None


def lock_of(context: Context, name: str, namespace: str) -> ReleaseLock:
    def waiting(holder: str) -> None:
        context.progress(f"waiting for {holder}, who works on this release")

    return ReleaseLock(context.api, namespace, name, context.runner, context.options.lock_timeout, waiting)
