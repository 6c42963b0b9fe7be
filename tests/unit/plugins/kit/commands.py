# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real server on the loopback that runs commands in pods, as far as a client can tell: ``pods/exec`` by WebSocket."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Issued

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PROTOCOL = "v4.channel.k8s.io"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asked for: path, query, headers, and what it wrote to standard input."""

    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    stdin: str


Said = Sequence[tuple[int, bytes]]
"""Channel and content of each message; channel 3 is the status that ends a command."""
SUCCESS = (3, b'{"status": "Success"}')


def exit_code(code: int) -> tuple[int, bytes]:
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return 3, json.dumps({"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}).encode()


class CommandServer:
    """Runs while the ``with`` block does.

    answer: what a command says. certificate: for HTTPS; its key lies in the folder then. refusal: an HTTP status and
    body instead. silent: the connection stays open and nothing comes.
    """

    def __init__(
        self,
        answer: Said | Callable[[Asked], Said] = (SUCCESS,),
        *,
        certificate: Issued | None = None,
        folder: Path | None = None,
        refusal: tuple[int, Any] | None = None,
        silent: bool = False,
    ):
        self.answer, self.refusal, self.silent = answer, refusal, silent
        self.asked: list[Asked] = []
        self._tls: ssl.SSLContext | None = None
        if certificate and folder:
            pem = folder / "server.pem"
            pem.write_text(certificate.certificate + certificate.key)
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(pem)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._port = self._socket.getsockname()[1]
        self._done = threading.Event()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_rest: object) -> None:
        self._done.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while not self._done.is_set():
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._guarded, args=(connection,), daemon=True).start()

    def _guarded(self, connection: socket.socket) -> None:
        try:
            with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as stream:
                self._talk(stream)
        except OSError:
            pass

    def _talk(self, stream: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += stream.recv(4096)
        first, *lines = head.split(b"\r\n\r\n")[0].decode().split("\r\n")
        target = first.split(" ")[1]
        headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
        parts = urlsplit(target)
        if self.refusal:
            self.asked.append(Asked(parts.path, parse_qs(parts.query), headers, ""))
            body = json.dumps(self.refusal[1]).encode()
            answer = f"HTTP/1.1 {self.refusal[0]} No\r\nContent-Length: {len(body)}\r\n\r\n"
            stream.sendall(answer.encode() + body)
            return
        accept = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + GUID).digest()).decode()
        stream.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n".encode()
        )
        data = _frame(stream)
        assert data[0] == 0, "the first message is standard input"
        asked = Asked(parts.path, parse_qs(parts.query), headers, data[1:].decode())
        self.asked.append(asked)
        if self.silent:
            self._done.wait(30)
            return
        for channel, content in self.answer(asked) if callable(self.answer) else self.answer:
            payload = bytes([channel]) + content
            size = struct.pack("!BBH", 0x82, 126, len(payload)) if len(payload) > 125 else bytes([0x82, len(payload)])
            stream.sendall(size + payload)
        stream.sendall(bytes([0x88, 0]))


def _frame(stream: socket.socket) -> bytes:
    """The content of one message of a client, which masks it."""
    size = _exactly(stream, 2)[1] & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", _exactly(stream, 2))
    mask = _exactly(stream, 4)
    return bytes(byte ^ mask[at % 4] for at, byte in enumerate(_exactly(stream, size)))


def _exactly(stream: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = stream.recv(size - len(data))
        if not more:
            raise OSError("the client went away")
        data += more
    return data
