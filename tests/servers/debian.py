# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that Debian and Ubuntu have as packages: those of the machine, or unpacked into a folder of their own.

apt works with lists and a cache of its own and only downloads; its sources, keys and proxies are the machine's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import NotAvailableError
from .places import lock, servers

SYSTEM = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/libexec")
OF_THE_MACHINE = re.compile(r"(libc6|libc-bin|libc-l10n|locales|libgcc-s1|libstdc\+\+6)_")
"""Packages that are not unpacked: another C library beside the machine's own breaks every program."""
LIBRARIES = ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib", "lib", "usr/lib/trafficserver")
LISTS_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A server.

    :param packages: of Debian and Ubuntu.
    :param programs: that it consists of.
    :param paths: files and folders that it needs beside them, below the root.
    :param version: how to ask the first program for its version; its first numbers must be at least ``least``.
    """

    name: str
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    paths: tuple[str, ...] = ()
    version: tuple[str, ...] = ("--version",)
    least: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Programs:
    """Where a server is. root: of its unpacked packages; without one it is the machine's.

    :param fetched: bytes that were downloaded for it, now or earlier.
    """

    wanted: Wanted
    root: Path | None
    fetched: int = 0
    seconds: float = 0.0

    def program(self, name: str) -> Path:
        """A program, of the packages or of the machine."""
        found = self._program(name)
        if found is None:
            raise NotAvailableError(f"{self.wanted.name}: there is no program {name}. {_advice(self.wanted)}")
        return found

    def _program(self, name: str) -> Path | None:
        folders = [str(self.root) + folder for folder in SYSTEM] if self.root else []
        path = os.pathsep.join([*folders, *SYSTEM, os.environ.get("PATH", "")])
        found = shutil.which(name, path=path)
        return Path(found) if found else None

    def path(self, inside: str) -> Path:
        """A file or folder, given as below the root; may be a pattern."""
        found = self._path(inside)
        if found is None:
            raise NotAvailableError(f"{self.wanted.name}: there is no /{inside}. {_advice(self.wanted)}")
        return found

    def _path(self, inside: str) -> Path | None:
        for root in (self.root, Path("/")):
            for found in sorted(root.glob(inside)) if root else []:
                return found
        return None

    def environment(self, *folders: Path, **extra: str) -> dict[str, str]:
        """A small environment in which its programs find their libraries. folders: that come first in PATH."""
        libraries = [found for inside in LIBRARIES for found in self.root.glob(inside)] if self.root else []
        own = [f"{self.root}{folder}" for folder in SYSTEM] if self.root else []
        known = {
            "PATH": os.pathsep.join([*map(str, folders), *own, *SYSTEM]),
            "LANG": "C.UTF-8",
            **({"LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))} if libraries else {}),
        }
        return {**known, **extra}

    def complete(self) -> bool:
        """Whether all of it is there and new enough."""
        there = all(self._program(name) for name in self.wanted.programs)
        return (
            there and all(self._path(inside) for inside in self.wanted.paths) and self._numbers() >= self.wanted.least
        )

    def _numbers(self) -> tuple[int, ...]:
        if not self.wanted.programs:
            return self.wanted.least
        argv: list[str | Path] = [self.program(self.wanted.programs[0]), *self.wanted.version]
        done = subprocess.run(argv, env=self.environment(), capture_output=True, text=True, check=False, timeout=60)
        found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
        return tuple(int(part) for part in found[0].split(".")) if found else ()

    @property
    def version(self) -> str:
        return ".".join(map(str, self._numbers()))


def programs(wanted: Wanted) -> Programs:
    """A server's programs: the machine's, those got earlier, or got now. Raises NotAvailableError."""
    here = Programs(wanted, None)
    if here.complete():
        return here
    folder = servers() / wanted.name
    with lock(wanted.name):
        got = _got(wanted, folder)
        if got is None:
            _get(wanted, folder)
            got = _got(wanted, folder)
    if got is None or not got.complete():
        raise NotAvailableError(f"{wanted.name}: its packages lack a program or are too old. {_advice(wanted)}")
    return got


def _got(wanted: Wanted, folder: Path) -> Programs | None:
    try:
        note = json.loads((folder / "got.json").read_text())
    except (OSError, ValueError):
        return None
    if note["packages"] != list(wanted.packages):
        return None
    return Programs(wanted, folder / "root", note["bytes"], note["seconds"])


def _get(wanted: Wanted, folder: Path) -> None:
    """Download the packages that the machine lacks, and unpack them. What was downloaded before is not again."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NotAvailableError(
            f"{wanted.name} is not on this machine, which has no apt to get it with. {_advice(wanted)}"
        )
    start = time.monotonic()
    archives = folder / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    with lock("apt"):
        _download(wanted, archives)
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    size = 0
    for archive in sorted(archives.glob("*.deb")):
        size += archive.stat().st_size
        if not OF_THE_MACHINE.match(archive.name):
            subprocess.run(["dpkg-deb", "-x", archive, root], check=True, capture_output=True)
    _keep_links_inside(root)
    note = {"packages": list(wanted.packages), "bytes": size, "seconds": round(time.monotonic() - start, 1)}
    (folder / "got.json").write_text(json.dumps(note))
    shutil.rmtree(archives)


def _download(wanted: Wanted, archives: Path) -> None:
    state = servers() / "apt"
    lists = state / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    settings = _settings(state)
    stamp = state / "lists-of"
    fresh = stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_SECONDS
    argv = ["install", "--yes", "--download-only", "--no-install-recommends", "-o", f"Dir::Cache::archives={archives}/"]
    said = ""
    for again in (False, True):
        if again or not fresh:
            said = _apt(settings, ["update"])[1]
            stamp.touch()
        code, more = _apt(settings, [*argv, *wanted.packages])
        if code == 0:
            return
        said += more
    raise NotAvailableError(f"{wanted.name}: apt cannot get its packages. {_advice(wanted)}\n{said[-3000:]}")


def _settings(state: Path) -> Path:
    """The machine's settings of apt, less those that say where it keeps things and what it runs afterwards."""
    dumped = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    left_out = ("Dir", "DPkg::", "APT::Update::", "APT::Sandbox", "Acquire::Languages", "Acquire::IndexTargets")
    kept = [line for line in dumped.splitlines() if not line.startswith(left_out)]
    nothing = state / "none"
    nothing.mkdir(exist_ok=True)
    kept += [
        f'Dir::State "{state}";',
        'Dir::State::status "/var/lib/dpkg/status";',
        f'Dir::Cache "{state}";',
        f'Dir::Etc::Parts "{nothing}";',
        f'Dir::Etc::Main "{nothing / "none"}";',
        'APT::Sandbox::User "root";',
        'Acquire::Languages "none";',
        'Acquire::Retries "3";',
    ]
    for kind in ("DEP-11", "DEP-11-icons-small", "DEP-11-icons", "Contents-deb"):
        kept.append(f'Acquire::IndexTargets::deb::{kind}::DefaultEnabled "false";')
    path = state / "apt.conf"
    path.write_text("\n".join(kept) + "\n")
    return path


def _apt(settings: Path, argv: Sequence[str]) -> tuple[int, str]:
    known = {**os.environ, "APT_CONFIG": str(settings), "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", *argv], env=known, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def _keep_links_inside(root: Path) -> None:
    """Packages link to absolute paths, which here lie below the root."""
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = Path(folder) / name
            if path.is_symlink() and os.path.isabs(target := os.readlink(path)):
                inside = root / target.lstrip("/")
                if os.path.lexists(inside):
                    path.unlink()
                    path.symlink_to(os.path.relpath(inside, folder))


def _advice(wanted: Wanted) -> str:
    least = ".".join(map(str, wanted.least))
    needed = f" {least} or newer" if any(wanted.least) else ""
    return f"Install {wanted.name}{needed}; Debian and Ubuntu: apt install {' '.join(wanted.packages)}"
