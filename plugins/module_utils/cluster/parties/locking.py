# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Leases of all releases that a run is about to change.

There is no lock of the federation: parties may share no API server. All runs take Leases in the same order, so that two
never wait for each other; one that finds a Lease taken for too long gives back all that it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ...errors import Kind, KubefateError
from ...lock import ReleaseLock


@dataclass(slots=True)
class Leases:
    """lock_of: makes the lock of a host's release. failed: hosts whose Lease could not be asked for, and why."""

    lock_of: Callable[[str], ReleaseLock]
    failed: dict[str, KubefateError] = field(default_factory=dict)
    _held: dict[str, ReleaseLock] = field(default_factory=dict)

    def take(self, hosts: Iterable[str]) -> None:
        """Take the Leases of these hosts' releases, in the order that all runs keep to.

        Raises ``KubefateError`` (locked) naming the holder of one that stays taken; nothing is held then.
        """
        locks = {host: self.lock_of(host) for host in hosts}
        for host in sorted(locks, key=lambda host: _order(locks[host])):
            try:
                locks[host].__enter__()
                self._held[host] = locks[host]
            except KubefateError as error:
                if error.kind is Kind.LOCKED:
                    self.release_all()
                    raise
                self.failed[host] = error
            except BaseException:
                self.release_all()
                raise

    def release(self, host: str) -> None:
        lock = self._held.pop(host, None)
        if lock is not None:
            lock.__exit__(None, None, None)

    def release_all(self) -> None:
        for host in list(self._held):
            self.release(host)


def _order(lock: ReleaseLock) -> tuple[str, str, str]:
    """What two runs name alike, however they reach the API server."""
    return lock.ref.namespace, lock.ref.name, lock.api.connection.server
