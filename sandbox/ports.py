# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses ports, and finds out who has one."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection, Iterable
from pathlib import Path

from .errors import SandboxError

# Below the ports that kernels give to outgoing connections (from 32768 on): a port of that range can be taken at any
# time while its program is down, and the program could not be started again.
CANDIDATES = range(18000, 30000)


def is_free(port: int) -> bool:
    """Whether a program could listen on the loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose(names: Iterable[str], taken: Collection[int], chooser: random.Random | None = None) -> dict[str, int]:
    """A free port for each name, none of them in `taken`; raises SandboxError if there are not enough."""
    chooser = chooser or random.SystemRandom()
    candidates = iter(chooser.sample(CANDIDATES, len(CANDIDATES)))
    result: dict[str, int] = {}
    for name in names:
        for port in candidates:
            if port not in taken and is_free(port):
                result[name] = port
                break
        else:
            raise SandboxError(
                f"no free port between {CANDIDATES.start} and {CANDIDATES.stop - 1}", "Stop some of the servers."
            )
    return result


def require_free(port: int, purpose: str, hint: str) -> None:
    """Raises SandboxError, which names the holder if it can be found, if the port is not free."""
    if not is_free(port):
        holder = find_holder(port)
        raise SandboxError(f"port {port} ({purpose}) is in use" + (f" by {holder}" if holder else ""), hint)


def find_holder(port: int) -> str:
    """The process that listens on the port as `process 123 (name)`; empty if it is not to be found out."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            for descriptor in (process / "fd").iterdir():
                if descriptor.readlink().name in inodes:
                    return f"process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:
            # Somebody else's process, or one that just ended.
            continue
    return ""


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            local, state, inode = fields[1], fields[3], fields[9]
            if int(local.rsplit(":", 1)[1], 16) == port and state == "0A":
                inodes.add(f"socket:[{inode}]")
    return inodes
