# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of health: states, verdicts and causes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..errors import Resource


class State(StrEnum):
    """Best to worst, in the order in which ``worst`` ranks them."""

    READY = "ready"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"
    PROGRESSING = "progressing"
    DELETING = "deleting"
    DEGRADED = "degraded"
    MISSING = "missing"
    FAILED = "failed"


_RANK = {state: rank for rank, state in enumerate(State)}


def worst(states: list[State]) -> State:
    """The state of a whole is that of its worst part; nothing at all is missing."""
    return max(states, key=_RANK.__getitem__, default=State.MISSING)


class Trouble(StrEnum):
    """What keeps something from being ready. How long each is borne is decided elsewhere (``cluster.patience``)."""

    IMAGE_MISSING = "image_missing"
    IMAGE_PULL = "image_pull"
    CRASH_LOOP = "crash_loop"
    CONFIG = "config_error"
    MOUNT = "failed_mount"
    UNSCHEDULABLE = "unschedulable"
    VOLUME_PENDING = "volume_pending"
    VOLUME_LOST = "volume_lost"
    QUOTA = "quota"
    ADMISSION = "admission"
    EVICTED = "evicted"
    JOB_FAILED = "job_failed"
    DEADLINE = "progress_deadline"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class Cause:
    """One named cause, with the object that shows it. restarts: container restarts seen, for a crash loop."""

    trouble: Trouble
    resource: Resource
    restarts: int = 0

    @property
    def text(self) -> str:
        return f"{self.resource.kind} {self.resource.name}: {self.resource.reason}: {self.resource.message}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The health of one object. ready/wanted: pods, where the object has any."""

    state: State
    reason: str = ""
    message: str = ""
    ready: int = 0
    wanted: int = 0
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Workload:
    """The health of one workload, as results show it."""

    kind: str
    name: str
    module: str
    verdict: Verdict
    images: tuple[str, ...] = ()

    def as_result(self) -> dict[str, Any]:
        return {
            "module": self.module,
            "kind": self.kind,
            "name": self.name,
            "state": str(self.verdict.state),
            "reason": self.verdict.reason,
            "message": self.verdict.message,
            "ready": self.verdict.ready,
            "wanted": self.verdict.wanted,
            "images": list(self.images),
        }


@dataclass(frozen=True, slots=True)
class Health:
    """The health of a cluster (one release). simulated: None where it has no pods to tell by."""

    state: State
    reason: str
    workloads: tuple[Workload, ...]
    causes: tuple[Cause, ...] = ()
    simulated: bool | None = None

    @property
    def ready(self) -> bool:
        return self.state in (State.READY, State.SUSPENDED)

    def counts(self) -> tuple[int, int]:
        """Workloads that are ready, and all of them."""
        good = sum(work.verdict.state in (State.READY, State.SUSPENDED) for work in self.workloads)
        return good, len(self.workloads)
