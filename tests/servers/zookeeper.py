# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ZooKeeper, alone."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from .debian import Wanted, programs
from .java import java
from .process import Process, free_ports

WANTED = Wanted(
    name="ZooKeeper",
    packages=("libzookeeper-java", "liblog4j1.2-java"),
    programs=(),
    paths=("usr/share/java/zookeeper.jar",),
)
MAIN = "org.apache.zookeeper.server.quorum.QuorumPeerMain"


@dataclass(slots=True)
class ZooKeeper:
    """A server. settings: of its zoo.cfg; address, port and folder are the test's own."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _process: Process | None = None

    def __enter__(self) -> Self:
        got, runtime = programs(WANTED), java()
        self.folder.mkdir(parents=True, exist_ok=True)
        own = {
            "clientPort": str(self.port),
            "clientPortAddress": "127.0.0.1",
            "dataDir": str(self.folder / "data"),
            "admin.enableServer": "false",
        }
        conf = self.folder / "zoo.cfg"
        conf.write_text("".join(f"{key}={value}\n" for key, value in {**self.settings, **own}.items()))
        jars = [found for root in (got.root, Path("/")) if root for found in (root / "usr/share/java").glob("*.jar")]
        names = ("zookeeper", "slf4j", "netty", "snappy", "metrics", "commons-cli", "log4j", "audience", "jline")
        class_path = ":".join(str(jar) for jar in jars if jar.name.startswith(names))
        known = runtime.environment(runtime.program("java").parent)
        argv: list[str | Path] = [runtime.program("java"), "-Xmx128m", "-cp", class_path, MAIN, conf]
        self._process = Process("zookeeper", argv, self.folder, known)
        # It says that it is well some time before it serves.
        self._process.start(lambda: self.word("ruok") == "imok" and "Mode:" in self.word("srvr"))
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.stop()

    def word(self, word: str) -> str:
        """The answer to one of its four-letter words, of which the settings have to allow `ruok` and `srvr`."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(word.encode())
            answer = b""
            while more := connection.recv(4096):
                answer += more
        return answer.decode()
