# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection itself as the archive that ansible-galaxy installs."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tarfile
from typing import IO, Any

from ..chart.packing import write_whole
from ..errors import bad_input

MANIFEST = "MANIFEST.json"
FILES = "FILES.json"


def write_collection(given: str, installed: str, folder: str) -> str:
    """Write the collection's archive into a folder; its name there. given: an archive, else the collection is packed
    from where it is installed. Raises ``KubefateError`` (bad_input)."""
    if given:
        info = read_archive(given)
        name = _name(info)
        shutil.copyfile(given, os.path.join(folder, name))
        return name
    manifest = os.path.join(installed, MANIFEST)
    if not installed or not os.path.isfile(manifest):
        raise bad_input(
            f"The collection at {installed or '(nowhere)'} was not installed by ansible-galaxy and cannot be packed.",
            "Build its archive with ansible-galaxy collection build, and give the path as collection.",
        )
    with open(manifest, encoding="utf-8") as stream:
        name = _name(json.load(stream)["collection_info"])
    write_whole(os.path.join(folder, name), lambda stream: _pack(installed, stream))
    return name


def _name(info: dict[str, Any]) -> str:
    return f"{info['namespace']}-{info['name']}-{info['version']}.tar.gz"


def _pack(root: str, stream: IO[bytes]) -> None:
    """What the manifest lists, as ansible-galaxy packs it: the same bytes for the same files."""
    with open(os.path.join(root, FILES), encoding="utf-8") as listing:
        listed = [str(entry["name"]) for entry in json.load(listing)["files"] if entry["name"] != "."]
    with (
        gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in [MANIFEST, FILES, *listed]:
            path = os.path.join(root, name)
            entry = tarfile.TarInfo(name)
            if os.path.islink(path):
                entry.type, entry.linkname = tarfile.SYMTYPE, os.readlink(path)
                archive.addfile(entry)
            elif os.path.isdir(path):
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            else:
                entry.size = os.path.getsize(path)
                entry.mode = 0o755 if os.access(path, os.X_OK) else 0o644
                with open(path, "rb") as content:
                    archive.addfile(entry, content)


def read_archive(path: str) -> dict[str, Any]:
    """What an archive says of itself. Raises ``KubefateError`` (bad_input) for one that is no collection's."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            found = archive.extractfile(MANIFEST)
            info = json.load(found)["collection_info"] if found else None
    except (OSError, EOFError, KeyError, ValueError, TypeError, tarfile.TarError) as error:
        raise bad_input(f"{path} is not the archive of a collection ({error}).") from None
    if not isinstance(info, dict) or not all(info.get(key) for key in ("namespace", "name", "version")):
        raise bad_input(f"{path} is not the archive of a collection.")
    return info
