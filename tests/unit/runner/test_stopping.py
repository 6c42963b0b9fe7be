# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a run of the tests that is told to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]

STUBBORN = """
import os, signal, sys, time

signal.signal(signal.SIGINT, signal.SIG_IGN)
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(300)
"""
PROGRAM = f"""
import os, subprocess, sys, time
from pathlib import Path

folder = Path(sys.argv[1])
other = folder / "other"
subprocess.Popen([sys.executable, "-c", {STUBBORN!r}, other], start_new_session=True)
try:
    (folder / "pid").write_text(str(os.getpid()))
    time.sleep(300)
except KeyboardInterrupt:
    (folder / "tidied").touch()
"""
"""Tidies up when it is interrupted; what it has started, in another session, does not care."""

RUNNER = """
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from runner import schedule, shell, stopping
from runner.suites import Outcome, Suite

folder, program = Path(sys.argv[2]), sys.argv[3]
shell.OUTPUT = folder / "output"
stopping.GRACE = 1.0


def work(machine):
    own = folder / names.pop()
    own.mkdir()
    shell.run([sys.executable, "-c", program, own], log="program")
    shell.run(["touch", folder / "more"], log="more")
    return Outcome(1)


names = ["one", "two"]
stopping.at_signals()
try:
    schedule.run_all([Suite(name, "", work, processes=1) for name in "ab"], None, 2, print)
finally:
    shell.run(["touch", folder / "afterwards"], log="afterwards")
"""


def ended(path: Path) -> bool:
    """Whether the process has ended whose number is in the file."""
    try:
        return Path("/proc", path.read_text(), "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_end_ends_all_that_it_has_started_and_starts_nothing_more(
    number: int, tmp_path: Path
) -> None:
    runner = subprocess.Popen([sys.executable, "-c", RUNNER, str(TESTS), str(tmp_path), PROGRAM])
    pids = [tmp_path / suite / name for suite in ("one", "two") for name in ("pid", "other")]
    until = time.monotonic() + 60
    while not all(path.exists() and path.read_text() for path in pids):
        assert runner.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    os.kill(runner.pid, number)
    assert runner.wait(timeout=60) == 128 + number
    assert [path for path in pids if not ended(path)] == []
    assert (tmp_path / "one" / "tidied").exists() and (tmp_path / "two" / "tidied").exists()
    assert not (tmp_path / "more").exists(), "a suite went on"
    assert (tmp_path / "afterwards").exists(), "nothing can be put away when all has ended"
