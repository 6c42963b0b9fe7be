# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading chart archives (``.tgz``): piece by piece, never as a whole in memory, and never unpacked to disk.

An archive comes from anybody. Paths that leave the chart, links, devices, bombs and a second folder at the top are
refused, before anything that they hold is kept.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from ..errors import Kind, KubefateError

MAX_BYTES = 64 * 1024 * 1024
"""Unpacked size that is still read; a chart is small, an archive bomb is not."""
MAX_FILES = 10_000
MAX_HEADER = 1024 * 1024
"""Bytes that a tar header, such as one with a long name, may have."""
CHUNK = 64 * 1024
_PER_ENTRY = 4096
"""Bytes that tar itself may need for an entry, besides its content."""


def bad(where: str, what: str) -> KubefateError:
    return KubefateError(
        f"{where} is not a chart that can be used: {what}.",
        Kind.CHART,
        "chart",
        "Get the chart anew from where it comes from, or correct it.",
    )


def too_much(where: str) -> KubefateError:
    return bad(where, f"it unpacks to more than {MAX_BYTES >> 20} MiB or {MAX_FILES} files")


class _Bounded:
    """What is unpacked of an archive, with an end to it. tarfile reads whole headers at once; content is read in
    chunks."""

    def __init__(self, stream: Any, where: str):
        self._stream, self._where = stream, where
        self._end = MAX_BYTES + MAX_FILES * _PER_ENTRY

    def read(self, size: int = -1) -> bytes:
        if size > MAX_HEADER:
            raise bad(self._where, f"one of its headers has more than {MAX_HEADER >> 20} MiB")
        data: bytes = self._stream.read(CHUNK if size < 0 else size)
        if self._stream.tell() > self._end:
            raise too_much(self._where)
        return data

    def seek(self, position: int) -> int:
        if position > self._end:
            raise too_much(self._where)
        return int(self._stream.seek(position))

    def tell(self) -> int:
        return int(self._stream.tell())


@contextmanager
def _readable(where: str) -> Iterator[None]:
    """What an archive that is broken makes the libraries raise, as an error that names it."""
    import struct
    import tarfile  # imported late: folders, such as the bundled charts, do not need it
    import zlib

    try:
        yield
    except (tarfile.TarError, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError) as error:
        raise bad(where, f"it is not a readable .tgz archive ({error})") from None


def unpack(stream: IO[bytes], where: str) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """The files of a chart archive: path in the chart, size, and content in chunks, which has to be used up before the
    next file is asked for. where: names the archive in errors. Raises ``KubefateError`` (chart)."""
    import tarfile

    with _readable(where), gzip.GzipFile(fileobj=stream, mode="rb") as unzipped:
        bounded: Any = _Bounded(unzipped, where)
        with tarfile.open(fileobj=bounded, mode="r:") as archive:
            yield from _members(archive, where)
        while bounded.read():  # the checksum stands at the very end
            pass


def _members(archive: Any, where: str) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    seen: set[str] = set()
    roots: set[str] = set()
    total = entries = 0
    for member in archive:
        archive.members.clear()  # tarfile would keep each header
        entries += 1
        total += member.size if member.isfile() else 0
        if total > MAX_BYTES or entries > MAX_FILES:
            raise too_much(where)
        if member.isdir():
            continue
        path = _path(member, where)
        roots.add(path[0])
        if len(roots) > 1:
            raise bad(where, f"it must have one folder at its top, and has {', '.join(sorted(roots))}")
        name = "/".join(path[1:])
        if name in seen:
            raise bad(where, f"it has {name} twice")
        seen.add(name)
        yield name, member.size, _content(archive, member, where)
    if not roots:
        raise bad(where, "it must have one folder at its top, and has none")


def _path(member: Any, where: str) -> list[str]:
    if not member.isfile():
        raise bad(where, f"{member.name} is a link or a device; a chart has plain files only")
    parts = [part for part in member.name.split("/") if part not in ("", ".")]
    outside = member.name.startswith("/") or ".." in parts or "\\" in member.name or len(parts) < 2
    if outside or parts[0].endswith(":"):
        raise bad(where, f"{member.name} does not lie in the chart's folder")
    return parts


def _content(archive: Any, member: Any, where: str) -> Iterator[bytes]:
    with _readable(where), archive.extractfile(member) as content:
        while chunk := content.read(CHUNK):
            yield chunk
