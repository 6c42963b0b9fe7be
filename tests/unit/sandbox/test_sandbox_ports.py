# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator

import pytest

from sandbox import ports
from sandbox.errors import SandboxError


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


class Scripted(random.Random):
    """Offers the given ports first, in their order."""

    def __init__(self, *first: int) -> None:
        super().__init__()
        self.first = list(first)

    def sample(self, population, k, *, counts=None):  # type: ignore[no-untyped-def]
        return self.first + [port for port in population if port not in self.first]


def test_a_listening_port_is_not_free(busy: int) -> None:
    assert not ports.is_free(busy)


def test_a_port_is_free_again_when_its_server_is_gone() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            pass
    assert ports.is_free(port)


def test_ports_that_are_taken_or_busy_are_not_chosen(busy: int) -> None:
    chosen = ports.choose(["a", "b"], {18005}, Scripted(18005, busy, 18007, 18009))
    assert busy not in chosen.values()
    assert 18005 not in chosen.values()
    assert len(set(chosen.values())) == 2


def test_no_port_is_one_that_the_kernel_gives_to_outgoing_connections() -> None:
    with open("/proc/sys/net/ipv4/ip_local_port_range") as stream:
        lowest = int(stream.read().split()[0])
    assert ports.CANDIDATES.stop <= lowest


def test_running_out_of_ports_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "CANDIDATES", range(18000, 18001))
    with pytest.raises(SandboxError, match="no free port between 18000 and 18000"):
        ports.choose(["a", "b"], set())


def test_the_error_about_a_busy_port_names_its_holder(busy: int) -> None:
    with pytest.raises(SandboxError) as caught:
        ports.require_free(busy, "chosen with --port", "Choose another port.")
    assert f"port {busy} (chosen with --port) is in use by process {os.getpid()} (" in caught.value.what
    assert caught.value.hint == "Choose another port."


def test_nobody_holds_a_free_port() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    assert ports.find_holder(port) == ""
