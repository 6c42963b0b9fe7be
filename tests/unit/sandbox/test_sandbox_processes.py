# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import processes
from sandbox.errors import SandboxError
from sandbox.layout import Home
from sandbox.processes import Process, Records

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def folder(home: Home) -> Path:
    result = home.cluster("one").root
    result.mkdir(parents=True)
    return result


@pytest.fixture
def sleeper(home: Home) -> Path:
    """A program that the sandbox takes for one of its tools."""
    tool = home.bin / "digest" / "sleep"
    tool.parent.mkdir(parents=True)
    shutil.copy(os.path.realpath(shutil.which("sleep") or ""), tool)
    return tool


@pytest.fixture
def running(folder: Path, sleeper: Path) -> Iterator[Process]:
    process = processes.start([str(sleeper), "60"], {}, folder, folder / "log")
    # The kernel says that a program was started a moment before all of it can be seen in /proc.
    while not Path(f"/proc/{process.pid}/environ").read_bytes() or process.rss_bytes() < 100_000:
        time.sleep(0.001)
    yield process
    processes.send(process, signal.SIGKILL)


def test_a_started_process_has_its_own_session_and_no_stdin(running: Process) -> None:
    assert running.alive()
    assert os.getsid(running.pid) == running.pid
    assert os.readlink(f"/proc/{running.pid}/fd/0") == "/dev/null"


def test_output_is_appended_to_a_log_that_only_the_owner_reads(folder: Path) -> None:
    log = folder / "log"
    log.write_text("before\n")
    log.chmod(0o600)
    process = processes.start([sys.executable, "-c", STUBBORN], {}, folder, log)
    while "up" not in log.read_text():
        time.sleep(0.01)
    processes.send(process, signal.SIGKILL)
    assert log.read_text() == "before\nup\n"
    assert log.stat().st_mode & 0o077 == 0


def test_a_program_that_does_not_exist_is_an_error(folder: Path) -> None:
    with pytest.raises(SandboxError, match="/nowhere/etcd cannot be started: No such file"):
        processes.start(["/nowhere/etcd"], {}, folder, folder / "log")


@pytest.mark.parametrize("change", [{"started": 1}, {"boot": "another"}, {"exe": "/bin/another"}])
def test_a_process_with_the_same_pid_is_not_mistaken(running: Process, change: dict[str, object]) -> None:
    other = replace(running, **change)  # type: ignore[arg-type]
    assert not other.alive()
    assert not processes.send(other, signal.SIGKILL)
    assert running.alive()


def test_a_zombie_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 10
    while processes.identify(child.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert Path(f"/proc/{child.pid}").exists()
    assert processes.identify(child.pid) is None
    child.wait()


def test_stop_ends_a_process_that_listens_to_sigterm(running: Process) -> None:
    assert processes.stop([running], 5) == []
    assert not running.alive()


def test_stop_ends_a_process_that_ignores_sigterm_by_force(folder: Path) -> None:
    log = folder / "log"
    process = processes.start([sys.executable, "-c", STUBBORN], {}, folder, log)
    while not log.read_text():
        time.sleep(0.01)
    assert processes.stop([process], 0.1) == []
    assert not process.alive()


def test_a_process_that_was_never_noted_is_found_by_its_mark(running: Process, folder: Path, home: Home) -> None:
    assert processes.find_marked(folder) == [running]
    assert processes.find_marked(home.cluster("two").root) == []


def test_a_process_that_merely_inherited_the_mark_is_left_alone(folder: Path) -> None:
    process = processes.start(["/bin/sleep", "60"], {}, folder, folder / "log")
    try:
        assert processes.find_marked(folder) == []
    finally:
        processes.send(process, signal.SIGKILL)


def test_a_note_is_read_back_as_long_as_its_process_lives(running: Process, folder: Path) -> None:
    records = Records(folder / "run")
    records.write("etcd", running)
    assert records.read("etcd") == running
    processes.stop([running], 5)
    assert records.read("etcd") is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_damaged_note_counts_as_none(folder: Path, content: str) -> None:
    (folder / "etcd.json").write_text(content)
    assert Records(folder).read("etcd") is None


def test_memory_is_told_in_bytes(running: Process) -> None:
    assert 100_000 < running.rss_bytes() < 100_000_000
    processes.stop([running], 5)
    assert running.rss_bytes() == 0
