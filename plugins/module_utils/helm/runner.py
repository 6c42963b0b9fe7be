# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the core runs a program: a function that the caller provides, so that the core needs neither Ansible nor a
shell."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program left behind. timed_out: it was killed since it ran longer than it may."""

    rc: int
    out: str
    err: str
    timed_out: bool = False


_DIE_WITH_PARENT = (
    "import ctypes,os,sys\n"
    "ctypes.CDLL(None).prctl(1,9)\n"
    "if os.getppid()!=int(sys.argv[1]): os._exit(1)\n"
    "os.execv(sys.argv[2],sys.argv[2:])"
)
"""Has the kernel kill the program when its parent dies (Linux, prctl PR_SET_PDEATHSIG), then becomes that program."""


def bound_to_parent(argv: Sequence[str], parent: int) -> list[str]:
    """A command that runs ``argv`` and dies with its parent, where the system can do that. parent: its process id."""
    if not sys.platform.startswith("linux"):
        return list(argv)
    return [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(parent), *argv]


Started = Callable[[Callable[[], None]], None]


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies, where the system can do that.

    A worker of Ansible is in a session of its own: without this, it would go on after its controller was killed, and
    hold the release's Lease.
    """
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)


class Runner(Protocol):
    """Runs ``argv`` without a shell."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        stdin: str,
        env: Mapping[str, str],
        timeout: float,
        bound: bool,
        started: Started | None = None,
    ) -> Outcome:
        """stdin: text for its standard input. env: variables on top of the caller's. timeout: seconds, after which the
        program is killed. bound: the program dies when the caller does. started: gets a function that asks the program
        to end (SIGTERM)."""
