# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what go.mod pins, and compares versions of Go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .errors import SandboxError

_GO_LINE = re.compile(r"^go\s+(\S+)\s*$", re.MULTILINE)
_REQUIREMENT = re.compile(r"^\s*(?:require\s+)?([a-z0-9.-]+\.[a-z]+/\S+|[a-z0-9.-]+\.[a-z]+)\s+(v\S+)", re.MULTILINE)
_GO_VERSION = re.compile(r"(?:go)?(\d+)\.(\d+)(?:\.(\d+))?(?:(rc|beta)(\d+))?")


@dataclass(frozen=True, slots=True, order=True)
class GoVersion:
    """A version of Go. A release candidate sorts before its release."""

    major: int
    minor: int
    patch: int
    stage: int
    candidate: int

    @classmethod
    def parse(cls, text: str) -> GoVersion:
        """Reads `1.26.0`, `go1.26.8` or `go1.27rc1`; raises ValueError for anything else."""
        match = _GO_VERSION.match(text.strip())
        if not match:
            raise ValueError(f"not a version of Go: {text!r}")
        major, minor, patch, stage, candidate = match.groups()
        order = {"beta": 0, "rc": 1, None: 2}[stage]
        return cls(int(major), int(minor), int(patch or 0), order, int(candidate or 0))

    def __str__(self) -> str:
        stage = ["beta", "rc", ""][self.stage]
        return f"{self.major}.{self.minor}.{self.patch}" + (f"{stage}{self.candidate}" if stage else "")


@dataclass(frozen=True, slots=True)
class GoModule:
    """What the sandbox needs to know of its go.mod."""

    go: GoVersion
    versions: dict[str, str]

    def version(self, module: str) -> str:
        """The pinned version of a module, with its `v`; raises SandboxError if go.mod does not have it."""
        try:
            return self.versions[module]
        except KeyError:
            raise SandboxError(
                f"the sandbox's go.mod does not pin {module}", "Restore sandbox/build/go.mod from the collection."
            ) from None


def read_go_module(folder: Path) -> GoModule:
    """Reads `folder`/go.mod; raises SandboxError if it is missing or names no version of Go."""
    path = folder / "go.mod"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SandboxError(f"cannot read {path}: {error.strerror}", "Install the collection again.") from None
    line = _GO_LINE.search(text)
    if not line:
        raise SandboxError(f"{path} has no go line", "Restore sandbox/build/go.mod from the collection.")
    # What follows is replaced by versions of the same release, under names that are required above.
    requirements = text.split("\nreplace", 1)[0]
    return GoModule(GoVersion.parse(line.group(1)), dict(_REQUIREMENT.findall(requirements)))
