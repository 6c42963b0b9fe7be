# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a command in a container, through the API server: ``pods/exec`` over a WebSocket.

Protocol: v4.channel.k8s.io (Kubernetes, staging/src/k8s.io/apimachinery/pkg/util/remotecommand). Each message begins
with a byte that says which channel it is for. That protocol cannot end standard input, so a command must know how much
it reads.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from ..errors import Kind, KubefateError, library_missing

PROTOCOL = "v4.channel.k8s.io"
STDIN, STDOUT, STDERR, STATUS = range(4)


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command: exit code and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Way:
    """How to reach the API server. url: of the command, https or http. server_name: in its certificate, where that is
    not the host. proxy: URL, empty for none."""

    url: str
    headers: Sequence[tuple[str, str]]
    tls: ssl.SSLContext | None
    server_name: str
    proxy: str


def query(command: Sequence[str], container: str) -> str:
    """The query part of the command's URL."""
    flags = [("stdin", "true"), ("stdout", "true"), ("stderr", "true"), ("container", container)]
    return urlencode([("command", word) for word in command] + flags)


def run(way: Way, stdin: str, seconds: float) -> Ran:
    """Run the command that a URL names. Raises ``RefusedError`` for an HTTP answer that is none of a WebSocket, and
    ``KubefateError`` (connection, timeout)."""
    try:
        import websocket
    except ImportError:
        raise library_missing("websocket-client", "run a command in a pod") from None
    end = time.monotonic() + seconds
    try:
        stream = _stream(way, min(seconds, 30.0))
    except OSError as error:
        raise _lost(f"A command cannot be run in a pod: {error}") from None
    channel = websocket.WebSocket()
    try:
        channel.connect(
            way.url.replace("http", "ws", 1),
            socket=stream,
            header=[f"{name}: {value}" for name, value in way.headers],
            subprotocols=[PROTOCOL],
        )
        channel.send_binary(bytes([STDIN]) + stdin.encode())
        return _outcome(websocket, channel, end)
    except websocket.WebSocketBadStatusException as error:
        body = getattr(error, "resp_body", None)
        raise RefusedError(int(error.status_code), body if isinstance(body, bytes) else b"") from None
    except (websocket.WebSocketTimeoutException, TimeoutError):
        raise KubefateError(
            f"A command in a pod did not end within {seconds:.0f} s.", Kind.TIMEOUT, "", "Look at the pod's log."
        ) from None
    except (OSError, websocket.WebSocketException) as error:
        raise _lost(f"The connection to a command in a pod was lost: {error}") from None
    finally:
        stream.close()


class RefusedError(Exception):
    """The API server's answer where it runs no command."""

    def __init__(self, status: int, body: bytes):
        super().__init__(f"status {status}")
        self.status, self.body = status, body


def _lost(text: str) -> KubefateError:
    return KubefateError(
        f"{text}.", Kind.CONNECTION, "", "Check the network, and proxies that let no WebSocket through."
    )


def _stream(way: Way, seconds: float) -> socket.socket:
    """A connection to the API server, through the proxy if there is one. Raises ``OSError``."""
    parts = urlsplit(way.url)
    host, port = str(parts.hostname), parts.port or (443 if way.tls else 80)
    direct = not way.proxy
    stream = socket.create_connection((host, port), seconds) if direct else _through(way.proxy, host, port, seconds)
    return way.tls.wrap_socket(stream, server_hostname=way.server_name or host) if way.tls else stream


def _through(proxy: str, host: str, port: int, seconds: float) -> socket.socket:
    parts = urlsplit(proxy)
    if parts.scheme == "https":
        raise OSError(f"a proxy that speaks TLS itself ({parts.hostname}) is not supported for commands")
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append("Proxy-Authorization: Basic " + base64.b64encode(pair.encode()).decode())
    stream = socket.create_connection((str(parts.hostname), parts.port or 80), seconds)
    stream.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = b""
    while b"\r\n\r\n" not in answer and (more := stream.recv(1)):
        answer += more
    if b" 200" not in answer.split(b"\r\n")[0]:
        stream.close()
        said = answer.split(b"\r\n")[0].decode("latin-1") or "nothing"
        raise OSError(f"the proxy {parts.hostname} does not let through: {said}")
    return stream


def _outcome(websocket: Any, channel: Any, end: float) -> Ran:
    """Everything that the command says until it ends."""
    said: dict[int, bytes] = {STDOUT: b"", STDERR: b""}
    while (left := end - time.monotonic()) > 0:
        channel.settimeout(left)
        opcode, data = channel.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            break
        if not data:
            continue
        number, content = data[0], data[1:]
        if number == STATUS:
            return Ran(_code(json.loads(content)), *(_text(said[stream]) for stream in (STDOUT, STDERR)))
        if number in said:
            said[number] += content
    else:
        raise websocket.WebSocketTimeoutException()
    raise _lost("The API server ended the connection before the command had ended")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _code(status: Mapping[str, Any]) -> int:
    """The exit code; an error for a command that could not even be started."""
    if status.get("status") == "Success":
        return 0
    for cause in (status.get("details") or {}).get("causes") or []:
        if cause.get("reason") == "ExitCode" and str(cause.get("message")).isdigit():
            return int(cause["message"])
    raise KubefateError(
        f"A command cannot be run in a pod: {status.get('message') or 'no reason is given'}.",
        Kind.REFUSED,
        "",
        "Look at the pod: its container may have no shell, or may just have ended.",
    )
