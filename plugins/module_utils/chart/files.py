# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a chart where they are: in a folder or in an archive. Large ones are read when they are asked for.

What is read once, for the digest, is not kept but for small files, which are nearly all that anybody looks into.
"""

from __future__ import annotations

import hashlib
import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping

from ..data import digest
from . import archive
from .archive import CHUNK, bad

SMALL = 128 * 1024
"""Bytes of a file that is kept in memory."""
_SKIPPED = frozenset({".git", ".hg", ".svn", "__pycache__", ".DS_Store"})


class StoredFiles(Mapping[str, bytes]):
    """Path in the chart to content. sizes: bytes of each. hashes: SHA-256 of each."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.hashes: dict[str, bytes] = {}
        self._small: dict[str, bytes] = {}

    @abstractmethod
    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of one file, piece by piece."""

    def __getitem__(self, name: str) -> bytes:
        if name in self._small:
            return self._small[name]
        if name not in self.sizes:
            raise KeyError(name)
        return b"".join(self.chunks(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.sizes)

    def __len__(self) -> int:
        return len(self.sizes)

    def _take(self, name: str, content: Iterator[bytes]) -> None:
        """Note a file while it is read for the first time."""
        total, size, kept = hashlib.sha256(), 0, b""
        for chunk in content:
            total.update(chunk)
            size += len(chunk)
            if size <= SMALL:
                kept += chunk
        self.sizes[name], self.hashes[name] = size, total.digest()
        if size <= SMALL:
            self._small[name] = kept


class FolderFiles(StoredFiles):
    """The files of a folder. A link may lead to what lies in the chart or beside it, such as a library chart that
    several charts share: what it leads to is part of the chart. One that leads elsewhere is refused.

    Raises ``KubefateError`` (chart).
    """

    def __init__(self, root: str):
        super().__init__()
        self.root = root
        self._paths: dict[str, str] = {}
        real = os.path.realpath(root)
        parent = os.path.dirname(real)
        self._within = tuple({real, real if parent == os.sep else parent})
        total = 0
        try:
            for name, path in self._walk(root, "", (real,)):
                self._paths[name] = path
                total += os.path.getsize(path)
                if total > archive.MAX_BYTES or len(self._paths) > archive.MAX_FILES:
                    raise bad(root, f"it has more than {archive.MAX_BYTES >> 20} MiB or {archive.MAX_FILES} files")
                self._take(name, self.chunks(name))
        except OSError as error:
            raise bad(root, f"{error.filename or 'a file'} cannot be read ({error.strerror or error})") from None

    def chunks(self, name: str) -> Iterator[bytes]:
        with open(self._paths[name], "rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk

    def _walk(self, folder: str, prefix: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        with os.scandir(folder) as listed:
            entries = sorted((entry for entry in listed if entry.name not in _SKIPPED), key=lambda entry: entry.name)
        for entry in entries:
            name, real = f"{prefix}{entry.name}", os.path.join(above[-1], entry.name)
            if entry.is_symlink():
                real = os.path.realpath(entry.path)
                self._check_link(name, real, above)
            if entry.is_dir():
                yield from self._walk(entry.path, f"{name}/", (*above, real))
            elif entry.is_file():
                yield name, entry.path
            else:
                raise bad(self.root, f"{name} is neither a file nor a folder")

    def _check_link(self, name: str, real: str, above: tuple[str, ...]) -> None:
        if not os.path.exists(real):
            raise bad(self.root, f"the link {name} leads to {real}, which is not there")
        if real in above:
            raise bad(self.root, f"the link {name} leads back to a folder that it lies in")
        if not any(real.startswith(f"{place}{os.sep}") for place in self._within):
            raise bad(self.root, f"the link {name} leads to {real}, which lies neither in the chart nor beside it")


class ArchiveFiles(StoredFiles):
    """The files of an archive on disk. archive_digest: ``sha256:`` and the digest of the archive itself.

    Raises ``KubefateError`` (chart).
    """

    def __init__(self, path: str, where: str = ""):
        super().__init__()
        self.path, self.where = path, where or path
        with open(path, "rb") as stream:
            for name, _size, content in archive.unpack(stream, self.where):
                self._take(name, content)
        self.archive_digest = sha256_of(path)

    def chunks(self, name: str) -> Iterator[bytes]:
        with open(self.path, "rb") as stream:
            for found, _size, content in archive.unpack(stream, self.where):
                if found == name:
                    yield from content
                    return


def sha256_of(path: str) -> str:
    """``sha256:`` and the digest of a file, as Helm and registries write it."""
    total = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(CHUNK):
            total.update(chunk)
    return f"sha256:{total.hexdigest()}"


def chunks(files: Mapping[str, bytes], name: str) -> Iterator[bytes]:
    """The content of one of the files, piece by piece where they are not in memory anyway."""
    return files.chunks(name) if isinstance(files, StoredFiles) else iter([files[name]])


def size_of(files: Mapping[str, bytes], name: str) -> int:
    return files.sizes[name] if isinstance(files, StoredFiles) else len(files[name])


def files_digest(files: Mapping[str, bytes]) -> str:
    """One digest over names and contents of all files."""

    def content(name: str) -> bytes:
        return files.hashes[name] if isinstance(files, StoredFiles) else hashlib.sha256(files[name]).digest()

    return digest(*(part for name in sorted(files) for part in (name, content(name))))
