# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where programs are kept, and the lock for those who get them."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def work() -> Path:
    """The folder ``.work`` of the checkout. Tests run from a copy of the checkout that lies in it."""
    return next((folder for folder in CHECKOUT.parents if folder.name == ".work"), CHECKOUT / ".work")


def servers() -> Path:
    """Where the programs are; ``make clean`` removes it."""
    return work() / "servers"


@contextmanager
def lock(name: str) -> Iterator[None]:
    """One at a time: tests run in several processes, and each may be the first that needs a program."""
    folder = servers()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
