"""What a piece of work costs: seconds, processor time here and in the sandbox, and the largest process."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """seconds: by the clock. here: processor seconds of what was started. there: of the sandbox, less what it uses
    when nobody asks for anything. peak: MiB of the largest process that was started."""

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
        work()
        seconds = time.monotonic() - start
        used = max(0.0, self._there() - there - self.idle * seconds)
        return Cost(seconds, _here() - here, used, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)

    def _there(self) -> float:
        total = 0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS


def _here() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
