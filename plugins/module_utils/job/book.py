# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job records in Kubernetes: written, read, listed, deleted."""

from __future__ import annotations

from collections.abc import Collection

from ..access.namespaces import add_namespace
from ..errors import Kind, KubefateError
from ..kube.client import Api, ApiError
from ..objects import Object, Ref, annotations_of
from .record import LABEL, NAMESPACE_LABEL, RELEASE_LABEL, STOP_ANNOTATION, Job, now


class JobBook:
    """The job records of one store namespace. secrets: what no record may quote."""

    def __init__(self, api: Api, namespace: str, secrets: Collection[str] = ()):
        self.api, self.namespace, self.secrets = api, namespace, secrets

    def open(self, job: Job) -> None:
        """Write a new record, making the store namespace where it is missing. Raises ``KubefateError``."""
        try:
            self.api.create(job.as_object(self.namespace, self.secrets))
        except ApiError as error:
            if error.status != 404:
                raise self._explained(error) from None
            add_namespace(self.api, self.namespace)
            self.api.create(job.as_object(self.namespace, self.secrets))

    def save(self, job: Job) -> None:
        """Write a record's new content. A record that somebody deleted meanwhile stays deleted."""
        try:
            self.api.patch(self.ref(job.id), {"data": job.as_object(self.namespace, self.secrets)["data"]})
        except ApiError as error:
            if error.status != 404:
                raise

    def find(self, job_id: str) -> Job | None:
        found = self.api.find(self.ref(job_id))
        return Job.of(found) if found else None

    def read(self, job_id: str) -> Job:
        job = self.find(job_id)
        if job is None:
            raise KubefateError(
                f"There is no job {job_id} in namespace {self.namespace}.",
                Kind.NOT_FOUND,
                "gather",
                "List the jobs with fate_job_info; store_namespace says where they are looked for.",
            )
        return job

    def jobs(self, cluster: str = "", namespace: str = "") -> list[Job]:
        """Records, newest first, of one cluster or of all."""
        labels = LABEL
        if cluster:
            labels += f",{RELEASE_LABEL}={cluster[:63]}"
        if namespace:
            labels += f",{NAMESPACE_LABEL}={namespace[:63]}"
        found = [Job.of(obj) for obj in self.api.list_objects("v1", "ConfigMap", self.namespace, labels=labels)]
        return sorted(found, key=lambda job: (job.start, job.id), reverse=True)

    def prune(self, job: Job, keep: int) -> None:
        """Delete the oldest records of a job's cluster that have ended, but for so many, of which the job itself is
        one. A right that is missing is no failure."""
        others = [other for other in self.jobs(job.cluster, job.namespace) if other.status.final and other.id != job.id]
        try:
            for other in others[max(keep - 1, 0) :]:
                self.delete(other)
        except ApiError as error:
            if error.status != 403:
                raise

    def delete(self, job: Job) -> None:
        self.api.delete(self.ref(job.id))

    def ask_to_stop(self, job: Job, who: str) -> None:
        """Leave the request that a running module watches for."""
        self.api.patch(self.ref(job.id), {"metadata": {"annotations": {STOP_ANNOTATION: f"{now()} {who}"}}})

    def stop_request(self, job: Job) -> str:
        """Who asked this job to stop and when; empty if nobody did."""
        found: Object | None = self.api.find(self.ref(job.id))
        return annotations_of(found).get(STOP_ANNOTATION, "") if found else ""

    def ref(self, job_id: str) -> Ref:
        return Ref("v1", "ConfigMap", self.namespace, f"job-{job_id}")

    def _explained(self, error: ApiError) -> KubefateError:
        if error.status == 403:
            error.hint = (
                f"Job records are written to namespace {self.namespace}. Grant it there, or name a namespace that may "
                "be written to with store_namespace."
            )
        return error
