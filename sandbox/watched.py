# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a long command: its output in a file, a word about it now and then, and an end when the sandbox ends."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

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
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=environ,
            start_new_session=True,
        )
    try:
        while True:
            try:
                return process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                watch.tick()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
