# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of a FATE-Flow, and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from ..errors import Resource


@dataclass(frozen=True, slots=True, order=True)
class Seat:
    """A part in a job: a role and who has it."""

    role: str
    party_id: str

    def __str__(self) -> str:
        return f"{self.role} {self.party_id}"


@dataclass(frozen=True, slots=True)
class FlowJob:
    """A training job that has not ended. seats: what this FATE-Flow has in it; partners: all others. initiator: party
    id. progress: per cent. started: milliseconds since 1970; None where it has not started."""

    job_id: str
    status: str
    seats: tuple[Seat, ...]
    partners: tuple[Seat, ...] = ()
    initiator: str = ""
    progress: int = 0
    started: int | None = None

    @property
    def since(self) -> str:
        """When it started, in UTC; empty where it has not."""
        if self.started is None:
            return ""
        return datetime.fromtimestamp(self.started / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def people(self) -> str:
        """Who takes part, this side first."""
        own = ", ".join(map(str, self.seats))
        return f"{own} with {', '.join(map(str, self.partners))}" if self.partners else own

    @property
    def text(self) -> str:
        when = f" since {self.since}" if self.since else ""
        return f"{self.job_id} ({self.people}; {self.status}{when}, {self.progress} % done)"

    def as_resource(self) -> Resource:
        """For the ``failure`` of a result."""
        return Resource("FATEJob", self.job_id, reason=self.status, message=self.text)


@dataclass(frozen=True, slots=True)
class Known:
    """FATE-Flow has answered, or has nothing that could run: these are its jobs. caveat: a FATE-Flow that is not ready
    was not asked, and why."""

    jobs: tuple[FlowJob, ...] = ()
    caveat: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Whether jobs run cannot be told. why: a sentence. hint: the next step. passing: another attempt may tell. closed:
    the way there may be closed, and FATE-Flow be well."""

    why: str
    hint: str = ""
    passing: bool = True
    closed: bool = False


Verdict: TypeAlias = "Known | Unknown"
