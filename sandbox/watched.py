# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a long command: its output in a file, a word about it now and then, and an end when the sandbox ends."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from .progress import Stopwatch


def run_watched(
    command: Sequence[str],
    log: Path,
    watch: Stopwatch,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Runs `command` with its output in `log`, and returns its exit code (negative: the signal that ended it).

    Whatever ends this function also ends the command and its children. Raises OSError if the command cannot start.
    """
    process = None
    try:
        with log.open("wb") as stream, _signals_wait():
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=environ,
                start_new_session=True,
            )
        while True:
            try:
                return process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                watch.tick()
    finally:
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Signals that would raise an exception in the block raise it at its end.

    In the middle of `Popen` such an exception would leave a command running that nobody knows.
    """
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.signal(number, note) for number in numbers if callable(signal.getsignal(number))}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for each in came:
        signal.raise_signal(each)
