"""What a piece of work costs: seconds, processor time here and in the sandbox, and memory."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Cost:
    """seconds: by the clock. here: processor seconds of what was started. there: of the sandbox, less what it uses
    when nobody asks for anything. peak: MiB that all processes which were started had at once."""

    seconds: float
    here: float
    there: float
    peak: int

    @property
    def processor(self) -> float:
        return self.here + self.there


@dataclass(slots=True)
class Meter:
    """Measures on one sandbox. idle: its processor seconds for each second in which nothing happens."""

    pids: list[int]
    idle: float = 0.0

    @classmethod
    def of_sandbox(cls, name: str = "default", seconds: float = 5.0) -> Meter:
        argv = [sys.executable, str(ROOT / "sandbox"), "--name", name, "status", "--json"]
        status = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
        meter = cls([component["pid"] for component in status["components"]])
        before = meter._there()
        time.sleep(seconds)
        meter.idle = (meter._there() - before) / seconds
        return meter

    def measure(self, work: Callable[[], object]) -> Cost:
        there, here, start = self._there(), _here(), time.monotonic()
        with watched(os.getpid(), itself=False) as peak:
            work()
        seconds = time.monotonic() - start
        used = max(0.0, self._there() - there - self.idle * seconds)
        return Cost(seconds, _here() - here, used, max(peak))

    def _there(self) -> float:
        total = 0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS


def _here() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def watched(root: int, *, itself: bool = True) -> Iterator[list[int]]:
    """Looks at the memory of a process and all below it, or only of these, again and again; MiB of each look."""
    seen, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(LOOK_SECONDS):
            seen.append(_memory(root, itself))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def _memory(root: int, itself: bool) -> int:
    """MiB of a process, if ``itself``, and of all below it; what they share counts once. Ansible's workers have
    sessions of their own, so parents are what tells."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it has just ended
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(folder.name))
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        if pid == root and not itself:
            continue
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total // 1024


def largest() -> int:
    """MiB that this process had at most. Not ru_maxrss, which a process inherits from the one that starts it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024
