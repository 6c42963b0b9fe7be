# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that PyPI has, each in a virtual environment of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import interpreters
from .errors import NotAvailableError
from .places import lock, servers

REQUIREMENTS = Path(__file__).parent / "requirements"


@dataclass(frozen=True, slots=True)
class Environment:
    """What is installed in an environment.

    :param requirements: a file of ``requirements``, in which every version is pinned.
    :param pythons: that they go with, the best first.
    :param copied: packages that tests make copies of, which are compiled before.
    """

    name: str
    requirements: str
    pythons: tuple[tuple[int, int], ...]
    copied: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return servers() / self.name

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Where its packages are."""
        return next(self.folder.glob("lib/python3.*/site-packages"))


def made(wanted: Environment) -> Environment:
    """The environment, made once. Raises NotAvailableError if no Python goes with it, or pip says no."""
    text = (REQUIREMENTS / wanted.requirements).read_text()
    stamp = wanted.folder / "made-from"
    with lock(wanted.name):
        if not stamp.exists() or stamp.read_text() != text:
            start = time.monotonic()
            _make(wanted)
            note = {"bytes": 0, "seconds": round(time.monotonic() - start, 1)}
            (wanted.folder / "got.json").write_text(json.dumps(note))
            stamp.write_text(text)
    return wanted


def _make(wanted: Environment) -> None:
    usable = {python.version: python for python in interpreters.found(min(wanted.pythons))}
    base = next((usable[version] for version in wanted.pythons if version in usable), None)
    if base is None:
        names = ", ".join(f"{major}.{minor}" for major, minor in wanted.pythons)
        here = ", ".join(python.name for python in usable.values()) or "none of them"
        raise NotAvailableError(
            f"{wanted.name} needs a Python of version {names}, as what it requires is pinned; this machine has {here}. "
            f"Install one, for example with `pyenv install {wanted.pythons[0][0]}.{wanted.pythons[0][1]}`."
        )
    shutil.rmtree(wanted.folder, ignore_errors=True)
    pip: list[str | Path] = [wanted.python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    # Few of the modules are ever imported: compiling all would take longer than the rest.
    own: list[str | Path] = [*pip, "--no-compile", "--no-deps", "--no-build-isolation", "--requirement"]
    steps: list[list[str | Path]] = [
        [base.path, "-m", "venv", wanted.folder],
        # For the few that are built here.
        [*pip, "setuptools<70", "wheel"],
        [*own, REQUIREMENTS / wanted.requirements],
    ]
    if wanted.copied:
        places = [f"lib/python{base.name}/site-packages/{package}" for package in wanted.copied]
        steps.append([wanted.python, "-m", "compileall", "-q", *(wanted.folder / place for place in places)])
    for argv in steps:
        done = subprocess.run([str(part) for part in argv], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotAvailableError(f"{wanted.name} could not be installed: {done.stdout[-1500:]}{done.stderr[-2500:]}")
