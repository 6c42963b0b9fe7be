# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's process: started, waited for, stopped; its log is in what is raised if it does not start."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from .errors import NotStartedError

START_SECONDS = 180.0
"""That a server may take to answer; machines of CI are slow when all their cores are busy."""
STOP_SECONDS = 15.0
LAST_SECONDS = 5.0
LOOK_SECONDS = 0.05
CANDIDATES = range(12000, 18000)
"""Below the ports that kernels give to outgoing connections, and below those of sandboxes."""
LOG_CHARACTERS = 4000


def own_address() -> str:
    """An address of the loopback that no other server has, so that it can use the ports that its settings name."""
    chooser = random.SystemRandom()
    return f"127.{chooser.randint(64, 254)}.{chooser.randint(1, 254)}.{chooser.randint(1, 254)}"


def free_ports(count: int) -> list[int]:
    """Ports of the loopback on which nothing listens."""
    found: list[int] = []
    for port in random.SystemRandom().sample(CANDIDATES, len(CANDIDATES)):
        if len(found) == count:
            break
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    assert len(found) == count, "there are not enough free ports"
    return found


class Child(Protocol):
    """What a process takes of subprocess.Popen."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...


@dataclass(slots=True)
class Process:
    """One process of a server, in a session of its own.

    :param name: how errors call it.
    :param folder: where it works; its output goes to ``<name>.log`` there.
    :param logs: further files that it writes, below the folder; may be patterns.
    :param launch: starts it in another way than as a child of this process.
    """

    name: str
    argv: Sequence[str | Path]
    folder: Path
    environment: Mapping[str, str]
    logs: Sequence[str] = ()
    stop_signal: int = signal.SIGTERM
    launch: Callable[[Process], Child] | None = None
    _process: Child | None = field(default=None, repr=False)

    @property
    def output(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    def start(self, ready: Callable[[], object], seconds: float = START_SECONDS) -> None:
        """Start it and wait until ``ready`` gives something true. It may raise OSError as long as nothing listens.

        Raises NotStartedError; then the process is gone.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process = self.launch(self) if self.launch else self._child()
        try:
            self._await(ready, seconds)
        except BaseException:
            self.stop()
            raise

    def _child(self) -> Child:
        with self.output.open("ab") as log:
            return subprocess.Popen(
                [str(part) for part in self.argv],
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _await(self, ready: Callable[[], object], seconds: float) -> None:
        assert self._process is not None
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (code := self._process.poll()) is not None:
                raise NotStartedError(f"{self.name} ended with exit code {code}:\n{self.log()}")
            try:
                if ready():
                    return
            except OSError:
                pass
            time.sleep(LOOK_SECONDS)
        raise NotStartedError(f"{self.name} did not answer within {seconds:g} s:\n{self.log()}")

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: int) -> None:
        """Send it a signal, for example to load its settings again."""
        os.kill(self.pid, number)

    def stop(self) -> None:
        """Stop it, and what it started."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        # What it started keeps its ports until it is gone.
        end = time.monotonic() + LAST_SECONDS
        with contextlib.suppress(ProcessLookupError):
            while time.monotonic() < end:
                os.killpg(self._process.pid, 0)
                time.sleep(LOOK_SECONDS)

    def log(self) -> str:
        """The end of what it said, on its output and in its own logs."""
        parts = []
        for path in [self.output, *(found for name in self.logs for found in sorted(self.folder.glob(name)))]:
            if path.is_file():
                text = path.read_text(errors="replace")[-LOG_CHARACTERS:]
                parts.append(f"--- {path.name}\n{text}")
        return "\n".join(parts)
