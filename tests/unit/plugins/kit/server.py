# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real HTTP(S) server on the loopback that gives the answers that a test wrote down."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Issued


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as it arrived. client: common name of the client's certificate, if it showed one."""

    method: str
    target: str
    headers: Mapping[str, Sequence[str]]
    body: bytes
    client: str = ""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str:
        return ", ".join(self.headers.get(name.lower(), ()))


@dataclass(frozen=True, slots=True)
class Answer:
    """body: JSON data, text or bytes. chunks: a body that comes in pieces. broken: the connection is closed before the
    answer is complete, with no body before even its status."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Sequence[bytes] | None = None
    broken: bool = False

    def data(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


Answers = Answer | Callable[[Request], Answer]


class Server:
    """Runs while the ``with`` block does. Answers come in their order, the last one again and again."""

    def __init__(
        self, *answers: Answers, host: str = "127.0.0.1", certificate: Issued | None = None, clients: str = ""
    ):
        """certificate: for HTTPS. clients: PEM of the authority of client certificates, which are asked for."""
        self.answers = answers
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer((host, 0), self._handler())
        self._http.daemon_threads = True
        self.tls = certificate is not None
        self._certificate, self._clients = certificate, clients
        self.host, self.port = host, self._http.server_address[1]

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def use_tls(self, folder: Path) -> Self:
        """Serve HTTPS; the key lies in ``folder`` for that."""
        if self._certificate:
            pem = folder / f"server-{self.port}.pem"
            pem.write_text(self._certificate.certificate + self._certificate.key)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            if self._clients:
                context.verify_mode = ssl.CERT_OPTIONAL
                context.load_verify_locations(cadata=self._clients)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        return self

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _next(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        return answer if isinstance(answer, Answer) else answer(request)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def handle(self) -> None:
                try:
                    if isinstance(self.connection, ssl.SSLSocket):
                        self.connection.do_handshake()
                    super().handle()
                except OSError:
                    pass  # the client went away, or did not like our certificate

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers: dict[str, list[str]] = {}
                for name, value in self.headers.items():
                    headers.setdefault(name.lower(), []).append(value)
                client = ""
                if isinstance(self.connection, ssl.SSLSocket):
                    subject: Any = (self.connection.getpeercert() or {}).get("subject", ())
                    client = dict(pair for part in subject for pair in part).get("commonName", "")
                self._send(server._next(Request(self.command, self.path, headers, body, client)))

            def _send(self, answer: Answer) -> None:
                if answer.broken and answer.body is None and answer.chunks is None:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.chunks is not None:
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    for chunk in answer.chunks:
                        self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                        self.wfile.flush()
                    if not answer.broken:
                        self.wfile.write(b"0\r\n\r\n")
                else:
                    data = answer.data()
                    self.send_header("Content-Length", str(len(data) + (10 if answer.broken else 0)))
                    self.end_headers()
                    self.wfile.write(data)
                self.close_connection = self.close_connection or answer.broken

            def log_message(self, *arguments: Any) -> None:
                pass

        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "CONNECT"):
            setattr(Handler, f"do_{method}", Handler.answer)
        return Handler


def status(code: int, message: str = "", **details: Any) -> Answer:
    """An error as API servers send it."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
    return Answer(code, {**body, "details": details} if details else body)
