# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that only their owner can read, since what is in them may hold passwords."""

from __future__ import annotations

import os
import tempfile


def read_text(path: str) -> str | None:
    """What is in a file; None where there is none, or nothing that is text."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError):
        return None


def write_private(path: str, text: str) -> None:
    """Write a file whole, or leave the one that is there as it is. Raises ``OSError``, as where its folder is not
    there."""
    handle, unfinished = tempfile.mkstemp(prefix=".kubefate-", dir=os.path.dirname(os.path.abspath(path)))
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise
