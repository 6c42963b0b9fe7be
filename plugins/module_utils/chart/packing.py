# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing chart archives, piece by piece."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator, Mapping
from typing import IO

from .files import chunks, size_of


def pack(name: str, files: Mapping[str, bytes], stream: IO[bytes]) -> None:
    """Write the archive of a chart: the same bytes for the same files, whatever folder or machine they come from."""
    import tarfile  # imported late: most calls pack nothing

    with (
        gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(files, key=lambda path: (path != "Chart.yaml", path)):
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size, entry.mode = size_of(files, path), 0o644
            archive.addfile(entry, _Reader(chunks(files, path)))  # type: ignore[arg-type]


class _Reader:
    """Chunks as a file that tarfile reads from."""

    def __init__(self, source: Iterator[bytes]):
        self._source, self._rest = source, b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < size:
            more = next(self._source, b"")
            if not more:
                break
            self._rest += more
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def write_whole(path: str, write: Callable[[IO[bytes]], object]) -> None:
    """Have ``write`` fill a file that gets its name when it is whole: who looks at the path sees all of it or nothing.

    write: takes the stream.
    """
    unfinished = f"{path}.{os.getpid()}.part"
    try:
        with open(unfinished, "wb") as stream:
            write(stream)
        os.replace(unfinished, path)
    finally:
        if os.path.exists(unfinished):
            os.unlink(unfinished)
