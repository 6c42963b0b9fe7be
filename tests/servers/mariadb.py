# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB: what stands for MySQL, which Debian does not have."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from .debian import Programs, Wanted, programs
from .errors import NotStartedError, RefusedError
from .places import lock, servers
from .process import Process, free_ports

WANTED = Wanted(
    name="MariaDB",
    packages=("mariadb-server-core", "mariadb-client-core"),
    programs=("mariadbd", "mariadb", "mariadb-install-db"),
    paths=("usr/share/mysql*/english/errmsg.sys",),
    least=(10, 5),
)


@dataclass(slots=True)
class MariaDB:
    """A server with an empty database of the given name and one user that has all rights on it and no others, which is
    what MySQL's image makes of the same settings.

    :param folder: its own; what lies in it already is used.
    """

    folder: Path
    database: str = "fate"
    user: str = "fate"
    password: str = "fate"
    root_password: str = "root"
    address: str = "127.0.0.1"
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _process: Process | None = None

    @property
    def _socket(self) -> Path:
        """Paths of sockets are short; the folder's may be long."""
        return Path(f"/tmp/kubefate-mariadb-{self.address}-{self.port}")

    def __enter__(self) -> Self:
        got = programs(WANTED)
        data = self.folder / "data"
        first = not data.exists()
        if first:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.copytree(_empty(got), data)
        self._process = Process("mariadbd", self._argv(got, data), self.folder, got.environment())
        root = "" if first else self.root_password
        self._process.start(lambda: self._answers(root))
        if first:
            self._make_accounts()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.stop()
        self._socket.unlink(missing_ok=True)

    def _argv(self, got: Programs, data: Path) -> list[str]:
        return [
            str(got.program("mariadbd")),
            "--no-defaults",
            *_basics(got),
            f"--datadir={data}",
            f"--socket={self._socket}",
            f"--port={self.port}",
            f"--bind-address={self.address}",
            f"--pid-file={self.folder}/mariadbd.pid",
            "--skip-name-resolve",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=16M",
            # What MySQL 8 does unless it is told otherwise.
            "--character-set-server=utf8mb4",
            "--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
            "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
        ]

    def _answers(self, password: str) -> bool:
        return self._run("SELECT 1", "root", password, through_socket=True).returncode == 0

    def _make_accounts(self) -> None:
        """What the image's start makes of MYSQL_DATABASE, MYSQL_USER, MYSQL_PASSWORD and MYSQL_ROOT_PASSWORD."""
        self._as_root(f"ALTER USER root@localhost IDENTIFIED BY {_text(self.root_password)}", "")
        self.add(self.database, self.user, self.password)

    def add(self, database: str, user: str, password: str) -> None:
        """One more database, empty, and a user that has all rights on it and on no other."""
        name, who = database.replace("`", "``"), f"{_text(user)}@'%'"
        self._as_root(
            f"CREATE DATABASE `{name}`; CREATE USER {who} IDENTIFIED BY {_text(password)}; "
            f"GRANT ALL ON `{name.replace('_', chr(92) + '_')}`.* TO {who}",
            self.root_password,
        )

    def _as_root(self, sql: str, password: str) -> None:
        done = self._run(sql, "root", password, through_socket=True)
        if done.returncode:
            raise RefusedError(done.stderr.strip())

    def _run(
        self, sql: str, user: str, password: str, database: str = "", through_socket: bool = False
    ) -> subprocess.CompletedProcess[str]:
        got = programs(WANTED)
        where = [f"--socket={self._socket}"] if through_socket else [f"--host={self.address}", f"--port={self.port}"]
        argv: list[str | Path] = [
            got.program("mariadb"),
            "--no-defaults",
            "--batch",
            "--skip-column-names",
            *where,
            f"--user={user}",
        ]
        if database:
            argv.append(f"--database={database}")
        known = got.environment(MYSQL_PWD=password)
        return subprocess.run(argv, input=sql, env=known, capture_output=True, text=True, check=False)

    def query(self, sql: str, *, user: str = "", password: str | None = None, database: str = "") -> list[list[str]]:
        """Rows of the answer, asked over TCP as the user unless another is given. Raises RefusedError."""
        known = self.password if password is None else password
        done = self._run(sql, user or self.user, known, database or self.database)
        if done.returncode:
            raise RefusedError(done.stderr.strip())
        return [line.split("\t") for line in done.stdout.splitlines()]

    def environment(self) -> dict[str, str]:
        """In which scripts find the client under the name that they call it by."""
        got = programs(WANTED)
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        script = folder / "mysql"
        script.write_text(f"#!/bin/sh\nexec '{got.program('mariadb')}' \"$@\"\n")
        script.chmod(0o755)
        return got.environment(folder)


def _empty(got: Programs) -> Path:
    """A data folder without any database, made once: making it takes longer than starting the server."""
    target = servers() / f"mariadb-empty-{got.version}"
    with lock("mariadb-empty"):
        if not target.exists():
            scratch = target.with_suffix(".part")
            shutil.rmtree(scratch, ignore_errors=True)
            argv: Sequence[str | Path] = [
                got.program("mariadb-install-db"),
                "--no-defaults",
                *_basics(got),
                f"--datadir={scratch}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ]
            done = subprocess.run(argv, env=got.environment(), capture_output=True, text=True, check=False)
            if done.returncode:
                raise NotStartedError(f"mariadb-install-db failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            scratch.rename(target)
    return target


def _basics(got: Programs) -> list[str]:
    base = f"{got.root}/usr" if got.root else "/usr"
    # As root it refuses to start unless it is told so.
    return [f"--basedir={base}", *(["--user=root"] if os.geteuid() == 0 else [])]


def _text(text: str) -> str:
    """A text as SQL, whatever is in it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
