"""An API server's front that writes down which verbs are used on which resources, as its authorizer would name them."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import urllib3

from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.certificates import Authority

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_HOP = ("connection", "transfer-encoding", "content-length", "keep-alive", "host")


@dataclass(frozen=True, slots=True, order=True)
class Used:
    """One verb on one resource. resource: with its subresource."""

    namespace: str
    group: str
    resource: str
    verb: str


def used(method: str, target: str) -> Used | None:
    """What a request asks for; None for what is no resource, such as discovery."""
    parts = urlsplit(target)
    steps = [step for step in parts.path.split("/") if step]
    match steps:
        case ["api", "v1", *rest]:
            group = ""
        case ["apis", group, _version, *rest]:
            pass
        case _:
            return None
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    if not rest:
        return None
    resource, name, *sub = [*rest, ""] if len(rest) < 2 else rest
    if resource == "namespaces" and name:
        namespace = name
    if sub and sub[0]:
        resource = f"{resource}/{sub[0]}"
    query = parse_qs(parts.query)
    if method in _VERBS:
        verb = _VERBS[method]
    elif method == "DELETE":
        verb = "delete" if name else "deletecollection"
    elif query.get("watch", ["false"])[0] in ("true", "1"):
        verb = "watch"
    else:
        verb = "get" if name else "list"
    return Used(namespace, group, resource, verb)


class Recorder:
    """Passes requests on to an API server while the ``with`` block runs. seen: what they asked for."""

    def __init__(self, server: str, authority: str, folder: Path):
        """authority: the server's CA as PEM. folder: for our own certificate; tokens are sent over TLS only."""
        self.seen: set[Used] = set()
        self._pool = urllib3.PoolManager(ssl_context=ssl.create_default_context(cadata=authority), maxsize=32)
        self._server = server
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        own = Authority("recorder")
        issued = own.issue("front", "127.0.0.1")
        pem = folder / "recorder.pem"
        pem.write_text(issued.certificate + issued.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.authority = folder / "recorder-ca.pem"
        self.authority.write_text(own.pem)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _pass(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Any:
        asked = used(method, target)
        if asked is not None:
            self.seen.add(asked)
        kept = {name: value for name, value in headers.items() if name.lower() not in _HOP}
        return self._pool.request(
            method, self._server + target, body=body or None, headers=kept, preload_content=False, decode_content=False
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    answer = recorder._pass(self.command, self.path, dict(self.headers.items()), body)
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        if name.lower() not in _HOP:
                            self.send_header(name, value)
                    if answer.status in (204, 304):
                        self.end_headers()
                        return
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    for chunk in answer.stream(65536):
                        self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                        self.wfile.flush()
                    self.wfile.write(b"0\r\n\r\n")
                except (OSError, urllib3.exceptions.HTTPError):
                    self.close_connection = True

            def log_message(self, *arguments: Any) -> None:
                pass

        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        return Handler
