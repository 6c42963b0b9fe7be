# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts, recognises and stops the processes of a sandbox."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import SandboxError
from .layout import write_private

# Every process of a sandbox has this in its environment, with the state folder as value: so it is found even if the
# command that started it was killed before it could note its pid.
MARK = "KUBEFATE_SANDBOX_FOLDER"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that cannot be mistaken for another that got the same pid later.

    `started` counts the kernel's clock ticks since the boot that `boot` identifies.
    """

    pid: int
    started: int
    boot: str
    exe: str

    def alive(self) -> bool:
        """Whether it is there. While it ends it still is: it keeps its ports until the last of its threads is gone."""
        now = identify(self.pid)
        if now is None or (now.started, now.boot) != (self.started, self.boot):
            return False
        # An ending process has no exe any more.
        return now.exe in ("", self.exe)

    def rss_bytes(self) -> int:
        """Its memory; 0 if it has ended."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")


def identify(pid: int) -> Process | None:
    """The live process with this pid; None if there is none, or only a zombie.

    `exe` is empty for a process that is ending, and for somebody else's.
    """
    folder = Path(f"/proc/{pid}")
    try:
        # The name in parentheses may hold spaces and parentheses; what follows it does not.
        fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, IndexError):
        return None
    # proc(5) counts the fields from 1, and these begin with the third.
    state, threads, started = fields[0], int(fields[20 - 3]), int(fields[22 - 3])
    if state in "ZX" and threads <= 1:
        return None
    try:
        exe = str((folder / "exe").readlink()).removesuffix(" (deleted)")
    except OSError:
        exe = ""
    return Process(pid, started, boot, exe)


def start(argv: Sequence[str], environ: Mapping[str, str], folder: Path, log: Path) -> Process:
    """Starts a process of the sandbox whose state folder is `folder`; its output is appended to `log`.

    It has a session of its own, so it outlives the calling shell, and no stdin. Raises SandboxError if it cannot start.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd=folder,
            env={**environ, MARK: str(folder)},
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"{argv[0]} cannot be started: {error.strerror}", "Run `clean`, then `up`.") from None
    finally:
        os.close(descriptor)
    process = identify(child.pid)
    # It is not waited for: it is to outlive this program. This keeps Popen from complaining about that.
    child.returncode = 0
    if process is None or not process.exe:
        raise SandboxError(f"{Path(argv[0]).name} ended as soon as it was started", f"Its log is {log}.")
    return process


def stop(processes: Iterable[Process], patience: float) -> list[Process]:
    """Asks the processes to end (SIGTERM), ends by force (SIGKILL) those that did not after `patience` seconds.

    Returns those that are still there, which nobody but the kernel can help.
    """
    remaining = [process for process in processes if send(process, signal.SIGTERM)]
    remaining = _await_end(remaining, patience)
    for process in remaining:
        send(process, signal.SIGKILL)
    return _await_end(remaining, 5.0)


def send(process: Process, what: signal.Signals) -> bool:
    """Sends a signal to exactly this process; says whether it was there."""
    try:
        # The descriptor stays with the process that has the pid now; a later owner of the pid is out of reach.
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        if not process.alive():
            return False
        signal.pidfd_send_signal(descriptor, what)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _await_end(processes: list[Process], seconds: float) -> list[Process]:
    deadline = time.monotonic() + seconds
    while True:
        processes = [process for process in processes if process.alive()]
        if not processes or time.monotonic() >= deadline:
            return processes
        time.sleep(0.02)


def find_marked(folder: Path) -> list[Process]:
    """All live processes that were started for this state folder, noted or not."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark not in (entry / "environ").read_bytes().split(b"\0"):
                continue
        except OSError:
            continue
        process = identify(int(entry.name))
        # Only the sandbox's own programs: a mark may have been inherited by somebody's shell.
        if process and _is_tool(process.exe, folder):
            found.append(process)
    return found


def _is_tool(exe: str, folder: Path) -> bool:
    home = folder.parent.parent
    return Path(exe).is_relative_to(home / "bin")


@dataclass(frozen=True, slots=True)
class Records:
    """The noted processes of a sandbox: a file per component in the folder."""

    folder: Path

    def write(self, component: str, process: Process) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_private(self.folder / f"{component}.json", json.dumps(asdict(process)) + "\n")

    def read(self, component: str) -> Process | None:
        """The noted process if it is alive; None for a missing or unreadable record, too."""
        try:
            process = Process(**json.loads((self.folder / f"{component}.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return process if process.alive() else None
