# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another machine, played by a folder: with a home, temporary files and programs of its own."""

from __future__ import annotations

DOCUMENTATION = """
name: elsewhere
short_description: Another machine, played by a folder
version_added: 1.0.0
author:
  - The federatedai.kubefate authors (@FederatedAI)
description:
  - Runs commands with an environment of their own. Files come and go by copying only, as over a network.
  - Writes down into the file C(seen), with their modes, the files that lie there for Ansible whenever a command starts.
options:
  root:
    description: Folder that holds the machine's C(home), C(tmp) and C(bin).
    type: path
    vars:
      - name: ansible_elsewhere_root
  hidden:
    description: Folder of the controller that is not there while a command runs.
    type: path
    vars:
      - name: ansible_elsewhere_hidden
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ansible.errors import AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    """Nothing is connected to: each command starts afresh."""

    transport = "elsewhere"
    has_pipelining = False

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def close(self) -> None:
        self._connected = False

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        root = self.get_option("root")
        home = os.path.join(root, "home")
        environment = {
            "HOME": home,
            "TMPDIR": os.path.join(root, "tmp"),
            "PATH": f"{root}/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
        }
        _note(Path(home, ".ansible", "tmp"), Path(root, "seen"))
        with self._controller_away():
            done = subprocess.run(
                ["/bin/sh", "-c", cmd],
                input=in_data or b"",
                capture_output=True,
                cwd=home,
                env=environment,
                check=False,
            )
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        if not os.path.exists(in_path):
            raise AnsibleFileNotFound(f"There is no {in_path}.")
        shutil.copyfile(in_path, out_path)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)
        shutil.copyfile(in_path, out_path)

    @contextmanager
    def _controller_away(self) -> Iterator[None]:
        hidden = self.get_option("hidden")
        os.rename(hidden, f"{hidden}.away")
        try:
            yield
        finally:
            os.rename(f"{hidden}.away", hidden)


def _note(folder: Path, log: Path) -> None:
    """Modes and names of what is there. A task in the background may be tidying up meanwhile."""
    with log.open("a", encoding="utf-8") as stream:
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                path = Path(place, name)
                with suppress(FileNotFoundError):
                    stream.write(f"{path.lstat().st_mode & 0o777:03o} {path.relative_to(folder)}\n")
