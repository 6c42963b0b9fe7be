# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception family of the collection.

Every error names the thing, the cause and the next step. ``entry.execute`` turns it into ``fail_json`` and is the
only place that does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self


class Kind(StrEnum):
    """What went wrong, as a word that a pipeline may test for. Part of the published result shape."""

    INPUT = "bad_input"
    CHART = "chart"
    CONNECTION = "connection"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    REFUSED = "refused"
    LOCKED = "locked"
    BUSY = "jobs_running"
    HELM = "helm"
    TOOL = "missing_tool"
    LIBRARY = "missing_library"
    UNHEALTHY = "unhealthy"
    TIMEOUT = "timeout"
    CANCELED = "canceled"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Resource:
    """An object that has to do with a failure, with what is known about the cause."""

    kind: str
    name: str
    namespace: str = ""
    reason: str = ""
    message: str = ""
    events: tuple[str, ...] = ()
    log: str = ""

    def as_result(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "namespace": self.namespace,
            "reason": self.reason,
            "message": self.message,
            "events": list(self.events),
            "log": self.log,
        }


@dataclass
class KubefateError(Exception):
    """An expected failure.

    msg: one or two sentences for a person. kind: see ``Kind``. phase: input, chart, render, connect, gather, plan,
    rbac, apply, settle, verify or remove; empty where the caller knows better. hint: what to do next.
    """

    msg: str
    kind: Kind
    phase: str = ""
    hint: str = ""
    resources: Sequence[Resource] = ()
    result: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.msg

    def within(self, phase: str) -> Self:
        """The same error with the phase filled in, where the one who raised it did not know."""
        self.phase = self.phase or phase
        return self

    def as_failure(self) -> dict[str, Any]:
        """The ``failure`` value of a result."""
        return {
            "kind": str(self.kind),
            "phase": self.phase,
            "hint": self.hint,
            "resources": [resource.as_result() for resource in self.resources],
        }


def bad_input(msg: str, hint: str = "", phase: str = "input") -> KubefateError:
    """The user's own words are wrong: nothing was contacted or changed because of them."""
    return KubefateError(msg, Kind.INPUT, phase, hint)


def library_missing(name: str, purpose: str) -> KubefateError:
    """A Python package that this operation needs is not there."""
    return KubefateError(
        f"The Python package {name} is needed to {purpose}, and cannot be imported.",
        Kind.LIBRARY,
        "input",
        f"Install it for the Python that runs the module: pip install {name}",
    )
