# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job records: what was done to a cluster, by whom, when, and how it went.

A record is one labelled ConfigMap in the store namespace. It holds no secret.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from ..data import blanked
from ..facts.labels import OWNER
from ..objects import Object

LABEL = "kubefate.federatedai.org/job"
RELEASE_LABEL = "kubefate.federatedai.org/release"
NAMESPACE_LABEL = "kubefate.federatedai.org/namespace"
STOP_ANNOTATION = "kubefate.federatedai.org/stop"
"""Set by whoever wants a running job to stop: ``<time> <who>``. The running module watches it."""
MAX_EVENTS = 200


class Method(StrEnum):
    """KubeFATE's names, and more of the kind for what KubeFATE did not do."""

    INSTALL = "ClusterInstall"
    UPDATE = "ClusterUpdate"
    DELETE = "ClusterDelete"
    ROLLBACK = "ClusterRollback"
    RESTART = "ClusterRestart"
    STOP = "ClusterStop"
    START = "ClusterStart"
    ROTATE = "ClusterRotateSecrets"


class JobStatus(StrEnum):
    """KubeFATE's names, and Superseded for a job whose revision was replaced by a later one."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCESS = "Success"
    FAILED = "Failed"
    ROLLBACK = "Rollback"
    TIMEOUT = "Timeout"
    STOPPING = "Stopping"
    CANCELED = "Canceled"
    SUPERSEDED = "Superseded"

    @property
    def final(self) -> bool:
        return self not in (JobStatus.PENDING, JobStatus.RUNNING, JobStatus.STOPPING)


def now() -> str:
    """The time in UTC, to the second, as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_since(moment: str) -> float:
    """Seconds from a moment in Kubernetes' form until now."""
    return (datetime.now(UTC) - datetime.fromisoformat(moment.replace("Z", "+00:00"))).total_seconds()


@dataclass(slots=True)
class SubJob:
    """One workload's part in a job."""

    module: str
    kind: str
    name: str
    status: str = "Running"
    reason: str = ""
    start: str = ""
    end: str = ""


@dataclass(slots=True)
class Job:
    """A record. revision: of the release that the job makes; release_uid: of its record, once that is there.
    wait_seconds: how long the job may take until it counts as timed out."""

    cluster: str
    namespace: str
    method: Method
    creator: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: JobStatus = JobStatus.PENDING
    start: str = field(default_factory=now)
    end: str = ""
    chart: str = ""
    chart_digest: str = ""
    revision: int = 0
    previous_revision: int = 0
    release_uid: str = ""
    wait_seconds: int = 0
    runner: str = ""
    events: list[dict[str, str]] = field(default_factory=list)
    sub_jobs: list[SubJob] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    failure: dict[str, Any] = field(default_factory=dict)

    @property
    def object_name(self) -> str:
        return f"job-{self.id}"

    def log(self, text: str, level: str = "Normal") -> bool:
        """Append an event unless it is the last one already; True if it was appended."""
        if self.events and self.events[-1]["message"] == text:
            return False
        self.events.append({"time": now(), "type": level, "message": text})
        del self.events[:-MAX_EVENTS]
        return True

    def finish(self, status: JobStatus, text: str = "") -> None:
        self.status, self.end = status, now()
        for sub in self.sub_jobs:
            if not sub.end:
                sub.end = self.end
                if sub.status == "Running":
                    sub.status = str(status)
        if text:
            self.log(text, "Normal" if status is JobStatus.SUCCESS else "Warning")

    def as_result(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    def summary(self) -> dict[str, Any]:
        """The record without events and sub-jobs, for lists."""
        whole = self.as_result()
        return {key: value for key, value in whole.items() if key not in ("events", "sub_jobs", "changes", "failure")}

    def as_object(self, namespace: str, secrets: Collection[str] = ()) -> dict[str, Any]:
        """The ConfigMap of this record. secrets: what it may not quote."""
        labels = {
            LABEL: str(self.method),
            RELEASE_LABEL: self.cluster[:63],
            NAMESPACE_LABEL: self.namespace[:63],
            **OWNER,
        }
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.object_name, "namespace": namespace, "labels": labels},
            "data": {"job.json": json.dumps(blanked(self.as_result(), secrets), indent=1)},
        }

    @classmethod
    def of(cls, obj: Object) -> Job:
        """The record in a ConfigMap. Keys that a newer version wrote are left out."""
        data = json.loads((obj.get("data") or {}).get("job.json") or "{}")
        known = {item.name for item in fields(cls)}
        data = {key: value for key, value in data.items() if key in known}
        data["method"] = Method(data["method"])
        data["status"] = JobStatus(data["status"])
        data["sub_jobs"] = [SubJob(**sub) for sub in data.get("sub_jobs") or []]
        return cls(**data)
