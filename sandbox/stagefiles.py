# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the stage files of the collection into what kwok reads.

Stages repeat much, and kwok's files have no way to share it. So `<<name>>` in a stage file stands for the file `name`
in stages/parts: on a line of its own for all its lines, at the same indentation; within a line for its text.
"""

from __future__ import annotations

import re
from pathlib import Path

from .errors import SandboxError
from .layout import STAGE_FILES, write_private

_WHOLE_LINE = re.compile(r"^( *)<<([a-z.-]+)>>$", re.MULTILINE)
_INLINE = re.compile(r"<<([a-z.-]+)>>")


def expand(text: str, parts: Path) -> str:
    """Puts the parts into the text of a stage file; raises SandboxError for a part that does not exist."""

    def lines(match: re.Match[str]) -> str:
        indent, name = match.groups()
        return "\n".join(indent + line for line in _read_part(parts, name).splitlines())

    def words(match: re.Match[str]) -> str:
        return " ".join(_read_part(parts, match.group(1)).split())

    return _INLINE.sub(words, _WHOLE_LINE.sub(lines, text))


def _read_part(parts: Path, name: str) -> str:
    try:
        return (parts / name).read_text(encoding="utf-8")
    except OSError:
        raise SandboxError(f"the stage part {parts / name} is missing", "Install the collection again.") from None


def write_stages(target: Path, source: Path = STAGE_FILES) -> list[Path]:
    """Writes the expanded stage files into the folder `target` and returns their paths."""
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for file in sorted(source.glob("*.yaml")):
        path = target / file.name
        write_private(path, expand(file.read_text(encoding="utf-8"), source / "parts"))
        written.append(path)
    return written
