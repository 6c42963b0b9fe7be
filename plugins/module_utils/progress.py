# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling a person what a long-running module does.

The callback plugin of this collection makes a folder that only the user can read and names it in the environment; a
module appends one JSON line for each change to a file of its own there. Telling never fails and never blocks.
"""

from __future__ import annotations

import json
import os
import time
from typing import IO, Protocol

ENVIRONMENT = "KUBEFATE_PROGRESS_DIR"


class Progress(Protocol):
    def __call__(self, text: str) -> None:
        """Say what is going on now, in a few words and without secrets."""


def silent(text: str) -> None:
    """For callers that nobody watches."""


class FileProgress:
    """Appends to a file in ``folder``; without a folder it is silent. about: whose progress it is (a party, a
    release)."""

    def __init__(self, about: str, folder: str | None):
        self.about = about
        self._file: IO[str] | None = None
        self._last = ""
        if folder and os.path.isdir(folder):
            path = os.path.join(folder, f"{os.getpid()}-{time.time_ns()}.jsonl")
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600)
                self._file = os.fdopen(handle, "w", buffering=1, encoding="utf-8")
            except OSError:
                self._file = None

    def __call__(self, text: str) -> None:
        if self._file is None or text == self._last:
            return
        self._last = text
        try:
            self._file.write(json.dumps({"about": self.about, "text": text, "time": time.time()}) + "\n")
        except OSError:
            self._file = None
