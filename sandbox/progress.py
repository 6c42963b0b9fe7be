# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sandbox tells while it works."""

from __future__ import annotations

import sys
import time
from typing import TextIO


class Reporter:
    """Writes plain lines to stderr, so that stdout holds only what a command answers.

    No control characters: the lines read the same in a terminal, a file and a CI log.
    """

    HEARTBEAT_SECONDS = 15.0

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)

    def stopwatch(self, text: str) -> Stopwatch:
        return Stopwatch(self, text)


class Stopwatch:
    """Tells that something still goes on, at most every HEARTBEAT_SECONDS."""

    def __init__(self, reporter: Reporter, text: str) -> None:
        self._reporter = reporter
        self._text = text
        self._began = self._told = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def tick(self) -> None:
        """To be called often; says `text ... N s` when it is time."""
        now = time.monotonic()
        if now - self._told >= self._reporter.HEARTBEAT_SECONDS:
            self._told = now
            self._reporter.say(f"{self._text} ... {now - self._began:.0f} s")

    def done(self, outcome: str) -> None:
        self._reporter.say(f"{self._text}: {outcome}, {self.seconds:.1f} s")
