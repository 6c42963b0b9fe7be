"""Which Pythons this machine has, and which ansible-core goes with them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from servers import interpreters
from servers.interpreters import Python

from .places import ROOT, WORK
from .shell import run

OLDEST_PYTHON = (3, 11)
OLDEST_CORE = "2.18"
NEWEST_PYTHON_OF = {"2.18": (3, 13), "2.19": (3, 13), "2.20": (3, 14), "2.21": (3, 14)}
OLDEST_PYTHON_OF = {"2.18": (3, 11), "2.19": (3, 11), "2.20": (3, 12), "2.21": (3, 12)}
"""Controller Pythons of each ansible-core. Source: its support matrix."""
_making = threading.Lock()


def available() -> list[Python]:
    """One interpreter for each version from 3.11 on, oldest first."""
    return interpreters.found(OLDEST_PYTHON)


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with one ansible-core."""

    core: str
    python: Python
    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def label(self) -> str:
        return f"ansible-core {self.core} on Python {self.python.name}"


def matrix(pythons: list[Python]) -> list[tuple[str, Python]]:
    """Every supported pair of ansible-core and Python that this machine can run."""
    return [
        (core, python)
        for core in OLDEST_PYTHON_OF
        for python in pythons
        if OLDEST_PYTHON_OF[core] <= python.version <= NEWEST_PYTHON_OF[core]
    ]


def oldest_and_newest(pythons: list[Python]) -> tuple[Environment, Environment]:
    """The oldest pair, and the newest ansible-core on the newest Python."""
    pairs = matrix(pythons)
    newest_core = max(core for core, _python in pairs)
    newest = max(python for core, python in pairs if core == newest_core)
    oldest = min(python for core, python in pairs if core == OLDEST_CORE)
    return environment(OLDEST_CORE, oldest), environment(newest_core, newest)


def environment(core: str, python: Python) -> Environment:
    """The virtual environment for one pair, which may still have to be made."""
    return Environment(core, python, WORK / "envs" / f"core-{core}-py{python.name}")


def make(environment: Environment) -> None:
    """Make it, unless that was done."""
    with _making:
        _make(environment)


def _make(environment: Environment) -> None:
    core, python, folder = environment.core, environment.python, environment.folder
    wanted = (ROOT / "requirements.txt").read_text() + (ROOT / "tests" / "requirements.txt").read_text()
    stamp = folder / ".made-from"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Making the environment for {environment.label}", flush=True)
    log = f"environment-{core}-{python.name}"
    next_minor = f"2.{int(core.split('.')[1]) + 1}"
    steps: list[list[str | Path]] = [
        [python.path, "-m", "venv", "--clear", folder],
        [
            folder / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            f"ansible-core>={core},<{next_minor}",
            "--requirement",
            ROOT / "requirements.txt",
            "--requirement",
            ROOT / "tests" / "requirements.txt",
        ],
    ]
    for argv in steps:
        code, _text = run(argv, log=log)
        if code:
            raise SystemExit(f"The environment for {environment.label} could not be made; see tests/output/{log}.log")
    stamp.write_text(wanted)
