"""Ending what the runner has started, when it is told to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

GRACE = 30.0
"""Seconds in which a program may tidy up: pytest stops the servers of its tests, and sandboxes."""

_running: set[subprocess.Popen[str]] = set()
_told = threading.Event()


def at_signals() -> None:
    """Let SIGTERM and SIGINT, which is Ctrl-C, end the runner and all that it has started."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)


def _exit(number: int, _frame: FrameType | None) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    # Not by print, which it may have interrupted.
    os.write(sys.stderr.fileno(), f"\nStopping, because of {signal.Signals(number).name}\n".encode())
    raise SystemExit(128 + number)


@contextmanager
def started(argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None) -> Iterator[subprocess.Popen[str]]:
    """A program in a process group of its own, with its output in a pipe. It is ended with all that it started if the
    block is left by an exception. Raises SystemExit while everything is being ended."""
    if _told.is_set():
        raise SystemExit("stopped")
    process = subprocess.Popen(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    _running.add(process)
    try:
        yield process
    except BaseException:
        _end([process])
        raise
    finally:
        _running.discard(process)


@contextmanager
def ending_together() -> Iterator[None]:
    """If the block is left by an exception, everything that other threads have started is ended. It may start nothing
    more until ``over`` is called."""
    try:
        yield
    except BaseException:
        _told.set()
        _end(list(_running))
        raise


def over() -> None:
    """What was to end has ended: programs may be started again."""
    _told.clear()


def _end(processes: Sequence[subprocess.Popen[str]]) -> None:
    """Interrupt them as Ctrl-C would do it, and after a while kill what is left of them and of all that they have
    started, whatever process group that is in."""
    known = _with_children({process.pid for process in processes})
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
    until = time.monotonic() + GRACE
    while (left := _with_children(known)) and time.monotonic() < until:
        known = left
        time.sleep(0.1)
    while left := _with_children(left):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def _with_children(pids: set[int]) -> set[int]:
    """Those that still run, and all that they have started."""
    parents = dict(_processes())
    found, waiting = set[int](), list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += [child for child, parent in parents.items() if parent == pid]
    return found & parents.keys()


def _processes() -> Iterator[tuple[int, int]]:
    """Every process that has not ended, and its parent."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = entry.read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state not in ("Z", "X"):
                yield int(entry.parent.name), int(parent)
