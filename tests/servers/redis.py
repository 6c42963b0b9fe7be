# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redis, and as much of its protocol as it takes to ask something."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self, cast

from .debian import Wanted, programs
from .errors import RefusedError
from .process import Process, free_ports

WANTED = Wanted(name="Redis", packages=("redis-server",), programs=("redis-server",), least=(5,))


@dataclass(slots=True)
class Redis:
    """A server.

    :param settings: text of its redis.conf. Port, address and folder are the test's own, whatever it says.
    :param arguments: further ones of its command line, as a container gives them.
    :param password: that the settings or arguments ask for.
    """

    folder: Path
    settings: str = ""
    arguments: Sequence[str] = ()
    password: str = ""
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _process: Process | None = None

    def __enter__(self) -> Self:
        got = programs(WANTED)
        self.folder.mkdir(parents=True, exist_ok=True)
        conf = self.folder / "redis.conf"
        conf.write_text(self.settings)
        conf.chmod(0o600)
        own = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder), "--daemonize", "no"]
        argv: list[str | Path] = [got.program("redis-server"), conf, *self.arguments, *own]
        self._process = Process("redis-server", argv, self.folder, got.environment())
        self._process.start(lambda: self.command("PING") == "PONG")
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.stop()

    def command(self, *words: str, password: str | None = None) -> str:
        """The answer to one command. password: instead of the server's; empty for none. Raises RefusedError."""
        known = self.password if password is None else password
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            stream = cast(BinaryIO, connection.makefile("rwb"))
            answer = ""
            for command in ([("AUTH", known)] if known else []) + [words]:
                parts = [word.encode() for word in command]
                stream.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(it), it) for it in parts))
                stream.flush()
                answer = self._read(stream.readline().decode().rstrip(), stream)
            return answer

    @staticmethod
    def _read(first: str, stream: BinaryIO) -> str:
        kind, rest = first[:1], first[1:]
        if kind == "-":
            raise RefusedError(rest)
        if kind == "$" and int(rest) >= 0:
            return stream.read(int(rest) + 2)[:-2].decode()
        if kind == "*":
            return "\n".join(Redis._read(stream.readline().decode().rstrip(), stream) for _item in range(int(rest)))
        return rest
