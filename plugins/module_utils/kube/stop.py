# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending requests that wait for the server, from another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Stop(threading.Event):
    """When it is set, what is being read of answers ends. With a urllib3 before 2.3 that ends when the server ends
    it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._answers: list[Any] = []

    def set(self) -> None:
        super().set()
        with self._lock:
            for answer in self._answers:
                _end(answer)

    @contextmanager
    def ends(self, answer: Any) -> Iterator[None]:
        """A block in which the answer is read."""
        with self._lock:
            self._answers.append(answer)
            if self.is_set():
                _end(answer)
        try:
            yield
        finally:
            with self._lock:
                self._answers.remove(answer)


def _end(answer: Any) -> None:
    with suppress(AttributeError, OSError, RuntimeError, ValueError):  # it has ended, or cannot be told to
        answer.shutdown()
