# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apache Traffic Server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .debian import Wanted, programs
from .errors import RefusedError
from .process import Process

WANTED = Wanted(
    name="TrafficServer",
    packages=("trafficserver",),
    programs=("traffic_server",),
    paths=("etc/trafficserver/body_factory",),
    version=("-V",),
    least=(9,),
)


NOBODY = "nobody"


@contextmanager
def place() -> Iterator[Path]:
    """A folder that everybody reaches, for one server."""
    folder = Path(tempfile.mkdtemp(prefix="kubefate-trafficserver-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class TrafficServer:
    """A server.

    :param folder: its own. As root the server runs as another user, who has to reach it: see ``place``.
    :param files: its configuration, by the names that it has in /etc/trafficserver.
    :param listens: address and port of the loopback that it listens on.
    """

    folder: Path
    files: Mapping[str, str]
    listens: tuple[str, int]
    _process: Process | None = None

    def _lay_out(self) -> tuple[list[str | Path], dict[str, str]]:
        got = programs(WANTED)
        base = got.root or Path("/")
        for name in ("etc", "cache", "log", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            path = self.folder / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        # Where it finds what: paths below this file's folder, or absolute ones.
        plugins = next(iter(base.glob("usr/lib/**/trafficserver/modules")), base / "usr/lib/trafficserver/modules")
        layout = {
            "prefix": self.folder,
            "exec_prefix": self.folder,
            "bindir": base / "usr/bin",
            "sbindir": base / "usr/bin",
            "sysconfdir": self.folder / "etc",
            "datadir": self.folder / "cache",
            "localstatedir": self.folder,
            "runtimedir": self.folder / "run",
            "logdir": self.folder / "log",
            "cachedir": self.folder / "cache",
            "libexecdir": plugins,
        }
        root = self.folder / "runroot.yaml"
        root.write_text("".join(f"{key}: {path}\n" for key, path in layout.items()))
        pages = got.path("etc/trafficserver/body_factory")
        known = got.environment(
            TS_RUNROOT=str(root), HOME=str(self.folder), PROXY_CONFIG_BODY_FACTORY_TEMPLATE_SETS_DIR=str(pages)
        )
        if os.geteuid() == 0:
            # It refuses to serve as root, and the user that packages make for it is not here.
            known["PROXY_CONFIG_ADMIN_USER_ID"] = NOBODY
            for folder, _folders, _files in os.walk(self.folder):
                shutil.chown(folder, NOBODY)
        return [got.program("traffic_server")], known

    def check(self) -> None:
        """Whether it takes its configuration. Raises RefusedError."""
        argv, known = self._lay_out()
        argv = [*argv, "-C", "verify_config", "-D", self.folder / "etc"]
        done = subprocess.run(argv, env=known, capture_output=True, text=True, check=False, cwd=self.folder)
        said = done.stdout + done.stderr
        if done.returncode or re.search(r"\b(ERROR|FATAL)\b", said):
            raise RefusedError(said)

    def __enter__(self) -> Self:
        argv, known = self._lay_out()
        self._process = Process("traffic_server", argv, self.folder, known, ("log/*.log",))
        self._process.start(self._answers)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.stop()

    def _answers(self) -> bool:
        with socket.create_connection(self.listens, timeout=5):
            return True

    def log(self) -> str:
        return self._process.log() if self._process else ""
