# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What helm has rendered, kept between runs of the tests as a build tool keeps what it has built.

Each is found by all that it depends on: the program, every file of the chart, the cluster.yaml, and how the tests call
helm. Without a folder (``make test-long``) nothing is kept. That helm renders the same twice is shown by tests that
keep nothing.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import time
from pathlib import Path

FOLDER = os.environ.get("KUBEFATE_RENDERS", "")
SECONDS = 14 * 24 * 3600
"""How long a render that nobody asks for is kept."""


def find(*parts: str) -> str | None:
    """What was kept under these words."""
    path = _path(parts)
    if path is None or not path.exists():
        return None
    os.utime(path)
    return path.read_text(encoding="utf-8")


def keep(text: str, *parts: str) -> str:
    """text, which is found under these words from now on."""
    if path := _path(parts):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.rename(path)
    return text


def tidy() -> None:
    """Remove what nobody has asked for in a long time."""
    if FOLDER and os.path.isdir(FOLDER):
        for entry in os.scandir(FOLDER):
            if entry.stat().st_mtime < time.time() - SECONDS:
                Path(entry.path).unlink(missing_ok=True)


@functools.cache
def program(path: str) -> str:
    """Which build of a program it is."""
    found = os.stat(path)
    return f"{os.path.realpath(path)} {found.st_size} {found.st_mtime_ns}"


@functools.cache
def content(folder: Path) -> str:
    """A digest of all files of a folder and their names; links are followed."""
    digest = hashlib.sha256()
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        for name in sorted(files):
            path = Path(parent, name)
            text = path.read_bytes()
            digest.update(f"{path.relative_to(folder)} {len(text)}\n".encode())
            digest.update(text)
    return digest.hexdigest()


def _path(parts: tuple[str, ...]) -> Path | None:
    if not FOLDER or not parts:
        return None
    return Path(FOLDER, hashlib.sha256(json.dumps(parts).encode()).hexdigest())
