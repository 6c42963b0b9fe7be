# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in pods, against a real server on the loopback."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.connection import resolve
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.executing import Ran
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Authority
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.commands import SUCCESS, CommandServer, exit_code

POD = Ref("v1", "Pod", "fate-9999", "mysql-0")
COMMAND = ["sh", "-c", 'read -r WORD\necho "$WORD & more"']


def run(server: CommandServer, *, seconds: float = 10.0, **options: Any) -> Ran:
    api = Api(resolve({"host": server.url, "api_key": "t", **options}, {}), 5.0)
    return api.execute(POD, "mysql", COMMAND, "secret\n", seconds)


def failure(work: Callable[[], Any]) -> KubefateError:
    with pytest.raises(KubefateError) as caught:
        work()
    return caught.value


def test_a_command_is_run_and_says_what_it_said() -> None:
    with CommandServer([(1, b"one "), (2, b"two"), (1, b"three" * 100), SUCCESS]) as server:
        assert run(server) == Ran(0, "one " + "three" * 100, "two")
    (asked,) = server.asked
    assert asked.path == "/api/v1/namespaces/fate-9999/pods/mysql-0/exec"
    assert asked.query["command"] == COMMAND and asked.query["container"] == ["mysql"]
    assert asked.headers["authorization"] == "Bearer t"
    assert asked.stdin == "secret\n"
    assert "secret" not in str(asked.query)


def test_the_exit_code_of_a_command_is_no_error() -> None:
    with CommandServer([(2, b"Access denied"), exit_code(7)]) as server:
        assert run(server) == Ran(7, "", "Access denied")


def test_a_command_that_cannot_be_started_is_one() -> None:
    said = b'{"status": "Failure", "message": "no such file: sh", "details": {}}'
    with CommandServer([(3, said)]) as server:
        error = failure(lambda: run(server))
    assert "no such file: sh" in error.msg and error.kind is Kind.REFUSED


@pytest.mark.parametrize(("status", "kind"), [(403, Kind.FORBIDDEN), (401, Kind.UNAUTHORIZED), (404, Kind.NOT_FOUND)])
def test_the_api_server_s_refusal_is_told_as_everywhere(status: int, kind: Kind) -> None:
    body = {"kind": "Status", "message": 'pods "mysql-0" is forbidden: cannot create resource "pods/exec"'}
    with CommandServer(refusal=(status, body)) as server:
        error = failure(lambda: run(server))
    assert error.kind is kind
    assert status == 401 or "pods/exec" in error.msg


def test_a_command_that_does_not_end_is_not_waited_for_for_ever() -> None:
    started = time.monotonic()
    with CommandServer(silent=True) as server:
        error = failure(lambda: run(server, seconds=0.5))
    assert error.kind is Kind.TIMEOUT and time.monotonic() - started < 5


def test_a_connection_that_ends_before_the_command_is_lost() -> None:
    with CommandServer([(1, b"half")]) as server:
        error = failure(lambda: run(server))
    assert error.kind is Kind.CONNECTION and "before the command had ended" in error.msg


def test_a_server_that_is_not_there_cannot_be_reached() -> None:
    with CommandServer() as server:
        url = server.url
    api = Api(resolve({"host": url, "api_key": "t"}, {}), 5.0)
    assert failure(lambda: api.execute(POD, "mysql", COMMAND, "", 2.0)).kind is Kind.CONNECTION


def test_the_api_server_s_certificate_is_checked(tmp_path: Path) -> None:
    authority, other = Authority("ca"), Authority("other")
    (tmp_path / "ca.pem").write_text(authority.pem)
    (tmp_path / "other.pem").write_text(other.pem)
    with CommandServer(certificate=authority.issue("server", "127.0.0.1"), folder=tmp_path) as server:
        assert run(server, ca_cert=str(tmp_path / "ca.pem")).code == 0
        error = failure(lambda: run(server, ca_cert=str(tmp_path / "other.pem")))
    assert error.kind is Kind.CONNECTION and "certificate" in error.msg.lower()


def test_a_proxy_of_the_environment_is_not_used_for_the_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "elsewhere.example")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with CommandServer() as server:
        assert run(server).code == 0


def test_a_proxy_that_is_given_is_used_with_its_password(tmp_path: Path) -> None:
    authority = Authority("ca")
    (tmp_path / "ca.pem").write_text(authority.pem)
    issued = authority.issue("server", "127.0.0.1")
    with CommandServer(certificate=issued, folder=tmp_path) as server, Tunnel() as tunnel:
        proxy = f"http://me:p%40ss@127.0.0.1:{tunnel.port}"
        assert run(server, ca_cert=str(tmp_path / "ca.pem"), proxy=proxy).code == 0
    assert tunnel.heads[0].startswith(f"CONNECT {server.url.removeprefix('https://')} ")
    assert f"Basic {base64.b64encode(b'me:p@ss').decode()}" in tunnel.heads[0]


def test_a_proxy_that_lets_nothing_through_is_named() -> None:
    with CommandServer() as server, Tunnel(answer="407 Proxy Authentication Required") as tunnel:
        error = failure(lambda: run(server, proxy=f"http://127.0.0.1:{tunnel.port}"))
    assert "does not let through: HTTP/1.1 407" in error.msg and error.kind is Kind.CONNECTION


class Tunnel:
    """A proxy for one connection."""

    def __init__(self, answer: str = "200 Connection established"):
        self.answer, self.heads = answer, list[str]()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_rest: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        near, _address = self._socket.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(4096)
        self.heads.append(head.decode())
        near.sendall(f"HTTP/1.1 {self.answer}\r\n\r\n".encode())
        if not self.answer.startswith("200"):
            near.close()
            return
        host, _colon, port = self.heads[0].split(" ")[1].rpartition(":")
        far = socket.create_connection((host, int(port)))
        threading.Thread(target=_pass_on, args=(near, far), daemon=True).start()
        _pass_on(far, near)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    target.close()
