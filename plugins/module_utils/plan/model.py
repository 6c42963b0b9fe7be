# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan: what will change, why, and what is known only afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..objects import Object, Ref

NAMED = 5
"""Pods that one sentence names."""


class Operation(StrEnum):
    """What is done to the release as a whole."""

    NONE = "none"
    INSTALL = "install"
    UPGRADE = "upgrade"
    REPAIR = "repair"
    UNINSTALL = "uninstall"
    STOP = "stop"
    START = "start"
    RESTART = "restart"
    ROTATE = "rotate"


class Action(StrEnum):
    """What is done to one object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    GENERATE = "generated"
    KEEP = "kept"
    UNCHANGED = "unchanged"


class Source(StrEnum):
    """Why a field changes: the spec or chart says something else, or somebody changed the live object."""

    SPEC = "spec"
    DRIFT = "drift"


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field. before or after is None where the field is absent. by: field managers that own the live value."""

    steps: tuple[str, ...]
    before: Any
    after: Any
    source: Source = Source.SPEC
    by: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """As people write it: ``spec.template.spec.containers[name=osx].image``."""
        return "".join(step if step.startswith("[") else f".{step}" for step in self.steps).lstrip(".")


@dataclass(frozen=True, slots=True)
class Change:
    """One object. before/after: the object itself where it is deleted or created. validated: the API server has
    accepted it in a dry run, or nothing needs its word; reason says why not."""

    ref: Ref
    action: Action
    fields: tuple[FieldChange, ...] = ()
    before: Object | None = None
    after: Object | None = None
    validated: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Restart:
    """A workload whose pods are replaced. pods: how many run now. names: which, where that is known."""

    ref: Ref
    module: str
    pods: int
    reason: str
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        named = ", ".join(self.names[:NAMED]) + (f" and {len(self.names) - NAMED} more" * (len(self.names) > NAMED))
        return f"restart {self.ref}: {named or f'{self.pods} pods'}, {self.reason}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should know. An error keeps the plan from being applied."""

    level: Level
    text: str
    hint: str = ""
    ref: Ref | None = None

    def as_result(self) -> dict[str, str]:
        return {"level": str(self.level), "text": self.text, "hint": self.hint, "object": str(self.ref or "")}


@dataclass(frozen=True, slots=True)
class Plan:
    """changes: what applying will do, unchanged objects left out. drift: what somebody changed and applying leaves
    alone. unknown: what is known only after applying."""

    release: str
    namespace: str
    operation: Operation
    reason: str
    changes: tuple[Change, ...] = ()
    drift: tuple[Change, ...] = ()
    restarts: tuple[Restart, ...] = ()
    findings: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()
    unchanged: int = 0

    @property
    def changed(self) -> bool:
        return self.operation is not Operation.NONE or bool(self.changes)

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level is Level.ERROR]
