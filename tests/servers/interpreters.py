# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Pythons this machine has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Python:
    """A real interpreter, no shim."""

    version: tuple[int, int]
    path: Path

    @property
    def name(self) -> str:
        return ".".join(map(str, self.version))


def found(oldest: tuple[int, int]) -> list[Python]:
    """One interpreter for each version from the given one on, oldest first."""
    known: dict[tuple[int, int], Python] = {}
    for candidate in _candidates(oldest):
        python = _look(candidate)
        if python and python.version >= oldest:
            known.setdefault(python.version, python)
    return sorted(known.values())


def _candidates(oldest: tuple[int, int]) -> Iterator[Path]:
    yield Path(sys.executable)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for minor in range(oldest[1], 16):
            path = Path(folder) / f"python3.{minor}"
            if path.exists():
                yield path
    shims = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder.endswith("/.pyenv/shims")]
    for root in (os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv"), *(str(Path(it).parent) for it in shims)):
        for path in sorted(Path(root).glob("versions/3.*/bin/python3")) if root else []:
            version = re.match(r"3\.(\d+)", path.parents[1].name)
            if version and int(version[1]) >= oldest[1]:
                yield path


def _look(path: Path) -> Python | None:
    """The interpreter behind a path: a virtual environment's base, the program behind a shim."""
    code = "import json,sys; print(json.dumps([sys._base_executable or sys.executable, *sys.version_info[:2]]))"
    try:
        done = subprocess.run([path, "-I", "-c", code], capture_output=True, text=True, timeout=20, check=False)
        base, major, minor = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return Python((major, minor), Path(base).resolve())
