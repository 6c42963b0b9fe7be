# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pulsar, standalone. Its bookkeeper listens on every address there is: run it in a network of its own (see apart)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib import request

from .asking import opened
from .java import Jars, fetched, java
from .process import Process

WANTED = Jars("pulsar-2.10.2", "pulsar-2.10.2.xml", "pulsar-broker-2.10.2")
MAIN = "org.apache.pulsar.PulsarStandaloneStarter"
SLOWLY = 400.0
"""Seconds that it may take on a busy machine: it starts three servers in one."""
OPENED = ("java.lang", "java.net", "java.util", "java.nio", "sun.net", "jdk.internal.misc")
"""What its libraries look into, which Java 17 has to be told."""


@dataclass(slots=True)
class Pulsar:
    """A broker with the ports that its settings name. settings: text of its standalone.conf, which is used as it is."""

    folder: Path
    settings: str
    port: int = 8080
    _process: Process | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        conf = self.folder / "standalone.conf"
        conf.write_text(self.settings)
        runtime = java()
        opens = [part for name in OPENED for part in ("--add-opens", f"java.base/{name}=ALL-UNNAMED")]
        memory = ["-Xmx512m", "-XX:MaxDirectMemorySize=512m", "-Dio.netty.tryReflectionSetAccessible=true"]
        # What `bin/pulsar standalone -nss` adds to the settings.
        places: list[str | Path] = ["--zookeeper-dir", self.folder / "zk", "--bookkeeper-dir", self.folder / "bk"]
        given: list[str | Path] = ["--config", conf, "--no-functions-worker", "--no-stream-storage", *places]
        argv: list[str | Path] = [
            runtime.program("java"),
            *opens,
            *memory,
            "-cp",
            fetched(WANTED).class_path,
            MAIN,
            *given,
        ]
        known = runtime.environment(runtime.program("java").parent)
        self._process = Process("pulsar", argv, self.folder, known)
        self._process.start(lambda: "standalone" in self.call("GET", "/clusters"), SLOWLY)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.stop()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request to its administration. Raises urllib's HTTPError, which is an OSError."""
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}/admin/v2{path}"
        asked = request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        with opened(asked, 30) as answer:
            text = answer.read().decode()
        try:
            return json.loads(text) if text else None
        except ValueError:
            return text
