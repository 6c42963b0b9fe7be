# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of a job whose runner has gone, from what is in the cluster. Pure."""

from __future__ import annotations

from ..health.model import Health
from ..release import Release, Status
from .record import Job, JobStatus, Method, seconds_since


def derive(job: Job, newest: Release | None, *, running: bool, health: Health | None) -> tuple[JobStatus, str]:
    """Status and the reason for it.

    newest: the newest revision of the job's release. running: somebody is carrying the job out now. health: of that
    revision, where it is this job's. A status that is final already stays.
    """
    if job.status.final:
        return job.status, ""
    if running:
        return job.status, ""
    if job.method is Method.DELETE:
        if newest is None:
            return JobStatus.SUCCESS, "the release is gone"
        return JobStatus.FAILED, "the removal was interrupted; the next one goes on"
    if newest is None:
        return JobStatus.FAILED, "the release is gone"
    if not job.revision or newest.revision < job.revision:
        return JobStatus.FAILED, "the run was interrupted before helm made its revision"
    if newest.revision > job.revision or (job.release_uid and newest.uid != job.release_uid):
        return JobStatus.SUPERSEDED, f"revision {job.revision} was replaced by revision {newest.revision}"
    if newest.status is not Status.DEPLOYED:
        return JobStatus.FAILED, f"revision {newest.revision} is {newest.status} and nobody works on it"
    if health is not None and health.ready:
        return JobStatus.SUCCESS, f"ready: {health.reason}"
    if seconds_since(job.start) > job.wait_seconds > 0:
        return JobStatus.TIMEOUT, f"not ready after {job.wait_seconds} s: {health.reason if health else 'unknown'}"
    return job.status, health.reason if health else ""
