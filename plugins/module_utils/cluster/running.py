# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job that is being carried out, its record kept up to date, and the waiting at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..access.identity import whoami
from ..chart.secrets import held
from ..data import blanked_text
from ..errors import Kind, KubefateError
from ..facts.labels import OWNED
from ..health.model import Cause, Health, State
from ..job.book import JobBook
from ..job.record import Job, JobStatus, SubJob, now, seconds_since
from ..kube.client import ApiError
from ..objects import Object
from ..release import Release
from .context import Context
from .settle import last_words, module_line, progress_line, settle

SAVE_SECONDS = 2.0
"""A job record is written at most so often while waiting."""


@dataclass(slots=True)
class Running:
    """A job that is being carried out: its record is kept up to date and shown to whoever watches."""

    context: Context
    job: Job
    book: JobBook
    _saved: float = field(default=0.0)
    _heard: set[str] = field(default_factory=set)

    @classmethod
    def start(cls, context: Context, job: Job) -> Running:
        job.creator = whoami(context.api)
        job.runner = context.runner
        job.status = JobStatus.RUNNING
        job.wait_seconds = int(context.options.wait_timeout)
        context.secrets.update(_made(context, job.namespace))
        running = cls(context, job, JobBook(context.api, context.options.store_namespace, context.secrets))
        running.book.open(job)
        return running

    def tell(self, text: str, level: str = "Normal") -> None:
        text = blanked_text(text, self.context.secrets)
        self.context.progress(text)
        if self.job.log(text, level):
            self.save()

    def save(self, force: bool = False) -> None:
        if force or time.monotonic() - self._saved >= SAVE_SECONDS:
            self._saved = time.monotonic()
            self.book.save(self.job)

    def health(self, health: Health) -> None:
        """Take in what waiting sees: the sub-job of each workload, and each cause as an event."""
        self.context.progress(blanked_text(progress_line(health), self.context.secrets))
        note_workloads(self.job, health)
        for cause in health.causes:
            if cause.text not in {event["message"] for event in self.job.events}:
                self.job.log(cause.text, "Warning")
                self._note_log(cause)
        self.job.log(module_line(health))
        self.save()

    def _note_log(self, cause: Cause) -> None:
        """The last lines of a container that crashes, once for each pod."""
        name = cause.resource.name
        if name not in self._heard and (text := last_words(self.context.api, cause)):
            self._heard.add(name)
            self.job.log(f"log of {name}: {text.strip()}", "Warning")

    def end(self, status: JobStatus, text: str, error: KubefateError | None = None) -> None:
        self.job.failure = error.as_failure() if error else {}
        self.job.finish(status, text)
        self.save(force=True)
        if status is JobStatus.SUCCESS:
            self.book.prune(self.job, self.context.options.job_history_max)

    def stop_asked(self) -> str:
        try:
            return self.book.stop_request(self.job)
        except KubefateError:
            return ""


def _made(context: Context, namespace: str) -> set[str]:
    """What the Secrets hold that the collection made in a namespace: a program may write it to its log."""
    try:
        found = context.api.list_objects("v1", "Secret", namespace, labels=OWNED)
    except ApiError as error:
        if error.status not in (403, 404):
            raise
        found = []
    return {value for secret in found for value in held(secret)}


def note_workloads(job: Job, health: Health) -> None:
    """Bring the job's sub-jobs, one for each workload, to what health says."""
    known = {(sub.kind, sub.name): sub for sub in job.sub_jobs}
    for work in health.workloads:
        sub = known.get((work.kind, work.name))
        if sub is None:
            sub = SubJob(work.module, work.kind, work.name, start=job.start)
            job.sub_jobs.append(sub)
        _update(sub, work.verdict.state, work.verdict.message)


def _update(sub: SubJob, state: State, message: str) -> None:
    sub.reason = message
    match state:
        case State.READY | State.SUSPENDED:
            if sub.status != "Success":
                sub.status, sub.end = "Success", now()
        case _:
            sub.status, sub.end = "Running", ""


def await_ready(
    running: Running, release: Release, expected: Sequence[Object], interrupted: Callable[[], str] | None = None
) -> Health:
    """Wait until the objects of a release are ready and end its job. Raises ``KubefateError``; the job then says
    why."""
    context = running.context
    try:
        health = settle(
            context.api,
            release.namespace,
            expected,
            context.options,
            tell=running.health,
            interrupted=interrupted or running.stop_asked,
        )
    except KubefateError as error:
        if error.kind is Kind.TIMEOUT and seconds_since(running.job.start) < running.job.wait_seconds:
            running.save(force=True)  # whoever waits has no more time, but the job has
            raise
        status = {Kind.TIMEOUT: JobStatus.TIMEOUT, Kind.CANCELED: JobStatus.CANCELED}.get(error.kind, JobStatus.FAILED)
        running.end(status, error.msg, error)
        raise
    running.end(JobStatus.SUCCESS, f"ready: {health.reason}")
    return health
